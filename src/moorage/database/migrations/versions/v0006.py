"""Imports of links, their lines, what lists said of links, and links that are broken."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0006"
down_revision: Final = "v0005"
_MARKED: Final = sa.text("mark IS NOT NULL")
_LINKS: Final = sa.text("store IS NOT NULL AND owned IS NULL")
_SERIAL: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and an index of the few items that are links; no row is written anew."""
    op.create_table(
        "link_import",
        sa.Column("id", _SERIAL, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("project", "folder")),
        sa.Column("below", sa.LargeBinary(), nullable=False, comment="folders in it that are still to be made"),
        sa.Column("source", sa.Text(), nullable=False, comment="the file that holds the list"),
        sa.Column("place", sa.Text(), nullable=False, comment="the data directory that holds that file"),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("dry_run", "probe")),
        sa.Column("directories", sa.Text(), nullable=False),
        sa.Column("csv", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("asker", sa.Text(), nullable=False, comment="who asked, with the rights of that moment"),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("created_ms", "size", "lines", "job")),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("applied", sa.BigInteger(), comment="the import that carried this dry run out"),
        sa.PrimaryKeyConstraint("id", name="pk_link_import"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_link_import_project", "link_import", ["project"])
    op.create_index("ix_link_import_job", "link_import", ["job"])
    op.create_table(
        "link_line",
        *(sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False) for name in ("list", "line")),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("mark", sa.BigInteger(), comment="stands for the object; only in a dry run"),
        sa.PrimaryKeyConstraint("list", "line", name="pk_link_line"),
    )
    op.create_index("ix_link_line_verdict", "link_line", ["list", "verdict", "line"])
    _few("ix_link_line_mark", "link_line", ["list", "mark"], _MARKED)
    op.create_table(
        "link_metadata",
        sa.Column("item", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", name="pk_link_metadata"),
        comment="what a list said of a link beside its address",
    )
    op.create_table(
        "broken_link",
        sa.Column("item", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("since_ms", "checked_ms")),
        sa.PrimaryKeyConstraint("item", name="pk_broken_link"),
    )
    op.create_index("ix_broken_link_project_item", "broken_link", ["project", "item"])
    _few("ix_item_link", "item", ["project", "id"], _LINKS)


def _few(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
