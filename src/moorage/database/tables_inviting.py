"""Links by which buckets are connected. No foreign keys: a record outlives the person and the store that it names."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from moorage.database.metadata import METADATA, Id, KeyText, Millis, Serial

BUCKET_LINK: Final = Table(
    "bucket_link",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("project", Id, nullable=False, index=True),
    Column("folder", KeyText, nullable=False, comment="the way below the project's root to the mount"),
    Column("provider", Text, nullable=False, comment="empty: whoever has the link chooses"),
    Column("note", Text, nullable=False),
    Column("user", Id, nullable=False),
    Column("email", Text, nullable=False),
    Column("created_ms", Millis, nullable=False),
    Column("expires_ms", Millis, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Column("used_ms", Millis),
    Column("revoked_ms", Millis),
    Column("store", Text, nullable=False, comment="the store that it made, by name"),
    sqlite_autoincrement=True,
)
