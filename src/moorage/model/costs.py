"""Costs: what a store was asked for in a day, what readers got of it, and what the caches saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, Protocol, Self

from moorage.model.store import StoreId

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What happened between a store and its readers."""

    gets: int = 0
    """Requests that read objects or their facts, repeats included."""
    puts: int = 0
    """Requests that write, copy or list: providers bill them alike."""
    received: int = 0
    """Bytes of the store's answers."""
    sent: int = 0
    """Bytes that were written to it."""
    served: int = 0
    """Bytes that readers were sent: of its objects, and of what was made of them."""
    saved: int = 0
    """Bytes of its objects that readers and decoders got, less those that were fetched for the cache of originals.

    Below 0 where more was fetched than was read by then.
    """
    hits: int = 0
    """Times that a cache had all that was asked for: an original, a preview, a conversion."""

    def __add__(self, other: Self) -> Self:
        pairs = zip(self.values(), other.values(), strict=True)
        return type(self)(*(one + two for one, two in pairs))

    def __sub__(self, other: Self) -> Self:
        pairs = zip(self.values(), other.values(), strict=True)
        return type(self)(*(one - two for one, two in pairs))

    def values(self) -> tuple[int, ...]:
        """The figures, in the order of the fields."""
        return (self.gets, self.puts, self.received, self.sent, self.served, self.saved, self.hits)

    @property
    def requests(self) -> int:
        """All that are billed."""
        return self.gets + self.puts


@dataclass(frozen=True, slots=True)
class StoreDay:
    """The figures of a store and a day (UTC)."""

    store: StoreId
    day: date
    counts: Counts


class Meter(Protocol):
    """Counts in memory, from the thread of the loop. Every call costs less than a microsecond."""

    def served(self, store: StoreId, count: int) -> None:
        """A reader was sent so many bytes of the store's objects, or of what was made of them."""

    def fetched(self, store: StoreId, count: int) -> None:
        """So many bytes came from the store into the cache of originals."""

    def handed(self, store: StoreId, count: int) -> None:
        """So many bytes of originals were handed on, wherever they came from."""

    def hit(self, store: StoreId) -> None:
        """A cache had all that was asked for."""


class _Unmetered:
    """A Meter that counts nothing."""

    def served(self, store: StoreId, count: int) -> None:
        """Nothing."""

    def fetched(self, store: StoreId, count: int) -> None:
        """Nothing."""

    def handed(self, store: StoreId, count: int) -> None:
        """Nothing."""

    def hit(self, store: StoreId) -> None:
        """Nothing."""


UNMETERED: Final[Meter] = _Unmetered()
"""For whom nobody counts."""


def day_of(now_ms: int) -> date:
    """The day (UTC) in which a time lies."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).date()
