"""Registering a store: credentials -> probe -> register."""
