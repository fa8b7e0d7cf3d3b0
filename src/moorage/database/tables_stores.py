"""Tables of connections, stores and what was found when they were checked."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, Table, Text, false, text

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
    Column("name", Text, nullable=False, server_default=text("''"), comment="empty: it goes with its last store"),
    Column(
        "origin", Text, nullable=False, server_default=text("''"), comment="where it was declared; empty: by a person"
    ),
    Column("open_buckets", JsonText, comment="buckets whose stores links may make; empty: all; null: none"),
    Column("scope", JsonText, comment="who may use the stores that links make; null: everyone"),
    Column(
        "guarded",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="made by no admin: it leads to public addresses only",
    ),
    Column("former_kind", Text, comment="kind of the credentials before the last replacement"),
    Column("former", LargeBinary, comment="those credentials, sealed, until the new ones have worked"),
    Column("former_ms", Millis, comment="when they were replaced; null: there are none"),
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
    Column("loan_role_arn", Text, nullable=False, server_default=text("''"), comment="S3: the role that loans assume"),
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
