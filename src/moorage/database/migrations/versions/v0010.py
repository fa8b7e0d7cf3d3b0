"""Costs by store and day, and warm-ups."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0010"
down_revision: Final = "v0009"


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "store_day",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False, comment="days since 1970-01-01, UTC"),
        sa.Column("store", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gets", sa.BigInteger(), nullable=False),
        sa.Column("puts", sa.BigInteger(), nullable=False, comment="requests that write, copy or list"),
        sa.Column("received", sa.BigInteger(), nullable=False, comment="bytes from the store"),
        sa.Column("sent", sa.BigInteger(), nullable=False, comment="bytes to the store"),
        sa.Column("served", sa.BigInteger(), nullable=False, comment="bytes to readers"),
        sa.Column("saved", sa.BigInteger(), nullable=False, comment="bytes handed on less bytes fetched"),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "store", name="pk_store_day"),
    )
    op.create_table(
        "warm_up",
        sa.Column("job", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("folder", sa.BigInteger(), nullable=False),
        sa.Column("sizes", sa.Text(), nullable=False),
        sa.Column("originals", sa.Boolean(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=True),
        sa.Column("needed", sa.BigInteger(), nullable=False),
        sa.Column("fetched", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_warm_up"),
    )
