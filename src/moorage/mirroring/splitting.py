"""Where to split what is left of a partition: by asking the store what lies after a few keys."""

from __future__ import annotations

import asyncio
from typing import Final

from moorage.mirroring.midpoints import block_end, midpoint, plain_length
from moorage.model.keys import key_bytes, key_of
from moorage.model.store import ObjectStore

MAX_PROBES: Final = 16
_HALVES: Final = 2


class _Probing:
    """Asks for one key after another, at most ``MAX_PROBES`` times."""

    def __init__(self, store: ObjectStore, prefix: str, upto: bytes | None) -> None:
        self._store = store
        self._prefix = prefix
        self._upto = upto
        self.left = MAX_PROBES

    async def after(self, key: bytes) -> bool:
        """Whether the interval holds a key greater than this one."""
        self.left -= 1
        page = await self._store.list_page(self._prefix, after=key_of(key), limit=1)
        return bool(page.objects) and (self._upto is None or key_bytes(page.objects[0].key) <= self._upto)


async def find_split(store: ObjectStore, prefix: str, low: bytes, upto: bytes | None) -> bytes | None:
    """A key in the midst of (``low``, ``upto``] with keys on its right; None where that is not worth it.

    About six requests of one key each. Balanced as far as keys are spread evenly; what is not is
    split again by whoever has nothing left to do.
    """
    probing = _Probing(store, prefix, upto)
    high = await _upper_end(probing, low, len(prefix), upto)
    while probing.left > 0:
        middle = midpoint(low, high)
        if middle is None:
            return None
        if await probing.after(middle):
            return middle
        high = middle
    return None


async def _upper_end(probing: _Probing, low: bytes, prefix_length: int, upto: bytes | None) -> bytes | None:
    """The end of the smallest block of keys around ``low`` after which nothing comes, by bisection."""
    short, long = prefix_length, plain_length(low)
    found = upto if upto is not None else block_end(low, min(prefix_length, long))
    while short < long and probing.left > MAX_PROBES // 2:
        length = (short + long + 1) // 2
        end = block_end(low, length)
        if end is None or (upto is not None and end >= upto):
            short = length
        elif await probing.after(end):
            long = length - 1
        else:
            found, short = end, length
    return found


async def holds_a_page(store: ObjectStore, prefix: str, after: bytes, upto: bytes | None, limit: int) -> bool:
    """Whether more than one page lies in (``after``, ``upto``], so that a partition of its own is worth it."""
    page = await store.list_page(prefix, after=key_of(after), limit=limit)
    return page.next_after is not None and (upto is None or key_bytes(page.next_after) < upto)


async def find_cuts(store: ObjectStore, prefix: str, low: bytes, parts: int) -> list[bytes]:
    """Keys that cut what lies after ``low`` into two or, with ``parts`` 4, four pieces, ascending."""
    middle = await find_split(store, prefix, low, None)
    if middle is None:
        return []
    if parts <= _HALVES:
        return [middle]
    left, right = await asyncio.gather(find_split(store, prefix, low, middle), find_split(store, prefix, middle, None))
    return [cut for cut in (left, middle, right) if cut is not None]
