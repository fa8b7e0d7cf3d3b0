"""Adapters for bytes: disk, s3, memory."""
