"""Where to split what is left to list: by asking the store what lies after a few keys."""

from __future__ import annotations

from typing import Final

from moorage.mirroring.midpoints import block_end, midpoint, plain_length
from moorage.model.keys import key_bytes, key_of
from moorage.model.store import ObjectStore

MAX_PROBES: Final = 8
"""Requests of one key for one cut; finding the end of the keys takes as many at most."""


class Probing:
    """Asks one listing for single keys, and counts how often."""

    def __init__(self, store: ObjectStore, prefix: str, upto: bytes | None) -> None:
        self._store = store
        self._prefix = prefix
        self._upto = upto
        self.asked = 0

    async def after(self, key: bytes) -> bool:
        """Whether the interval holds a key greater than this one."""
        self.asked += 1
        page = await self._store.list_page(self._prefix, after=key_of(key), limit=1)
        return bool(page.objects) and (self._upto is None or key_bytes(page.objects[0].key) <= self._upto)

    async def upper_end(self, low: bytes) -> bytes | None:
        """The end of the smallest block of keys around ``low`` after which nothing comes, by bisection."""
        short, long = len(self._prefix), plain_length(low)
        found = block_end(low, min(short, long))
        for _ in range(MAX_PROBES):
            if short >= long:
                break
            length = (short + long + 1) // 2
            end = block_end(low, length)
            if end is None:
                short = length
            elif await self.after(end):
                long = length - 1
            else:
                found, short = end, length
        return found

    async def cut(self, low: bytes, high: bytes | None) -> tuple[bytes | None, bytes | None]:
        """A key between with keys on its right, or None; and an end after which nothing comes."""
        for _ in range(MAX_PROBES):
            middle = midpoint(low, high)
            if middle is None:
                return None, high
            if await self.after(middle):
                return middle, high
            high = middle
        return None, high


async def find_split(store: ObjectStore, prefix: str, low: bytes, upto: bytes | None) -> bytes | None:
    """A key in the midst of (``low``, ``upto``] with keys on its right; None where that is not worth it.

    Balanced as far as keys are spread evenly; what is not is split again once others are idle.
    """
    probing = Probing(store, prefix, upto)
    high = upto if upto is not None else await probing.upper_end(low)
    return (await probing.cut(low, high))[0]


async def find_cuts(store: ObjectStore, prefix: str, low: bytes) -> list[bytes]:
    """At most three keys, ascending, that cut what lies after ``low`` into four pieces. About ten requests."""
    probing = Probing(store, prefix, None)
    middle, high = await probing.cut(low, await probing.upper_end(low))
    if middle is None:
        return []
    left, _ = await Probing(store, prefix, middle).cut(low, middle)
    right, _ = await probing.cut(middle, high)
    return [cut for cut in (left, middle, right) if cut is not None]


async def holds_a_page(store: ObjectStore, prefix: str, after: bytes, upto: bytes | None, limit: int) -> bool:
    """Whether more than one page lies in (``after``, ``upto``], so that a partition of its own is worth it."""
    page = await store.list_page(prefix, after=key_of(after), limit=limit)
    return page.next_after is not None and (upto is None or key_bytes(page.next_after) < upto)


def earlier_cuts(bounds: list[bytes | None], low: bytes, most: int) -> list[bytes]:
    """Of the partitions that an earlier scan ended with, at most ``most`` bounds after ``low``, ascending."""
    cuts = sorted({bound for bound in bounds if bound is not None and bound > low})
    if len(cuts) <= most:
        return cuts
    return [cuts[(number + 1) * len(cuts) // (most + 1)] for number in range(most)]
