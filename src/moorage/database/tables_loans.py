"""Tables of loans. No foreign keys: a record outlives the store and the person that it names."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text

from moorage.database.metadata import METADATA, Id, KeyText, Millis, Serial

LOAN: Final = Table(
    "loan",
    METADATA,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("user", Id, nullable=False),
    Column("email", Text, nullable=False),
    Column("store", Id, nullable=False),
    Column("name", Text, nullable=False, comment="names the loan in the provider's own log"),
    Column("action", Text, nullable=False),
    Column("prefix", KeyText, nullable=False),
    Column("method", Text, nullable=False),
    Column("access_key", Text, nullable=False, comment="the public part of what was lent, never a secret"),
    Column("list_uploads", Boolean, nullable=False),
    Column("revocable", Boolean, nullable=False, comment="all that was lent can be made useless before its time"),
    Column("issued_ms", Millis, nullable=False),
    Column("expires_ms", Millis, nullable=False, index=True),
    Column("revoked_ms", Millis),
    Index(None, "store", "id"),
)
LOAN_UPLOAD: Final = Table(
    "loan_upload",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("loan", Id, nullable=False, index=True),
    Column("key", KeyText, nullable=False),
    Column("handle", LargeBinary, nullable=False, comment="what the provider knows the upload by, sealed"),
    Column("due_ms", Millis, nullable=False, index=True),
    comment="uploads that were begun for loans and are neither completed nor cancelled",
)
