"""Catalogue work by people: browse -> change -> audit."""
