"""Inserts that may meet a row which is there already."""

from __future__ import annotations

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = postgresql.Insert | sqlite.Insert


def insert(connection: Connection, table: Table) -> Insert:
    """An insert with ``on_conflict_do_nothing`` and ``on_conflict_do_update``, for the database at hand.

    A plain insert that fails would end a transaction of PostgreSQL as a whole.
    """
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
