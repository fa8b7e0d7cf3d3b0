"""The tally: what happened since the start of this process, and how much of it is written down."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from moorage.model.costs import Counts, day_of
from moorage.model.store import StoreId
from moorage.model.transaction import Facts

_READS: Final = frozenset({"get", "stat", "bucket", "account", "cors", "blocks", "parts"})
_FREE: Final = frozenset({"delete", "abort", "credentials", "token"})
"""Operations that no provider bills, or that go to another service."""


class Sent(Protocol):
    """What was sent to a store and came back, counted where it happens."""

    requests: Counter[str]
    """By operation."""
    bytes_sent: int
    bytes_received: int


@dataclass(slots=True)
class _Row:
    served: int = 0
    saved: int = 0
    hits: int = 0


class Tally:
    """A Meter, and the count of what was asked of stores. Nothing is written but by ``save``.

    Figures are written under the day of the writing, which comes some seconds after they were counted.
    """

    def __init__(self, facts: Facts, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._now_ms = now_ms
        self._rows: defaultdict[StoreId, _Row] = defaultdict(_Row)
        self._sent: dict[StoreId, Sent] = {}
        self._written: dict[StoreId, Counts] = {}
        self._writing = asyncio.Lock()

    def watch(self, store: StoreId, sent: Sent) -> None:
        """Count what is sent to a store; once for each."""
        self._sent[store] = sent

    def served(self, store: StoreId, count: int) -> None:
        """A reader was sent so many bytes."""
        self._rows[store].served += count

    def fetched(self, store: StoreId, count: int) -> None:
        """So many bytes came from the store into the cache of originals."""
        self._rows[store].saved -= count

    def handed(self, store: StoreId, count: int) -> None:
        """So many bytes of originals were handed on."""
        self._rows[store].saved += count

    def hit(self, store: StoreId) -> None:
        """A cache had all that was asked for."""
        self._rows[store].hits += 1

    def totals(self) -> dict[StoreId, Counts]:
        """What happened since the start, of stores with which anything did."""
        found = {store: self._total(store) for store in self._rows.keys() | self._sent.keys()}
        return {store: counts for store, counts in found.items() if any(counts.values())}

    async def save(self) -> None:
        """Add to the catalogue what is not written down yet. When it fails, the next one does it."""
        async with self._writing:
            totals = self.totals()
            news = {store: counts - self._written.get(store, Counts()) for store, counts in totals.items()}
            news = {store: counts for store, counts in news.items() if any(counts.values())}
            if news:
                day = day_of(self._now_ms())
                await self._facts.write(lambda tx: tx.costs.add(day, news))
                self._written.update(totals)

    def _total(self, store: StoreId) -> Counts:
        row = self._rows.get(store, _Row())
        sent = self._sent.get(store)
        if sent is None:
            return Counts(served=row.served, saved=row.saved, hits=row.hits)
        gets = sum(count for operation, count in sent.requests.items() if operation in _READS)
        free = sum(count for operation, count in sent.requests.items() if operation in _FREE)
        puts = sent.requests.total() - gets - free
        return Counts(gets, puts, sent.bytes_received, sent.bytes_sent, row.served, row.saved, row.hits)
