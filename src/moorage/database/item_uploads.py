"""Uploaded items, one by one: each write tells whether the name was free, or taken, in the same moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from moorage.database.ids import SHARD
from moorage.database.item_writes import ItemWrites
from moorage.model.catalogue import FolderId, ItemId, ProjectId
from moorage.model.errors import Conflict
from moorage.model.keys import key_bytes
from moorage.model.transaction import UploadedRow

_COLUMNS: Final = (
    "shard", "folder", "name", "id", "project", "kind", "size", "etag", "generation", "modified_ms", "media_type",
    "store", "key", "owned",
)  # fmt: skip
_NAMED: Final = "shard = ? AND folder = ? AND name = ?"


class ItemUploads(ItemWrites):
    """The part of ``moorage.model.transaction.Items`` that uploads need."""

    def add(self, project: ProjectId, row: UploadedRow) -> ItemId | None:
        """Insert one row and count it; None where a live item has its name, whoever brought it."""
        id_ = self._statements.new_id()
        added = self._statements.change(
            f"INSERT INTO item ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
            " ON CONFLICT DO NOTHING",
            (
                SHARD, row.folder, row.name, id_, project, row.kind, row.size, row.etag, row.generation,
                row.modified_ms, row.media_type, row.store, row.key, _owned(row),
            ),
        )  # fmt: skip
        if not added:
            return None
        self._deltas.note(row.folder, 1, row.size, row.name)
        return ItemId(id_)

    def replace(self, row: UploadedRow, loose_ms: int) -> ItemId | None:
        """Give the live item of that name another object; the one that it had becomes loose if it was owned."""
        named = (SHARD, row.folder, row.name)
        found = self._statements.rows(
            f"SELECT id, size, store, key, owned FROM item WHERE {_NAMED}{self._statements.for_update}", named
        )
        if not found:
            return None
        id_, size, store, key, owned = found[0]
        if store is not None and self._statements.rows("SELECT 1 FROM adoption WHERE item = ?", (id_,)):
            raise Conflict(
                "The item of that name was adopted: its id stands for its object for good. Nothing was stored.",
                "Upload it under another name, or with if_exists=both.",
            )
        if owned:
            self._statements.change(
                "INSERT INTO loose (store, key, due_ms) VALUES (?, ?, ?)", (store, bytes(key), loose_ms)
            )
        self._statements.change(
            "UPDATE item SET kind = ?, size = ?, etag = ?, generation = ?, modified_ms = ?, media_type = ?, store = ?,"
            f" key = ?, owned = ?, width = NULL, height = NULL, duration_ms = NULL WHERE {_NAMED}",
            (
                row.kind, row.size, row.etag, row.generation, row.modified_ms, row.media_type, row.store, row.key,
                _owned(row), *named,
            ),
        )  # fmt: skip
        self._deltas.note(row.folder, 0, row.size - size)
        return ItemId(id_)

    def taken(self, folder: FolderId, names: Sequence[bytes]) -> set[bytes]:
        """Which of these names live items of the folder have."""
        rows = self._statements.rows_among(
            "SELECT name FROM item WHERE shard = ? AND folder = ? AND name IN", (SHARD, folder), names
        )
        return {bytes(row[0]) for row in rows}

    def gone_named(self, folder: FolderId, name: str) -> ItemId | None:
        """The tombstone of exactly that name; of several, the last to die."""
        rows = self._statements.rows(
            f"SELECT id FROM tombstone WHERE {_NAMED} ORDER BY gone_ms DESC, id DESC LIMIT 1",
            (SHARD, folder, key_bytes(name)),
        )
        return ItemId(rows[0][0]) if rows else None

    def uploads_in(self, project: ProjectId) -> int:
        """How many uploaded items it holds, those in the trash too."""
        counts = [
            self._statements.rows(f"SELECT COUNT(*) FROM {table} WHERE project = ? AND owned IS NOT NULL", (project,))
            for table in ("item", "tombstone")
        ]
        return sum(int(count[0][0]) for count in counts)


def _owned(row: UploadedRow) -> bool | None:
    """What has a place of its own was written there by us; null keeps it out of the index of such rows."""
    return None if row.store is None else True
