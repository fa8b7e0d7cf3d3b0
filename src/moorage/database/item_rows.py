"""Rows of items, and the items that they tell of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from moorage.database.statements import Statements
from moorage.model.catalogue import FolderId, Gone, Item, ItemId, Kind, ProjectId
from moorage.model.errors import NotFound
from moorage.model.keys import ETag, key_of
from moorage.model.media import guess
from moorage.model.store import StoreId

STORED: Final = (
    "shard", "folder", "name", "id", "project", "kind", "size", "etag", "generation", "modified_ms", "media_type",
    "width", "height", "duration_ms", "store", "key", "owned",
)  # fmt: skip
"""Columns that a live row and a tombstone share."""
SHOWN: Final = (
    "i.id, i.project, i.folder, i.name, i.kind, i.size, i.etag, i.generation, i.modified_ms, i.media_type,"
    " i.width, i.height, i.duration_ms, i.store, i.key, i.owned"
)
"""Columns of a live row that make an item."""
LIVE: Final = f"{SHOWN}, NULL, NULL"
GONE: Final = f"{SHOWN}, i.gone, i.gone_ms"


class Place(NamedTuple):
    """Where the bytes of a mirrored folder's items are: a store, and what goes before their names in it."""

    store: int | None
    before: bytes


def place_of(path: bytes, store: int | None, prefix: bytes | None) -> Place:
    """The place of a folder at ``path`` of a mirror of ``prefix``."""
    return Place(store, (prefix or b"") + path)


def item_of(row: Sequence[Any], place: Place) -> Item:
    """The item of a row of ``LIVE`` or ``GONE``. What has no key of its own has it from its folder."""
    (
        id_, project, folder, name, kind, size, etag, generation, modified_ms, media_type,
        width, height, duration_ms, store, key, owned, gone, gone_ms,
    ) = row  # fmt: skip
    shown = key_of(name)
    return Item(
        id=ItemId(id_),
        project=ProjectId(project),
        folder=FolderId(folder),
        name=shown,
        kind=Kind(kind),
        store=StoreId((place.store or 0) if store is None else store),
        key=key_of(place.before + name if key is None else key),
        size=size,
        etag=ETag(etag),
        generation=generation,
        modified_ms=modified_ms,
        media_type=media_type or guess(shown)[1],
        linked=not owned,
        width=width,
        height=height,
        duration_ms=duration_ms,
        gone=Gone(gone) if gone else None,
        gone_ms=gone_ms,
    )


class ListedFolder(NamedTuple):
    """A folder whose items are read: their exact number, and where their bytes are."""

    id: int
    items: int
    place: Place


def listed_folder(statements: Statements, folder: int) -> ListedFolder:
    """NotFound where there is none, or its tree was removed."""
    found = statements.rows(
        "SELECT f.path, m.store, m.prefix, f.items"
        " + COALESCE((SELECT SUM(d.items) FROM folder_delta d WHERE d.folder = f.id), 0)"
        " FROM folder f LEFT JOIN mirror m ON m.id = f.mirror LEFT JOIN doomed ON doomed.folder = f.tree"
        " WHERE f.id = ? AND doomed.folder IS NULL",
        (folder,),
    )
    if not found:
        raise NotFound(f"There is no folder {folder}.", "It may have been removed; look in its project.")
    path, store, prefix, items = found[0]
    return ListedFolder(folder, int(items), place_of(path, store, prefix))
