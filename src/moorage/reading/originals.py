"""Originals: objects read through a cache of their chunks; the origin is asked once, however many read."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

from moorage.model.caches import CacheState, Purged, Which
from moorage.model.chunks import CHUNK_BYTES, Chunk, ChunkCache, ChunkName
from moorage.model.errors import BodyBroken, Changed, StoreUnreachable
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo
from moorage.model.store import ObjectStore, StoreId
from moorage.reading.filling import BLOCK, Filling, Reader

READ_AHEAD: Final = 4
"""Chunks that are fetched beyond a read which goes on where the one before it ended."""
STALE_S: Final = 30.0
"""How long an origin that is down is not asked again whether a version is still the one that it has."""
_TRIES: Final = 3
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Original:
    """One version of an object, and where it comes from."""

    store: StoreId
    info: ObjectInfo
    version: str
    adapter: ObjectStore
    current_s: float = math.inf
    """The longest that it is taken for current, where the cache's own time is longer."""

    def chunk(self, index: int) -> ChunkName:
        """The name of a part of it."""
        return ChunkName(self.store, self.info.key, self.version, index)

    async def get(self, wanted: ByteRange) -> ObjectBody:
        """Its bytes from the origin. Raises Changed when that has another version."""
        return await self.adapter.get(self.info.key, byte_range=wanted, if_match=self.info.etag or None)


class Originals:
    """Reads originals through ``cache``. What was fetched is taken for current for ``expires``, then confirmed.

    ``stale``: serve what is there when the origin cannot be reached to confirm it.
    """

    def __init__(
        self, cache: ChunkCache, *, expires: timedelta, stale: bool, clock: Callable[[], float] = time.time
    ) -> None:
        self._cache = cache
        self._expires_s = expires.total_seconds()
        self._stale = stale
        self._clock = clock
        self._fillings: dict[tuple[StoreId, str, str], list[Filling]] = {}
        self._confirmed: OrderedDict[tuple[StoreId, str, str], float] = OrderedDict()
        self._next: OrderedDict[tuple[StoreId, str, str], int] = OrderedDict()

    async def open(self, original: Original, wanted: ByteRange | None) -> ObjectBody | None:
        """The bytes of exactly this version; None for a range with no byte in it, which the origin may explain.

        The first of them are there when it answers. Raises Changed and all that reading from the store raises.
        """
        span = (ByteRange(0) if wanted is None else wanted).within(original.info.size)
        if span is None:
            return None
        body = _Body(original.info, *span, self._blocks(original, *span))
        await body.begin()
        return body

    async def state(self) -> CacheState:
        """What the cache holds."""
        return await self._cache.state()

    async def purge(self, which: Which) -> Purged:
        """Forget what was fetched, also what is being written down now; who reads on may bring some of it back."""
        for (store, key, _), fillings in [*self._fillings.items()]:
            if which.holds(store, key):
                for filling in fillings:
                    await filling.settle()
        return await self._cache.purge(which)

    async def aclose(self) -> None:
        """Stop asking origins."""
        for fillings in [*self._fillings.values()]:
            for filling in fillings:
                await filling.aclose()

    async def _blocks(self, original: Original, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes [start, stop): of each chunk what the cache has, else what comes from the origin."""
        reader: Reader | None = None
        fruitless = 0
        try:
            while start < stop:
                index, offset = divmod(start, CHUNK_BYTES)
                end = min(stop - index * CHUNK_BYTES, CHUNK_BYTES)
                before = start
                found = await self._cache.get(original.chunk(index), offset, end)
                if found is not None:
                    await self._confirm(original, found)
                    if reader is not None:
                        reader.move(index)
                    for at in range(0, len(found.data), BLOCK):
                        yield found.data[at : at + BLOCK]
                    start += len(found.data)
                    continue
                if reader is None or not reader.filling.has(index):
                    if reader is not None:
                        reader.leave()
                    reader = self._filling(original, index, stop).attach(index)
                async for block in reader.read(index, offset, end):
                    start += len(block)
                    yield block
                fruitless = fruitless + 1 if start == before else 0
                if fruitless == _TRIES:
                    raise BodyBroken("What came from the store was lost on the way.", "Try again.")
        finally:
            if reader is not None:
                reader.leave()

    def _filling(self, original: Original, index: int, stop: int) -> Filling:
        """One that brings the chunk: one that is under way, or a new one as far as nobody else brings the rest."""
        name = (original.store, original.info.key, original.version)
        running = [one for one in self._fillings.get(name, ()) if not one.done]
        for one in running:
            if one.has(index):
                return one
        last = -(-stop // CHUNK_BYTES)
        sequential = self._next.pop(name, None) == index
        self._next[name] = last
        while len(self._next) > _REMEMBERED:
            self._next.popitem(last=False)
        far = min(last + READ_AHEAD if sequential else last, -(-original.info.size // CHUNK_BYTES))
        taken = {one.first_to_come for one in running}
        end = next((n for n in range(index + 1, far) if n in taken or self._cache.holds(original.chunk(n))), far)

        async def keep(number: int, data: bytes) -> bool:
            return await self._cache.put(original.chunk(number), data)

        due = far if sequential else index
        made = Filling(original.get, keep, first=index, end=end, due=min(due, end), size=original.info.size)
        self._fillings[name] = [*running, made]
        made.when_done(lambda: self._forget(name, made))
        return made

    def _forget(self, name: tuple[StoreId, str, str], filling: Filling) -> None:
        left = [one for one in self._fillings.get(name, ()) if one is not filling]
        if left:
            self._fillings[name] = left
        else:
            self._fillings.pop(name, None)

    async def _confirm(self, original: Original, found: Chunk) -> None:
        """Ask the origin whether the version is still the one that it has, once what is here is too old."""
        name = (original.store, original.info.key, original.version)
        now = self._clock()
        current_s = min(self._expires_s, original.current_s)
        if now - max(found.fetched_s, self._confirmed.get(name, 0.0)) < current_s:
            return
        try:
            info = await original.adapter.stat(original.info.key)
        except StoreUnreachable:
            if not self._stale:
                raise
            self._note(name, now - current_s + STALE_S)
            return
        if (info.etag, info.size) != (original.info.etag, original.info.size):
            raise Changed("The object has another version now.", "Read it again.", key=original.info.key)
        self._note(name, now)

    def _note(self, name: tuple[StoreId, str, str], when_s: float) -> None:
        self._confirmed[name] = when_s
        self._confirmed.move_to_end(name)
        while len(self._confirmed) > _REMEMBERED:
            self._confirmed.popitem(last=False)


class _Body:
    """An ObjectBody whose blocks come from a generator."""

    def __init__(self, info: ObjectInfo, start: int, stop: int, blocks: AsyncIterator[bytes]) -> None:
        self.info = info
        self.start = start
        self.stop = stop
        self._blocks = blocks
        self._first = b""

    async def begin(self) -> None:
        """Wait for the first block, or for the error that is there instead."""
        self._first = await anext(self._blocks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._first:
            first, self._first = self._first, b""
            yield first
        async for block in self._blocks:
            yield block

    async def read(self) -> bytes:
        return b"".join([block async for block in self])

    async def aclose(self) -> None:
        await self._blocks.aclose()  # type: ignore[attr-defined]  # it is a generator

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()
