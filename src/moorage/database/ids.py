"""Ids of rows: ``n * 4096 + shard``, n from blocks that a process takes from one row.

A block is taken either in a short transaction of its own (PostgreSQL) or in the transaction that needs it
(SQLite, where there is only one writer); in the second case a rollback gives the block back, and with it
everything that memory knows of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from moorage.model.catalogue import SHARDS

Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
BLOCK: Final = 10_000
SHARD: Final = 0
"""The only shard of SQLite and of a single PostgreSQL."""
BY_ID: Final = f"shard = {SHARD} AND id"
"""The beginning of a condition that the index of ids answers."""
TAKE: Final = "UPDATE id_block SET next_n = next_n + ? WHERE shard = ? RETURNING next_n"


class Ids:
    """Hands out ids, never one twice, whatever is rolled back. Safe to share among threads."""

    def __init__(self, take_apart: Callable[[int], int] | None) -> None:
        """``take_apart(count)`` commits a raise of the row by ``count`` and answers its new value."""
        self._take_apart = take_apart
        self._lock = threading.Lock()
        self._next = 0
        self._end = 0
        self._uncommitted = False

    def take(self, count: int, query: Query) -> list[int]:
        """``count`` ids in ascending order; ``query`` runs in the transaction that wants them."""
        with self._lock:
            if self._end - self._next < count:
                self._refill(max(count, BLOCK), query)
            first, self._next = self._next, self._next + count
        return [n * SHARDS + SHARD for n in range(first, first + count)]

    def committed(self) -> None:
        """The transaction that used them is durable."""
        self._uncommitted = False

    def rolled_back(self) -> None:
        """The transaction is undone: a block that it took belongs to the database again."""
        if self._uncommitted:
            self._next = self._end = 0
            self._uncommitted = False

    def _refill(self, count: int, query: Query) -> None:
        if self._take_apart is None:
            end = int(query(TAKE, (count, SHARD))[0][0])
            self._uncommitted = True
        else:
            end = self._take_apart(count)
        self._next, self._end = end - count, end
