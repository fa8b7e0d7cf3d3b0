"""Tables of projects, folders and items.

Live items stand in ``item``, dead ones in ``tombstone``: so the orders of a folder hold live rows only, and a
million tombstones cost a page nothing. An item keeps its id when it dies and when it comes back.
There are no foreign keys from items, and the shard stands in every key of theirs: nothing keeps them from
being spread over several databases.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from moorage.database.metadata import METADATA, Id, KeyText, Millis, Serial

PROJECT: Final = Table(
    "project",
    METADATA,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
    Column("root", Id, nullable=False),
    Column("default_store", Id, index=True),
    Column("created_ms", Millis, nullable=False),
)
DOOMED: Final = Table(
    "doomed",
    METADATA,
    Column("folder", Id, primary_key=True, autoincrement=False),
    comment="tops of folder trees that are out of sight and whose rows go piece by piece",
)
FOLDER: Final = Table(
    "folder",
    METADATA,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("project", Id, nullable=False, index=True),
    Column("parent", Id),
    Column("tree", Id, nullable=False),
    Column("name", KeyText, nullable=False),
    Column("path", KeyText, nullable=False),
    Column("mirror", Id, comment="set in every folder of a mirror's tree"),
    Column("items", BigInteger, nullable=False, default=0),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("subtree_items", BigInteger, nullable=False, default=0),
    Column("subtree_bytes", BigInteger, nullable=False, default=0),
    Column("folders", BigInteger, nullable=False, default=0),
    Column("unmarked_from", LargeBinary, comment="page marks from this name on are out of date; null: none is"),
    UniqueConstraint("tree", "path"),
    UniqueConstraint("parent", "name"),
)
UNMARKED: Final = Index(
    "ix_folder_unmarked",
    FOLDER.c.id,
    sqlite_where=FOLDER.c.unmarked_from.is_not(None),
    postgresql_where=FOLDER.c.unmarked_from.is_not(None),
)
FOLDER_DELTA: Final = Table(
    "folder_delta",
    METADATA,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("folder", Id, nullable=False, index=True),
    Column("items", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("first_name", LargeBinary, comment="least name that came or went; null: none did"),
    comment="changes of a folder's direct counts that are not folded into it yet",
)
PAGE_MARK: Final = Table(
    "page_mark",
    METADATA,
    Column("folder", Id, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("name", LargeBinary, nullable=False, comment="the name of the live row at that index of the name order"),
)
ID_BLOCK: Final = Table(
    "id_block",
    METADATA,
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_n", BigInteger, nullable=False),
)


def _item_columns(*, again: bool) -> list[Column[Any]]:
    """``again``: a name may occur more than once in a folder, with another id each time."""
    return [
        Column("shard", SmallInteger, primary_key=True, autoincrement=False),
        Column("folder", Id, primary_key=True, autoincrement=False),
        Column("name", LargeBinary, primary_key=True),
        Column("id", Id, primary_key=again, nullable=False, autoincrement=False),
        Column("project", Id, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("etag", Text, nullable=False),
        Column("generation", Text, nullable=False),
        Column("modified_ms", Millis, nullable=False),
        Column("media_type", Text, comment="null: by the ending of the name"),
        Column("width", BigInteger),
        Column("height", BigInteger),
        Column("duration_ms", BigInteger),
        Column("store", Id, comment="null: the store of the folder's mirror"),
        Column("key", LargeBinary, comment="null: by the folder's mirror, path and name"),
        Column("owned", Boolean, comment="true: Moorage wrote the object, which goes with the item; else null"),
    ]


ITEM: Final = Table("item", METADATA, *_item_columns(again=False), UniqueConstraint("shard", "id"))
TOMBSTONE: Final = Table(
    "tombstone",
    METADATA,
    *_item_columns(again=True),
    Column("gone", Text, nullable=False),
    Column("gone_ms", Millis, nullable=False),
    UniqueConstraint("shard", "id"),
    Index("ix_tombstone_gone", "shard", "gone", "gone_ms"),
)


def _few(name: str, table: Table, *columns: str, where: Any) -> Index:
    """An index of the few rows for which ``where`` holds."""
    return Index(name, *(table.c[column] for column in columns), sqlite_where=where, postgresql_where=where)


OWN_PLACES: Final = (
    _few("ix_item_store", ITEM, "store", "key", where=ITEM.c.store.is_not(None)),
    _few("ix_tombstone_store", TOMBSTONE, "store", "key", where=TOMBSTONE.c.store.is_not(None)),
    _few("ix_item_owned", ITEM, "project", where=ITEM.c.owned.is_not(None)),
    _few("ix_tombstone_owned", TOMBSTONE, "project", where=TOMBSTONE.c.owned.is_not(None)),
)
LOOSE: Final = Table(
    "loose",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("store", Id, nullable=False, index=True),
    Column("key", KeyText, nullable=False),
    Column("due_ms", Millis, nullable=False, index=True),
    Column("claimed", Boolean, nullable=False, server_default=false(), comment="no item may take the object any more"),
    sqlite_autoincrement=True,
    comment="objects that Moorage wrote and no item holds, not yet or no more",
)
