"""Caches as their owner sees them: what they hold, and what shall leave them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CacheState:
    """What a cache holds. ``hits`` and ``misses`` count from the start of the server on."""

    entries: int
    bytes: int
    max_bytes: int
    expires_s: float
    hits: int
    misses: int
    trouble: str = ""
    """Why the disk took nothing when it was last written to; empty where it took all."""


@dataclass(frozen=True, slots=True)
class Which:
    """Entries of a store, of its keys that begin with ``prefix``, or of one ``key``; all where nothing is said."""

    store: int | None = None
    prefix: str = ""
    key: str | None = None

    def holds(self, store: int, key: str) -> bool:
        """Whether what was made of that object is meant."""
        if self.store is not None and store != self.store:
            return False
        return key.startswith(self.prefix) if self.key is None else key == self.key


@dataclass(frozen=True, slots=True)
class Purged:
    """What left a cache."""

    entries: int
    bytes: int


class Shelf(Protocol):
    """A cache that can be looked at and emptied."""

    async def state(self) -> CacheState:
        """What it holds."""

    async def purge(self, which: Which) -> Purged:
        """Forget entries; whoever reads one of them now reads on."""
