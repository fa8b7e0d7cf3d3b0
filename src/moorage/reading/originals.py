"""Originals: objects read through a cache of their chunks; the origin is asked once, however many read."""

from __future__ import annotations

import math
import os
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, Self

from moorage.model.caches import CacheState, Purged, Which
from moorage.model.chunks import CHUNK_BYTES, Chunk, ChunkCache, ChunkName
from moorage.model.costs import UNMETERED, Meter
from moorage.model.errors import BodyBroken, Changed, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo, Piece
from moorage.model.store import StoreId
from moorage.reading.filling import BLOCK, Filling, Reader

READ_AHEAD: Final = 4
"""Chunks that are fetched beyond a read which goes on where the one before it ended."""
STALE_S: Final = 30.0
"""How long an origin that is down is not asked again whether a version is still the one that it has."""
_TRIES: Final = 3
_REMEMBERED: Final = 10_000
LONGEST: Final = 256
"""Chunks of one request: each is looked up in the cache first, which takes the event loop some microseconds."""


class Asked(Protocol):
    """What is asked of an origin, as ``ObjectStore`` has it."""

    async def stat(self, key: Key) -> ObjectInfo:
        """What is known of the object."""

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """The object opened for reading."""


@dataclass(frozen=True, slots=True)
class Original:
    """One version of an object, and where it comes from."""

    store: StoreId
    info: ObjectInfo
    version: str
    origin: Asked
    current_s: float = math.inf
    """The longest that it is taken for current, where the cache's own time is longer."""
    confirmed: bool = False
    """Whether the origin said just now that this is the version that it has."""
    ahead: int = READ_AHEAD
    """Chunks to fetch beyond a read that goes on; none for who reads here and there."""
    meter: Meter = UNMETERED
    """Is told of what is handed on. What is fetched is counted for whomever it is."""

    def chunk(self, index: int) -> ChunkName:
        """The name of a part of it."""
        return ChunkName.of(self.store, self.info.key, self.version, self.info.size, index)

    def is_that(self, info: ObjectInfo) -> bool:
        """Whether what the origin tells of is this version."""
        known = self.info
        same = info.etag == known.etag if known.etag else info.generation == known.generation
        return same and info.size == known.size

    async def get(self, wanted: ByteRange) -> ObjectBody:
        """Its bytes from the origin. Raises Changed when that has another version.

        The answer is compared with what was asked: what is written down as this version and place is nothing else.
        """
        body = await self.origin.get(self.info.key, byte_range=wanted, if_match=self.info.etag or None)
        if not self.is_that(body.info):
            await body.aclose()
            raise _changed(self.info.key)
        if (body.start, body.stop) != wanted.within(self.info.size):
            await body.aclose()
            raise BodyBroken(
                "The store sent another part of the object than it was asked for. None of it was kept.",
                "Try again; where it happens again, something between this server and the store changes its answers.",
            )
        return body


def close_pieces(pieces: Iterable[Piece]) -> None:
    """Close the files of pieces."""
    for piece in pieces:
        os.close(piece.descriptor)


def _changed(key: Key) -> Changed:
    return Changed("The object has another version now.", "Read it again.", key=key)


class Originals:
    """Reads originals through ``cache``. What was fetched is taken for current for ``expires``, then confirmed.

    ``stale``: serve what is there when the origin cannot be reached to confirm it.
    """

    def __init__(
        self,
        cache: ChunkCache,
        *,
        expires: timedelta,
        stale: bool,
        clock: Callable[[], float] = time.time,
        meter: Meter = UNMETERED,
    ) -> None:
        self._cache = cache
        self._expires_s = expires.total_seconds()
        self._stale = stale
        self._clock = clock
        self._meter = meter
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

    def pieces_now(
        self, name: tuple[StoreId, Key, str], size: int, start: int, stop: int, *, current_s: float = math.inf
    ) -> list[Piece] | None:
        """The bytes [start, stop) of a store's key in a version, where all of them are in the cache and current.

        ``size``: of all of that version. ``current_s``: as of an Original. The caller closes each piece, and counts
        what it hands on.
        """
        since = self._clock() - min(self._expires_s, current_s)
        found: list[Piece] = []
        for index in range(start // CHUNK_BYTES, -(-stop // CHUNK_BYTES)):
            offset = index * CHUNK_BYTES
            span = max(start - offset, 0), min(stop - offset, CHUNK_BYTES)
            kept = self._cache.piece_now(ChunkName.of(*name, size, index), *span)
            if kept is None or max(kept[1], self._confirmed.get(name, 0.0)) <= since:
                close_pieces(found if kept is None else [*found, kept[0]])
                return None
            found.append(kept[0])
        return found

    @property
    def trouble(self) -> str:
        """Why the cache kept nothing lately; empty where it kept all."""
        return self._cache.trouble

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
        confirmed = original.confirmed
        try:
            while start < stop:
                index, offset = divmod(start, CHUNK_BYTES)
                end = min(stop - index * CHUNK_BYTES, CHUNK_BYTES)
                before = start
                found = await self._cache.get(original.chunk(index), offset, end)
                if found is not None:
                    confirmed = confirmed or await self._confirm(original, found)
                    if reader is not None:
                        reader.move(index)
                    original.meter.handed(original.store, len(found.data))
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
                    original.meter.handed(original.store, len(block))
                    yield block
                fruitless = fruitless + 1 if start == before else 0
                if fruitless == _TRIES:
                    raise BodyBroken("What came from the store was lost on the way.", "Try again.")
        finally:
            self._end(original, reader, whole=start >= stop)

    @staticmethod
    def _end(original: Original, reader: Reader | None, *, whole: bool) -> None:
        if reader is not None:
            reader.leave()
        elif whole:
            original.meter.hit(original.store)

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
        far = last + original.ahead if sequential else last
        far = min(far, -(-original.info.size // CHUNK_BYTES), index + LONGEST)
        taken = {one.first_to_come for one in running}
        end = next((n for n in range(index + 1, far) if n in taken or self._cache.holds(original.chunk(n))), far)

        async def keep(number: int, data: bytes) -> bool:
            self._meter.fetched(original.store, len(data))
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

    async def _confirm(self, original: Original, found: Chunk) -> bool:
        """Ask the origin whether the version is still the one that it has, once what is here is too old.

        True, which is enough for one read: the cache mixes no versions. Raises Changed.
        """
        name = (original.store, original.info.key, original.version)
        now = self._clock()
        current_s = min(self._expires_s, original.current_s)
        if now - max(found.fetched_s, self._confirmed.get(name, 0.0)) < current_s:
            return True
        try:
            info = await original.origin.stat(original.info.key)
        except StoreUnreachable:
            if not self._stale:
                raise
            self._note(name, now - current_s + STALE_S)
            return True
        if not original.is_that(info):
            raise _changed(original.info.key)
        self._note(name, now)
        return True

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
