"""Tables of ids that were handed out for good, and of the names that were given to them. Rows are only added."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text, UniqueConstraint

from moorage.database.metadata import METADATA, Id, KeyText, Millis, Serial

ADOPTION: Final = Table(
    "adoption",
    METADATA,
    Column("project", Id, primary_key=True, autoincrement=False),
    Column("store", Id, primary_key=True, autoincrement=False),
    Column("key", KeyText, primary_key=True),
    Column("item", Id, nullable=False),
    UniqueConstraint("item"),
    comment="ids that were handed out for objects; they stand for them for ever, whether an item is there or not",
)
ALIAS: Final = Table(
    "alias",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("project", Id, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("item", Id, nullable=False),
    Column("user", Id, nullable=False),
    Column("email", Text, nullable=False),
    Column("set_ms", Millis, nullable=False),
    Index(None, "project", "name", "id"),
    sqlite_autoincrement=True,
    comment="what a name has stood for, one row each time that it was set; the last one counts",
)
