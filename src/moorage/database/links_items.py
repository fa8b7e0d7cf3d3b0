"""Links as rows of items: inserted by the thousand, and found by the objects that they show."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from moorage.database.counters import Deltas
from moorage.database.ids import SHARD
from moorage.database.item_rows import LIVE, item_of, place_of
from moorage.database.statements import Statements
from moorage.model.catalogue import Item, ItemId, ProjectId
from moorage.model.links import LinkRow
from moorage.model.store import StoreId

_INSERTED: Final = (
    "shard, folder, name, id, project, kind, size, etag, generation, modified_ms, media_type, store, key,"
    " width, height, duration_ms"
)
_LINKS: Final = "i.shard = ? AND i.project = ? AND i.store IS NOT NULL AND i.owned IS NULL"


class LinkRows:
    """The part of ``moorage.model.transaction.Links`` that works on items."""

    def __init__(self, statements: Statements, deltas: Deltas) -> None:
        self._statements = statements
        self._deltas = deltas

    def known(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> set[bytes]:
        """Which of these objects live items of the project show: those with places of their own, and mirrored ones."""
        rows = self._statements.rows_among(
            "SELECT key FROM item WHERE shard = ? AND project = ? AND store = ? AND key IN",
            (SHARD, project, store),
            keys,
        )
        found = {bytes(row[0]) for row in rows}
        trees = self._statements.rows(
            "SELECT folder, prefix FROM mirror WHERE project = ? AND store = ?", (project, store)
        )
        for tree, prefix in trees:
            found |= self._mirrored(tree, bytes(prefix), keys)
        return found

    def _mirrored(self, tree: int, prefix: bytes, keys: Sequence[bytes]) -> set[bytes]:
        below: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for key in keys:
            if key.startswith(prefix):
                above, slash, name = key[len(prefix) :].rpartition(b"/")
                below[above + slash].append(name)
        folders = self._statements.rows_among(
            "SELECT path, id FROM folder WHERE tree = ? AND path IN", (tree,), list(below)
        )
        return {
            prefix + bytes(path) + bytes(row[0])
            for path, folder in folders
            for row in self._statements.rows_among(
                "SELECT name FROM item WHERE shard = ? AND folder = ? AND name IN", (SHARD, folder), below[bytes(path)]
            )
        }

    def insert(self, project: ProjectId, rows: Sequence[LinkRow]) -> None:
        """Insert links whose names are free, with new ids, and count them."""
        ids = self._statements.new_ids(len(rows))
        self._statements.load(
            "item",
            _INSERTED,
            [
                (
                    SHARD, one.folder, one.name, id_, project, one.kind, one.size, one.etag, one.generation,
                    one.modified_ms, one.media_type, one.store, one.key, one.measured.width, one.measured.height,
                    one.measured.duration_ms,
                )
                for id_, one in zip(ids, rows, strict=True)
            ],
        )  # fmt: skip
        self._statements.load(
            "link_metadata",
            "item, facts",
            [(id_, json.dumps(one.metadata)) for id_, one in zip(ids, rows, strict=True) if one.metadata],
        )
        for folder, group in groupby(sorted(rows, key=lambda one: one.folder), key=lambda one: one.folder):
            of = list(group)
            self._deltas.note(folder, len(of), sum(one.size for one in of), min(one.name for one in of))

    def metadata(self, item: ItemId) -> Mapping[str, str]:
        """What the list said of the link beside its address."""
        rows = self._statements.rows("SELECT facts FROM link_metadata WHERE item = ?", (item,))
        found: dict[str, str] = json.loads(rows[0][0]) if rows else {}
        return found

    def walk(self, project: ProjectId, *, after: int = 0, limit: int = 500) -> list[Item]:
        """Live links of a project in ascending id, greater than ``after``."""
        rows = self._statements.rows(
            f"SELECT {LIVE} FROM item i WHERE {_LINKS} AND i.id > ? ORDER BY i.id LIMIT ?",
            (SHARD, project, after, limit),
        )
        nowhere = place_of(b"", None, None)
        return [item_of(row, nowhere) for row in rows]

    def count(self, project: ProjectId) -> int:
        """Live links of a project, exactly."""
        rows = self._statements.rows(f"SELECT COUNT(*) FROM item i WHERE {_LINKS}", (SHARD, project))
        return int(rows[0][0])
