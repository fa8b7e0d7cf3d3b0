"""Admitting people: link, password or token -> session -> principal."""
