"""Stores and the catalogue."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0001"
down_revision: Final = None


def upgrade() -> None:
    """Make the tables; those that others refer to come first."""
    _connection()
    _store()
    _store_check()
    _instance()
    _project()
    _doomed()
    _folder()
    _folder_delta()
    _page_mark()
    _id_block()
    _item()
    _tombstone()
    op.execute("INSERT INTO id_block (shard, next_n) VALUES (0, 1)")


def _connection() -> None:
    op.create_table(
        "connection",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("path_style", sa.Boolean(), nullable=True),
        sa.Column("ca", sa.Text(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("follow_symlinks", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="kind of the credentials"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=True,
            comment="credentials as JSON, sealed; null: there is nothing to hide",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_connection"),
    )


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("connection", sa.BigInteger(), nullable=False),
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.LargeBinary(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("serve", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("had_objects", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["connection"], ["connection.id"], name="fk_store_connection"),
        sa.PrimaryKeyConstraint("id", name="pk_store"),
        sa.UniqueConstraint("name", name="uq_store_name"),
    )
    op.create_index("ix_store_connection", "store", ["connection"], unique=False)


def _store_check() -> None:
    op.create_table(
        "store_check",
        sa.Column("store", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.id"], name="fk_store_check_store", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("store", name="pk_store_check"),
    )


def _instance() -> None:
    op.create_table(
        "instance",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_instance"),
        comment="facts of the installation itself, such as the sealed text that proves the key",
    )


def _project() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("root", sa.BigInteger(), nullable=False),
        sa.Column("default_store", sa.BigInteger(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
        sa.UniqueConstraint("name", name="uq_project_name"),
    )
    op.create_index("ix_project_default_store", "project", ["default_store"], unique=False)


def _doomed() -> None:
    op.create_table(
        "doomed",
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("folder", name="pk_doomed"),
        comment="tops of folder trees that are out of sight and whose rows go piece by piece",
    )


def _folder() -> None:
    op.create_table(
        "folder",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("tree", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("mirror", sa.BigInteger(), nullable=True, comment="set in every folder of a mirror's tree"),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("subtree_items", sa.BigInteger(), nullable=False),
        sa.Column("subtree_bytes", sa.BigInteger(), nullable=False),
        sa.Column("folders", sa.BigInteger(), nullable=False),
        sa.Column(
            "unmarked_from",
            sa.LargeBinary(),
            nullable=True,
            comment="page marks from this name on are out of date; null: none is",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_folder"),
        sa.UniqueConstraint("parent", "name", name="uq_folder_parent_name"),
        sa.UniqueConstraint("tree", "path", name="uq_folder_tree_path"),
    )
    op.create_index("ix_folder_project", "folder", ["project"], unique=False)
    op.create_index(
        "ix_folder_unmarked",
        "folder",
        ["id"],
        unique=False,
        sqlite_where=sa.text("unmarked_from IS NOT NULL"),
        postgresql_where=sa.text("unmarked_from IS NOT NULL"),
    )


def _folder_delta() -> None:
    op.create_table(
        "folder_delta",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("folder", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column(
            "first_name", sa.LargeBinary(), nullable=True, comment="least name that came or went; null: none did"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_folder_delta"),
        comment="changes of a folder's direct counts that are not folded into it yet",
    )
    op.create_index("ix_folder_delta_folder", "folder_delta", ["folder"], unique=False)


def _page_mark() -> None:
    op.create_table(
        "page_mark",
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "name", sa.LargeBinary(), nullable=False, comment="the name of the live row at that index of the name order"
        ),
        sa.PrimaryKeyConstraint("folder", "position", name="pk_page_mark"),
    )


def _id_block() -> None:
    op.create_table(
        "id_block",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("next_n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", name="pk_id_block"),
    )


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True, comment="null: by the ending of the name"),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("store", sa.BigInteger(), nullable=True, comment="null: the store of the folder's mirror"),
        sa.Column("key", sa.LargeBinary(), nullable=True, comment="null: by the folder's mirror, path and name"),
        sa.PrimaryKeyConstraint("shard", "folder", "name", name="pk_item"),
        sa.UniqueConstraint("shard", "id", name="uq_item_shard_id"),
    )
    op.create_index(
        "ix_item_store",
        "item",
        ["store"],
        unique=False,
        sqlite_where=sa.text("store IS NOT NULL"),
        postgresql_where=sa.text("store IS NOT NULL"),
    )


def _tombstone() -> None:
    op.create_table(
        "tombstone",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("folder", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("generation", sa.Text(), nullable=False),
        sa.Column("modified_ms", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True, comment="null: by the ending of the name"),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("store", sa.BigInteger(), nullable=True, comment="null: the store of the folder's mirror"),
        sa.Column("key", sa.LargeBinary(), nullable=True, comment="null: by the folder's mirror, path and name"),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("gone_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("shard", "folder", "name", "id", name="pk_tombstone"),
        sa.UniqueConstraint("shard", "id", name="uq_tombstone_shard_id"),
    )
    op.create_index("ix_tombstone_gone", "tombstone", ["shard", "gone", "gone_ms"], unique=False)
