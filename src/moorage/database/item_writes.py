"""Rows of items that come, change, die and come back, thousands at a time; every change is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from moorage.database.counters import Deltas
from moorage.database.ids import BY_ID, SHARD
from moorage.database.item_rows import STORED
from moorage.database.loose import let_go
from moorage.database.statements import Statements, batches
from moorage.model.catalogue import Gone, ItemId, ProjectId
from moorage.model.clock import now_ms
from moorage.model.transaction import ChangedRow, NewRow

_INSERTED: Final = "shard, folder, name, id, project, kind, size, etag, generation, modified_ms"
_STORED: Final = ", ".join(STORED)
_UNTOLD: Final = "media_type, store, key, owned"
_COLUMN_TYPES: Final = ("bigint", "bytea", "bigint", "text", "bigint", "text")
"""PostgreSQL's types of the fields of a changed row."""


class ItemWrites:
    """The writing half of ``moorage.model.transaction.Items``."""

    def __init__(self, statements: Statements, deltas: Deltas) -> None:
        self._statements = statements
        self._deltas = deltas

    def insert(self, project: ProjectId, rows: Sequence[NewRow]) -> None:
        """Insert rows that do not exist, with new ids, and count them."""
        ids = self._statements.new_ids(len(rows))
        self._statements.load(
            "item",
            _INSERTED,
            [
                (SHARD, folder, name, id_, project, kind, size, etag, generation, modified_ms)
                for id_, (folder, name, kind, size, etag, modified_ms, generation) in zip(ids, rows, strict=True)
            ],
        )
        for folder, group in groupby(rows, key=itemgetter(0)):
            names, sizes = zip(*((row[1], row[3]) for row in group), strict=True)
            self._deltas.note(folder, len(names), sum(sizes), min(names))

    def change(self, rows: Sequence[ChangedRow]) -> None:
        """Write new facts; rows that are not live are passed over."""
        write = self._change_one_by_one if self._statements.sqlite else self._change_together
        for folder, size in write(rows):
            self._deltas.note(folder, 0, size)

    def revive(self, ids: Sequence[ItemId], rows: Sequence[ChangedRow]) -> None:
        """Make tombstones live again under their old ids; ids that are no tombstones are passed over."""
        facts = dict(zip(ids, rows, strict=True))
        dead = self._statements.rows_among(
            f"SELECT id, folder, name FROM tombstone WHERE {BY_ID} IN", (), ids, tail=self._statements.for_update
        )
        self._statements.change_many(
            f"INSERT INTO item ({_INSERTED}, {_UNTOLD}) SELECT shard, folder, name, id, project, kind,"
            f" CAST(? AS bigint), ?, ?, CAST(? AS bigint), {_UNTOLD} FROM tombstone WHERE shard = ? AND id = ?",
            [
                (f.size, f.etag, f.generation, f.modified_ms, SHARD, id_)
                for id_, f in ((d[0], facts[d[0]]) for d in dead)
            ],
        )
        self._statements.delete_among("tombstone", BY_ID, [row[0] for row in dead])
        for id_, folder, name in dead:
            self._deltas.note(folder, 1, facts[id_].size, name)

    def bury(self, ids: Sequence[ItemId], gone: Gone) -> int:
        """Turn live rows into tombstones; the number that were live."""
        gone_ms = now_ms()

        def keep(batch: Sequence[int]) -> None:
            self._statements.copy_among(
                f"INSERT INTO tombstone ({_STORED}, gone, gone_ms)",
                f"SELECT {_STORED}, CAST(? AS text), CAST(? AS bigint) FROM item WHERE {BY_ID} IN",
                (gone.value, gone_ms),
                batch,
            )

        return self._take_out(ids, keep)

    def remove(self, ids: Sequence[ItemId]) -> int:
        """Delete live rows for good; the number that were live."""
        return self._take_out(ids, lambda batch: let_go(self._statements, "item", batch, now_ms()))

    def empty_trash(self, before_ms: int, limit: int = 10_000) -> int:
        """Delete tombstones from before that time; hidden ones stay while their mirror stands."""
        aged = "SELECT id, owned FROM tombstone WHERE shard = ? AND gone IN (?, ?) AND gone_ms < ? LIMIT ?"
        left_hidden = (
            "SELECT t.id, t.owned FROM mirror m JOIN folder f ON f.tree = m.folder JOIN tombstone t ON t.folder = f.id"
            " WHERE m.state = 'detached' AND t.shard = ? AND t.gone = ? AND t.gone_ms < ? LIMIT ?"
        )
        rows = [
            *self._statements.rows(
                aged + self._statements.for_update, (SHARD, Gone.VANISHED.value, Gone.TRASHED.value, before_ms, limit)
            ),
            *self._statements.rows(left_hidden, (SHARD, Gone.HIDDEN.value, before_ms, limit)),
        ]
        rows = rows[:limit]
        let_go(self._statements, "tombstone", [id_ for id_, owned in rows if owned], now_ms())
        return self._statements.delete_among("tombstone", BY_ID, [id_ for id_, _ in rows])

    def _take_out(self, ids: Sequence[int], keep: Callable[[Sequence[int]], None]) -> int:
        # Nobody else may bury or change them between the look and the deletion.
        lock = self._statements.for_update
        taken = 0
        for batch in batches(ids):
            live = self._statements.rows_among(
                f"SELECT id, folder, size, name FROM item WHERE {BY_ID} IN", (), batch, tail=lock
            )
            found = [row[0] for row in live]
            if found:
                keep(found)
                self._statements.delete_among("item", BY_ID, found)
            for _, folder, size, name in live:
                self._deltas.note(folder, -1, -size, name)
            taken += len(found)
        return taken

    def _change_one_by_one(self, rows: Sequence[ChangedRow]) -> list[tuple[int, int]]:
        grown = []
        kept = []
        for row in rows:
            found = self._statements.rows(
                "SELECT size FROM item WHERE shard = ? AND folder = ? AND name = ?", (SHARD, row.folder, row.name)
            )
            if found:
                grown.append((int(row.folder), row.size - found[0][0]))
                kept.append((row.size, row.etag, row.generation, row.modified_ms, SHARD, row.folder, row.name))
        self._statements.change_many(
            "UPDATE item SET size = ?, etag = ?, generation = ?, modified_ms = ?, width = NULL, height = NULL,"
            " duration_ms = NULL WHERE shard = ? AND folder = ? AND name = ?",
            kept,
        )
        return grown

    def _change_together(self, rows: Sequence[ChangedRow]) -> list[tuple[int, int]]:
        lists: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] if rows else []
        if not lists:
            return []
        arrays = ", ".join(f"?::{kind}[]" for kind in _COLUMN_TYPES)
        return [
            (int(folder), int(size))
            for folder, size in self._statements.rows(
                f"UPDATE item SET size = new.size, etag = new.etag, generation = new.generation,"
                " modified_ms = new.modified_ms, width = NULL, height = NULL, duration_ms = NULL"
                f" FROM (SELECT wish.*, old.size AS was, old.place FROM unnest({arrays})"
                " AS wish (folder, name, size, etag, modified_ms, generation) CROSS JOIN LATERAL"
                " (SELECT i.ctid AS place, i.size FROM item i WHERE i.shard = ? AND i.folder = wish.folder"
                " AND i.name = wish.name OFFSET 0 FOR UPDATE) AS old) AS new"
                " WHERE item.ctid = new.place RETURNING item.folder, item.size - new.was",
                (*lists, SHARD),
            )
        ]
