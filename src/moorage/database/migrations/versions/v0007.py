"""Stable ids of adopted objects, and aliases."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0007"
down_revision: Final = "v0006"
_SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add two tables."""
    op.create_table(
        "adoption",
        *(sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False) for name in ("project", "store")),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "store", "key", name="pk_adoption"),
        sa.UniqueConstraint("item", name="uq_adoption_item"),
        comment="ids that were handed out for objects; they stand for them for ever, whether an item is there or not",
    )
    op.create_table(
        "alias",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("set_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alias"),
        sqlite_autoincrement=True,
        comment="what a name has stood for, one row each time that it was set; the last one counts",
    )
    op.create_index("ix_alias_project_name_id", "alias", ["project", "name", "id"])
