"""Uploading: find the destination -> write the object -> catalogue it."""
