"""Moorage moors media in buckets and folders in one catalogue and serves it from there."""

__version__ = "0.1.0"
