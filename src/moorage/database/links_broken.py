"""Links that are broken: since when, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from moorage.database.ids import BY_ID, SHARD
from moorage.database.item_rows import LIVE, item_of, place_of
from moorage.database.statements import Statements
from moorage.model.catalogue import ProjectId
from moorage.model.links import BrokenLink, Finding

_TABLES: Final = ("broken_link", "link_metadata")


class BrokenLinks:
    """The part of ``moorage.model.transaction.Links`` that remembers broken ones."""

    _statements: Statements

    def note_findings(self, project: ProjectId, findings: Sequence[Finding], now_ms: int) -> None:
        """Write down which are broken, each since it was first found so, and forget those that resolve."""
        self._statements.delete_among("broken_link", "item", [one.item for one in findings if not one.reason])
        self._statements.change_many(
            "INSERT INTO broken_link (item, project, reason, since_ms, checked_ms) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (item) DO UPDATE SET reason = excluded.reason, checked_ms = excluded.checked_ms",
            [(one.item, project, one.reason, now_ms, now_ms) for one in findings if one.reason],
        )

    def broken(self, project: ProjectId, *, after: int = 0, limit: int = 100) -> list[BrokenLink]:
        """Broken links that are still live, in ascending item id."""
        rows = self._statements.rows(
            f"SELECT {LIVE}, b.reason, b.since_ms, b.checked_ms FROM broken_link b"
            " JOIN item i ON i.shard = ? AND i.id = b.item WHERE b.project = ? AND b.item > ? ORDER BY b.item LIMIT ?",
            (SHARD, project, after, limit),
        )
        nowhere = place_of(b"", None, None)
        return [BrokenLink(item_of(row[:-3], nowhere), *row[-3:]) for row in rows]

    def broken_count(self, project: ProjectId, most: int = 1000) -> int:
        """How many there are, counted up to ``most``."""
        rows = self._statements.rows(
            "SELECT COUNT(*) FROM (SELECT 1 FROM broken_link b JOIN item i ON i.shard = ? AND i.id = b.item"
            " WHERE b.project = ? LIMIT ?) AS counted",
            (SHARD, project, most),
        )
        return int(rows[0][0])

    def forget_gone(self, limit: int = 10_000) -> int:
        """Delete what is known of links that are gone, looking at ``limit`` rows; 0: nothing was found."""
        return sum(self._forget_gone(table, limit) for table in _TABLES)

    def _forget_gone(self, table: str, limit: int) -> int:
        gone = self._statements.rows(
            f"SELECT item FROM {table} WHERE NOT EXISTS (SELECT 1 FROM item WHERE {BY_ID} = {table}.item)"
            f" AND NOT EXISTS (SELECT 1 FROM tombstone WHERE {BY_ID} = {table}.item) LIMIT ?",
            (limit,),
        )
        return self._statements.delete_among(table, "item", [row[0] for row in gone])
