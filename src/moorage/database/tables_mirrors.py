"""Tables of mirrors, their scans, and what a scan did not find."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, LargeBinary, Table, Text

from moorage.database.metadata import METADATA, Id, JsonText, KeyText, Millis, Serial


def _count(name: str) -> Column[int]:
    return Column(name, Id, nullable=False, server_default="0")


MIRROR: Final = Table(
    "mirror",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("project", Id, nullable=False, index=True),
    Column("folder", Id, nullable=False, index=True),
    Column("store", Id, nullable=False, index=True),
    Column("prefix", KeyText, nullable=False),
    Column("include", JsonText, nullable=False),
    Column("exclude", JsonText, nullable=False),
    Column("on_vanished", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", JsonText, nullable=False),
    Column("created_ms", Millis, nullable=False),
    Column("last_job", Id),
    Column("last_complete_ms", Millis),
    sqlite_autoincrement=True,
)
SCAN: Final = Table(
    "scan",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("mirror", Id, nullable=False, index=True),
    Column("job", Id, nullable=False, index=True),
    Column("dry_run", Boolean, nullable=False),
    Column("started_ms", Millis, nullable=False),
    Column("live", Id, nullable=False),
    _count("seen"),
    _count("added"),
    _count("changed"),
    _count("vanished"),
    _count("skipped"),
    Column("ended_ms", Millis),
    sqlite_autoincrement=True,
)
MISSING: Final = Table(
    "missing",
    METADATA,
    Column("scan", Id, primary_key=True, autoincrement=False),
    Column("item", Id, primary_key=True, autoincrement=False),
    Column("folder", Id, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("name", LargeBinary, nullable=False),
    Column("size", Id, nullable=False),
    Column("etag", Text, nullable=False),
    Column("modified_ms", Millis, nullable=False),
    Column("generation", Text, nullable=False),
)
