"""Tables of connections, stores and what was found when they were checked."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, Table, Text

from moorage.database.metadata import METADATA, Id, JsonText, KeyText, Millis

CONNECTION: Final = Table(
    "connection",
    METADATA,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("path_style", Boolean),
    Column("ca", Text, nullable=False),
    Column("root", KeyText, nullable=False),
    Column("follow_symlinks", Boolean, nullable=False),
    Column("kind", Text, nullable=False, comment="kind of the credentials"),
    Column("sealed", LargeBinary, comment="credentials as JSON, sealed; null: there is nothing to hide"),
)
STORE: Final = Table(
    "store",
    METADATA,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("connection", Id, ForeignKey("connection.id"), nullable=False, index=True),
    Column("bucket", KeyText, nullable=False),
    Column("prefix", KeyText, nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("serve", Text, nullable=False),
    Column("scope", JsonText, nullable=False),
    Column("had_objects", Boolean, nullable=False),
    Column("created_ms", Millis, nullable=False),
)
STORE_CHECK: Final = Table(
    "store_check",
    METADATA,
    Column("store", Id, ForeignKey("store.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("report", JsonText, nullable=False),
)
INSTANCE: Final = Table(
    "instance",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    comment="facts of the installation itself, such as the sealed text that proves the key",
)
