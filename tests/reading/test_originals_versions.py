"""An object that is overwritten while many read it: whatever the order of things, one read is of one version."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache.test_variants import Clock
from moorage.cache import FileChunkCache
from moorage.model.caches import Which
from moorage.model.chunks import CHUNK_BYTES
from moorage.model.errors import Changed, ObjectNotFound
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo
from moorage.model.store import StoreId
from moorage.reading.originals import Original, Originals
from moorage.stores.memory import MemoryStore

KEY = Key("reef.mp4")
SIZE = 3 * CHUNK_BYTES + 99
DAYS = timedelta(days=7)

Step = tuple[Literal["put", "remove", "read", "later", "purge", "wait"], int, int]
place = st.integers(0, SIZE - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.just(0), st.just(0)),
        st.tuples(st.sampled_from(["remove", "later", "purge"]), st.just(0), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("read"), place, place),
        st.tuples(st.just("read"), place, place),
    ),
    min_size=4,
    max_size=25,
)


class Slow:
    """A body that gives others their turn after each block."""

    def __init__(self, body: ObjectBody) -> None:
        self._body = body
        self.info, self.start, self.stop = body.info, body.start, body.stop

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for block in self._body:
            for at in range(0, len(block), 200_000):
                await asyncio.sleep(0)
                yield block[at : at + 200_000]

    async def aclose(self) -> None:
        await self._body.aclose()

    async def read(self) -> bytes:
        return await self._body.read()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


@dataclass
class Origin:
    """A store in memory that may ignore which version was asked for, as plain servers do."""

    inner: MemoryStore
    heeds: bool

    async def stat(self, key: Key) -> ObjectInfo:
        await asyncio.sleep(0)
        return await self.inner.stat(key)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        await asyncio.sleep(0)
        return Slow(await self.inner.get(key, byte_range=byte_range, if_match=if_match if self.heeds else None))


async def read(originals: Originals, origin: Origin, start: int, stop: int) -> None:
    """One read, begun anew when it is told that the object is another; all of its bytes are of one version."""
    for _ in range(4):
        try:
            info = await origin.stat(KEY)
            wanted = Original(StoreId(1), info, info.version, origin)
            body = await originals.open(wanted, ByteRange(start, stop - start))
            assert body is not None
            async with body:
                data = await body.read()
        except (Changed, ObjectNotFound):
            continue
        assert len(data) == stop - start
        assert set(data) == {int(info.etag[1:]) % 256}
        return


async def play(schedule: list[Step], *, heeds: bool, root: Path) -> None:
    store, clock = MemoryStore(), Clock()
    clock.now = time.time()

    async def put() -> None:
        number = int((await store.put(Key("count"), b"")).etag[1:]) + 1
        info = await store.put(KEY, bytes([number % 256]) * SIZE)
        assert info.etag == f"m{number}"

    await put()
    cache = FileChunkCache(root / "originals", max_bytes=5 * CHUNK_BYTES, max_age=DAYS)
    originals = Originals(cache, expires=DAYS, stale=True, clock=clock)
    origin, readers = Origin(store, heeds), list[asyncio.Task[None]]()
    try:
        for what, first, last in schedule:
            if what == "put":
                await put()
            elif what == "remove":
                await store.delete(KEY)
            elif what == "later":
                clock.now += DAYS.total_seconds() + 1
            elif what == "purge":
                readers.append(asyncio.create_task(purge(originals)))
            elif what == "read":
                start, stop = sorted((first, last))
                readers.append(asyncio.create_task(read(originals, origin, start, stop + 1)))
            for _ in range(first if what == "wait" else 1):
                await asyncio.sleep(0.0005)
        await asyncio.gather(*readers)
    finally:
        await originals.aclose()
        await cache.aclose()


async def purge(originals: Originals) -> None:
    await originals.purge(Which(store=1))


def play_all(examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps, st.booleans())
    def run(schedule: list[Step], heeds: bool) -> None:
        with tempfile.TemporaryDirectory() as root:
            asyncio.run(play(schedule, heeds=heeds, root=Path(root)))

    run()


def test_no_read_is_of_two_versions() -> None:
    play_all(12)


@pytest.mark.soak
def test_no_read_is_of_two_versions_in_a_thousand_schedules() -> None:
    play_all(1000)
