"""Uploaded items, and objects that no item holds."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0004"
down_revision: Final = "v0003"


def upgrade() -> None:
    """Add to the tables of items, which are not written anew, and make the one of loose objects."""
    op.drop_index("ix_item_store", "item")
    for table in ("item", "tombstone"):
        op.add_column(
            table,
            sa.Column(
                "owned",
                sa.Boolean(),
                nullable=True,
                comment="true: Moorage wrote the object, which goes with the item; else null",
            ),
        )
        _index_few(table, "store", ["store", "key"])
        _index_few(table, "owned", ["project"])
    _loose()


def _index_few(table: str, column: str, columns: list[str]) -> None:
    """An index of the few rows that have something in ``column``."""
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(f"ix_{table}_{column}", table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def _loose() -> None:
    op.create_table(
        "loose",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("store", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "claimed",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
            comment="no item may take the object any more",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loose"),
        sqlite_autoincrement=True,
        comment="objects that Moorage wrote and no item holds, not yet or no more",
    )
    op.create_index("ix_loose_due_ms", "loose", ["due_ms"], unique=False)
    op.create_index("ix_loose_store", "loose", ["store"], unique=False)
