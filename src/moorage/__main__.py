"""Starts the command line: `python -m moorage`."""
