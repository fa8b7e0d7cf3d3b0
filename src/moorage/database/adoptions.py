"""Ids of adopted objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from moorage.database.counters import Deltas
from moorage.database.ids import SHARD
from moorage.database.statements import Statements
from moorage.model.catalogue import ItemId, ProjectId
from moorage.model.links import LinkRow
from moorage.model.store import StoreId

_COLUMNS: Final = (
    "shard", "folder", "name", "id", "project", "kind", "size", "etag", "generation", "modified_ms", "media_type",
    "store", "key",
)  # fmt: skip


class Adoptions:
    """Implements ``moorage.model.transaction.Adoptions``."""

    def __init__(self, statements: Statements, deltas: Deltas) -> None:
        self._statements = statements
        self._deltas = deltas

    def known(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> dict[bytes, ItemId]:
        """The ids of those objects that have one."""
        rows = self._statements.rows_among(
            "SELECT key, item FROM adoption WHERE project = ? AND store = ? AND key IN", (project, store), keys
        )
        return {bytes(key): ItemId(item) for key, item in rows}

    def shown(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> dict[bytes, ItemId]:
        """Live items of the project that show these objects; of several of one object the oldest."""
        rows = [
            (bytes(key), id_)
            for key, id_ in self._statements.rows_among(
                "SELECT key, id FROM item WHERE shard = ? AND project = ? AND store = ? AND key IN",
                (SHARD, project, store),
                keys,
            )
        ]
        trees = self._statements.rows(
            "SELECT folder, prefix FROM mirror WHERE project = ? AND store = ?", (project, store)
        )
        for tree, prefix in trees:
            rows += self._mirrored(tree, bytes(prefix), keys)
        found: dict[bytes, ItemId] = {}
        for key, id_ in sorted(rows, key=lambda row: -row[1]):
            found[key] = ItemId(id_)
        return found

    def keep(self, project: ProjectId, store: StoreId, key: bytes, item: ItemId) -> None:
        """Hand the id of an item out for its object."""
        self._statements.change(
            "INSERT INTO adoption (project, store, key, item) VALUES (?, ?, ?, ?)", (project, store, key, item)
        )

    def insert(self, project: ProjectId, row: LinkRow, item: ItemId | None = None) -> ItemId | None:
        """Insert an item and hand its id out; ``item``: the id that the object has. None: the name is taken."""
        id_ = self._statements.new_id() if item is None else item
        added = self._statements.change(
            f"INSERT INTO item ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
            " ON CONFLICT DO NOTHING",
            (
                SHARD, row.folder, row.name, id_, project, row.kind, row.size, row.etag, row.generation,
                row.modified_ms, row.media_type, row.store, row.key,
            ),
        )  # fmt: skip
        if not added:
            return None
        self._deltas.note(row.folder, 1, row.size, row.name)
        if item is None:
            self.keep(project, row.store, row.key, ItemId(id_))
        return ItemId(id_)

    def _mirrored(self, tree: int, prefix: bytes, keys: Sequence[bytes]) -> list[tuple[bytes, int]]:
        below: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for key in keys:
            if key.startswith(prefix):
                above, slash, name = key[len(prefix) :].rpartition(b"/")
                below[above + slash].append(name)
        folders = self._statements.rows_among(
            "SELECT path, id FROM folder WHERE tree = ? AND path IN", (tree,), list(below)
        )
        return [
            (prefix + bytes(path) + bytes(name), id_)
            for path, folder in folders
            for name, id_ in self._statements.rows_among(
                "SELECT name, id FROM item WHERE shard = ? AND store IS NULL AND folder = ? AND name IN",
                (SHARD, folder),
                below[bytes(path)],
            )
        ]
