"""Ledgers: what a cache holds and when it was last used, in memory, and what leaves it first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

KEPT_SHARE: Final = 0.95
"""Eviction goes down to this share of the limit, so that it runs once per many entries."""


class Ledger(Protocol):
    """Sizes and times of use by digest. Times are seconds of any one clock."""

    total_bytes: int
    """Sum of the sizes."""

    def __init__(self, max_bytes: int) -> None: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[str]: ...

    def __contains__(self, digest: object) -> bool: ...

    def held(self, digest: str) -> tuple[int, float] | None:
        """Its size in bytes and when it was used last, None when it is not held."""

    def hold(self, digest: str, size: int, used: float) -> None:
        """Notes a new entry; one of the same digest is replaced."""

    def touch(self, digest: str, used: float) -> bool:
        """Notes a use. False for an entry that is not held; it stays unknown."""

    def drop(self, digest: str) -> None:
        """Forgets an entry. A repeat does nothing."""

    def merge(self, found: Iterable[tuple[str, int, float]]) -> None:
        """Adds entries of earlier days, least recently used first, behind those that this process used since."""

    def overdue(self, oldest: float) -> list[str]:
        """Drops entries that were last used before ``oldest``, or that are too many; returns their digests."""


class LeastRecentlyUsed:
    """The Ledger of previews and conversions: looked at again within minutes, or not for days."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[str, tuple[int, float]] = {}
        self.total_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, digest: object) -> bool:
        return digest in self._entries

    def held(self, digest: str) -> tuple[int, float] | None:
        return self._entries.get(digest)

    def hold(self, digest: str, size: int, used: float) -> None:
        self.drop(digest)
        self._entries[digest] = (size, used)
        self.total_bytes += size

    def touch(self, digest: str, used: float) -> bool:
        held = self._entries.pop(digest, None)
        if held:
            self._entries[digest] = (held[0], used)
        return held is not None

    def drop(self, digest: str) -> None:
        held = self._entries.pop(digest, None)
        if held:
            self.total_bytes -= held[0]

    def merge(self, found: Iterable[tuple[str, int, float]]) -> None:
        since, self._entries, self.total_bytes = self._entries, {}, 0
        for digest, size, used in found:
            self.hold(digest, size, used)
        for digest, (size, used) in since.items():
            self.hold(digest, size, used)

    def overdue(self, oldest: float) -> list[str]:
        most = self._max_bytes * KEPT_SHARE if self.total_bytes > self._max_bytes else self._max_bytes
        doomed: list[str] = []
        left = self.total_bytes
        for digest, (size, used) in self._entries.items():
            if used >= oldest and left <= most:
                break
            doomed.append(digest)
            left -= size
        for digest in doomed:
            self.drop(digest)
        return doomed
