"""Tables of costs by day, and of warm-ups. No foreign keys: figures outlive the store that they are about."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Integer, Table

from moorage.database.metadata import METADATA, Id, JsonText

STORE_DAY: Final = Table(
    "store_day",
    METADATA,
    Column("day", Integer, primary_key=True, autoincrement=False, comment="days since 1970-01-01, UTC"),
    Column("store", Id, primary_key=True, autoincrement=False),
    Column("gets", Id, nullable=False),
    Column("puts", Id, nullable=False, comment="requests that write, copy or list"),
    Column("received", Id, nullable=False, comment="bytes from the store"),
    Column("sent", Id, nullable=False, comment="bytes to the store"),
    Column("served", Id, nullable=False, comment="bytes to readers"),
    Column("saved", Id, nullable=False, comment="bytes handed on less bytes fetched"),
    Column("hits", Id, nullable=False),
)
WARM_UP: Final = Table(
    "warm_up",
    METADATA,
    Column("job", Id, primary_key=True, autoincrement=False),
    Column("project", Id, nullable=False),
    Column("folder", Id, nullable=False),
    Column("sizes", JsonText, nullable=False),
    Column("originals", Boolean, nullable=False),
    Column("prefix", JsonText, nullable=False),
    Column("kind", Integer),
    Column("needed", Id, nullable=False),
    Column("fetched", Id, nullable=False),
    Column("made", Id, nullable=False),
    Column("faults", JsonText, nullable=False),
)
