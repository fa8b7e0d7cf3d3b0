"""A ledger that one look at everything does not empty: S3-FIFO.

New entries wait in a small queue. Those used there again move to the main queue, the others leave soon; one that left
and comes back goes to the main queue at once. In the main queue an entry goes round once for each use, three at most.
Source: Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from moorage.cache.ledger import KEPT_SHARE

_SMALL_SHARE: Final = 0.2
"""The part of the cache in which entries wait for their second use."""
_MOST_USES: Final = 3
_SWEEP_S: Final = 60.0
"""Entries that nobody used for too long are looked for once in so many seconds: that is a walk over all of them."""


class _Entry:
    """``uses`` since it was put, or since it last went round."""

    __slots__ = ("size", "used", "uses")

    def __init__(self, size: int, used: float) -> None:
        self.size = size
        self.used = used
        self.uses = 0


class S3Fifo:
    """The Ledger of originals: an export that reads each of them once leaves what annotators come back to."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._small: OrderedDict[str, _Entry] = OrderedDict()
        self._main: OrderedDict[str, _Entry] = OrderedDict()
        self._ghosts: OrderedDict[str, None] = OrderedDict()
        """Digests of what left the small queue, at most as many as entries are held."""
        self._small_bytes = 0
        self._swept = 0.0
        self.total_bytes = 0

    @property
    def ghosts(self) -> int:
        """How many entries are remembered that left before their second use."""
        return len(self._ghosts)

    def __len__(self) -> int:
        return len(self._small) + len(self._main)

    def __iter__(self) -> Iterator[str]:
        return chain(self._small, self._main)

    def __contains__(self, digest: object) -> bool:
        return digest in self._main or digest in self._small

    def held(self, digest: str) -> tuple[int, float] | None:
        entry = self._main.get(digest) or self._small.get(digest)
        return None if entry is None else (entry.size, entry.used)

    def hold(self, digest: str, size: int, used: float) -> None:
        known = digest in self._main or digest in self._ghosts
        self.drop(digest)
        self._ghosts.pop(digest, None)
        self._add(digest, _Entry(size, used), main=known)

    def touch(self, digest: str, used: float) -> bool:
        entry = self._main.get(digest) or self._small.get(digest)
        if entry is None:
            return False
        entry.used = used
        if entry.uses < _MOST_USES:
            entry.uses += 1
        return True

    def drop(self, digest: str) -> None:
        entry = self._main.pop(digest, None)
        if entry is None:
            entry = self._small.pop(digest, None)
            if entry is None:
                return
            self._small_bytes -= entry.size
        self.total_bytes -= entry.size

    def merge(self, found: Iterable[tuple[str, int, float]]) -> None:
        since, self._main = self._main, OrderedDict()
        for digest, size, used in found:
            if digest not in since and digest not in self._small:
                self._add(digest, _Entry(size, used), main=True)
        self._main.update(since)

    def overdue(self, oldest: float) -> list[str]:
        doomed = self._unused(oldest)
        if self.total_bytes > self._max_bytes:
            while self.total_bytes > self._max_bytes * KEPT_SHARE and len(self) > 1:
                doomed.append(self._next())
        while len(self._ghosts) > len(self):
            self._ghosts.popitem(last=False)
        return doomed

    def _add(self, digest: str, entry: _Entry, *, main: bool) -> None:
        self.total_bytes += entry.size
        if main:
            self._main[digest] = entry
        else:
            self._small[digest] = entry
            self._small_bytes += entry.size

    def _unused(self, oldest: float) -> list[str]:
        if oldest < self._swept + _SWEEP_S:
            return []
        self._swept = oldest
        doomed = [
            digest for queue in (self._small, self._main) for digest, entry in queue.items() if entry.used < oldest
        ]
        for digest in doomed:
            self.drop(digest)
        return doomed

    def _next(self) -> str:
        """Drops the entry that is worth least."""
        while True:
            if self._small and (not self._main or self._is_crowded()):
                digest, entry = self._small.popitem(last=False)
                self._small_bytes -= entry.size
                self.total_bytes -= entry.size
                if not entry.uses:
                    self._ghosts[digest] = None
                    return digest
                entry.uses = 0
                self._add(digest, entry, main=True)
            else:
                digest, entry = self._main.popitem(last=False)
                if not entry.uses:
                    self.total_bytes -= entry.size
                    return digest
                entry.uses -= 1
                self._main[digest] = entry

    def _is_crowded(self) -> bool:
        """Whether the small queue has more than its share; its newest entry alone is never too much."""
        return self._small_bytes > self._max_bytes * _SMALL_SHARE and len(self._small) > 1
