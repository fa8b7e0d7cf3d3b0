"""Adapters for facts: SQLite and PostgreSQL."""
