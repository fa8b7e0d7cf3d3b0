"""Connections that are guarded, and one-time links to connect a bucket."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0009"
down_revision: Final = "v0008"


def upgrade() -> None:
    """Add a column and a table; no row is written anew."""
    op.add_column(
        "connection",
        sa.Column(
            "guarded",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="made by no admin: it leads to public addresses only",
        ),
    )
    op.create_table(
        "bucket_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("folder", sa.LargeBinary(), nullable=False, comment="the way below the project's root to the mount"),
        sa.Column("provider", sa.Text(), nullable=False, comment="empty: whoever has the link chooses"),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.Column("store", sa.Text(), nullable=False, comment="the store that it made, by name"),
        sa.PrimaryKeyConstraint("id", name="pk_bucket_link"),
        sa.UniqueConstraint("hash", name="uq_bucket_link_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bucket_link_project", "bucket_link", ["project"], unique=False)
    op.create_index("ix_bucket_link_expires_ms", "bucket_link", ["expires_ms"], unique=False)
