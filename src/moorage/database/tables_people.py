"""Tables of people: users, what proves to be one, what they may do, what they did."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, false

from moorage.database.metadata import METADATA, Id, JsonText, Millis, Serial

EVERYTHING: Final = 0
"""The ``project`` of a grant on the whole installation; ids begin at 1."""

# sqlite_autoincrement: the id of a removed user must not come back with another user's audit rows.
USER: Final = Table(
    "user",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("created_ms", Millis, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)


def _owner(*, index: bool = True) -> Column[int]:
    return Column("user", Id, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=index)


GRANT: Final = Table(
    "grant",
    METADATA,
    Column("user", Id, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("project", Id, primary_key=True, autoincrement=False),
    Column("role", Integer, nullable=False),
    Index(None, "project", "role"),
)
SESSION: Final = Table(
    "session",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _owner(),
    Column("expires_ms", Millis, nullable=False, index=True),
)
SIGN_IN_LINK: Final = Table(
    "sign_in_link",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _owner(),
    Column("expires_ms", Millis, nullable=False, index=True),
    Column("used", Boolean, nullable=False, server_default=false()),
)
TOKEN: Final = Table(
    "token",
    METADATA,
    Column("id", Serial, primary_key=True),
    _owner(),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("created_ms", Millis, nullable=False),
    Column("expires_ms", Millis),
    Column("role", Integer),
    Column("project", Id),
    Column("last_used_ms", Millis),
    sqlite_autoincrement=True,
)
SIGN_IN_TRY: Final = Table(
    "sign_in_try",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("who", Text, nullable=False),
    Column("at_ms", Millis, nullable=False, index=True),
    Index(None, "who", "at_ms"),
)
AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("at_ms", Millis, nullable=False),
    Column("user", Id, nullable=False),  # no foreign key: the row outlives its user
    Column("email", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", JsonText, nullable=False),  # names of objects may hold any byte
    Column("detail", JsonText, nullable=False),
    sqlite_autoincrement=True,
)
IDEMPOTENCY_KEY: Final = Table(
    "idempotency_key",
    METADATA,
    Column("user", Id, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires_ms", Millis, nullable=False, index=True),
)
