"""Objects read through a cache of chunks: from an origin that counts, waits, fails and changes."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, cast

import pytest

from cache.test_variants import Clock, files_up_to
from moorage.cache import FileChunkCache
from moorage.costing import Tally
from moorage.model.chunks import CHUNK_BYTES, ChunkName
from moorage.model.errors import BodyBroken, Changed, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo
from moorage.model.store import StoreId
from moorage.reading.originals import Original, Originals, close_pieces
from moorage.stores.memory import MemoryStore

KEY = Key("reef.mp4")
DAYS = timedelta(days=7)


@dataclass
class Origin:
    """A store in memory that counts what is asked of it."""

    inner: MemoryStore = field(default_factory=MemoryStore)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    stats: int = 0
    sent: int = 0
    down: bool = False
    breaks_at: int | None = None
    pace: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: Any = None) -> ObjectBody:
        if self.down:
            raise StoreUnreachable("The store did not answer.", "Try again.")
        body = await self.inner.get(key, byte_range=byte_range, if_match=if_match)
        self.ranges.append((body.start, body.stop))
        return Counted(self, body)  # type: ignore[return-value]  # what a reader uses of it

    async def stat(self, key: Key) -> ObjectInfo:
        self.stats += 1
        if self.down:
            raise StoreUnreachable("The store did not answer.", "Try again.")
        return await self.inner.stat(key)


class Counted:
    """A body that is told of, and broken off where the test says."""

    def __init__(self, origin: Origin, body: ObjectBody) -> None:
        self._origin, self._body = origin, body
        self.info, self.start, self.stop = body.info, body.start, body.stop

    async def __aiter__(self) -> AsyncIterator[bytes]:
        at = self._body.start
        async for block in self._body:
            for part in (block[n : n + 100_000] for n in range(0, len(block), 100_000)):
                if self._origin.breaks_at is not None and at >= self._origin.breaks_at:
                    raise BodyBroken("The connection ended early.", "Try again.")
                await self._origin.pace.wait()
                await asyncio.sleep(0)
                self._origin.sent += len(part)
                at += len(part)
                yield part

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._body.aclose()


@dataclass
class Reading:
    """One object behind a cache."""

    origin: Origin
    cache: FileChunkCache
    originals: Originals
    original: Original
    data: bytes

    async def read(self, start: int = 0, stop: int | None = None) -> bytes:
        wanted = ByteRange(start, None if stop is None else stop - start)
        body = await self.originals.open(self.original, wanted)
        assert body is not None
        async with body:
            return await body.read()


@asynccontextmanager
async def reading(
    root: Path, size: int, *, clock: Clock | None = None, stale: bool = True, most: int = 1 << 30
) -> AsyncIterator[Reading]:
    origin = Origin()
    origin.pace.set()
    data = random.Random(size).randbytes(size)
    info = await origin.inner.put(KEY, data)
    cache = FileChunkCache(root / "originals", max_bytes=most, max_age=DAYS)
    originals = Originals(cache, expires=DAYS, stale=stale, clock=clock or time.time)
    original = Original(StoreId(1), info, info.generation or info.etag, origin)
    try:
        yield Reading(origin, cache, originals, original, data)
    finally:
        await originals.aclose()
        await cache.aclose()


def places(root: Path) -> list[Path]:
    """The files of the cache."""
    return [place for place in root.rglob("*") if place.is_file()]


def a_week_later(root: Path) -> float:
    """A time at which all that is in the cache has to be confirmed."""
    return max(place.stat().st_mtime for place in places(root)) + DAYS.total_seconds() + 1


async def kept(one: Reading) -> None:
    """Wait until all of the object is in the cache: the last chunk is written behind its readers' backs."""
    for _ in range(1000):
        if all(one.cache.holds(one.original.chunk(index)) for index in range(-(-len(one.data) // CHUNK_BYTES))):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(one.cache.total_bytes)


async def test_any_range_is_what_the_object_has_there_and_each_byte_comes_once(tmp_path: Path) -> None:
    size = 5 * CHUNK_BYTES + 12_345
    async with reading(tmp_path, size) as one:
        dice = random.Random(3)
        for _ in range(60):
            start = dice.choice([0, CHUNK_BYTES - 1, CHUNK_BYTES, size - 1, dice.randrange(size)])
            stop = dice.choice([start + 1, size, min(size, start + 300_000), dice.randrange(start, size) + 1])
            assert await one.read(start, stop) == one.data[start:stop]
        assert one.origin.sent <= size
        assert await one.read() == one.data
        assert one.origin.sent == size


async def test_a_second_reader_costs_the_origin_nothing_also_after_a_restart(tmp_path: Path) -> None:
    async with reading(tmp_path, 3 * CHUNK_BYTES + 7) as one:
        assert await one.read() == one.data
        await kept(one)
        assert await one.read() == one.data
        assert one.origin.ranges == [(0, len(one.data))]
    async with reading(tmp_path, 3 * CHUNK_BYTES + 7) as one:
        assert await one.read() == one.data
        assert (one.origin.ranges, one.origin.stats) == ([], 0)


async def test_many_who_ask_at_once_share_one_read(tmp_path: Path) -> None:
    async with reading(tmp_path, 20 * CHUNK_BYTES) as one:
        found = await asyncio.gather(*(one.read() for _ in range(16)), one.read(7_000_000, 9_000_000))
        assert found[:-1] == [one.data] * 16
        assert found[-1] == one.data[7_000_000:9_000_000]
        assert one.origin.sent <= 1.02 * len(one.data)


async def test_readers_are_served_while_a_chunk_fills(tmp_path: Path) -> None:
    async with reading(tmp_path, 4 * CHUNK_BYTES) as one:
        body = await one.originals.open(one.original, None)
        assert body is not None
        blocks = aiter(body)
        assert await anext(blocks)
        assert one.origin.sent < CHUNK_BYTES
        await body.aclose()


async def test_a_reader_that_stays_behind_holds_the_origin_back(tmp_path: Path) -> None:
    async with reading(tmp_path, 64 * CHUNK_BYTES) as one:
        body = await one.originals.open(one.original, None)
        assert body is not None
        for _ in range(500):
            await asyncio.sleep(0.001)
        assert one.origin.sent <= 11 * CHUNK_BYTES
        assert await body.read() == one.data
        await body.aclose()


async def test_one_who_leaves_ends_the_read_at_the_end_of_its_chunk(tmp_path: Path) -> None:
    async with reading(tmp_path, 32 * CHUNK_BYTES) as one:
        body = await one.originals.open(one.original, None)
        assert body is not None
        await body.aclose()
        for _ in range(500):
            await asyncio.sleep(0.001)
        assert one.origin.sent <= 2 * CHUNK_BYTES
        assert await one.read(0, CHUNK_BYTES) == one.data[:CHUNK_BYTES]
        assert len(one.origin.ranges) == 1


async def test_reads_that_follow_each_other_are_fetched_ahead(tmp_path: Path) -> None:
    async with reading(tmp_path, 12 * CHUNK_BYTES) as one:
        for index in range(12):
            part = slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
            assert await one.read(part.start, part.stop) == one.data[part]
        assert len(one.origin.ranges) <= 5
        assert one.origin.sent == len(one.data)


async def test_a_version_that_is_gone_is_never_mixed_with_the_next(tmp_path: Path) -> None:
    async with reading(tmp_path, 4 * CHUNK_BYTES) as one:
        assert await one.read(0, CHUNK_BYTES) == one.data[:CHUNK_BYTES]
        await one.origin.inner.put(KEY, b"x" * len(one.data))
        assert await one.read(0, CHUNK_BYTES) == one.data[:CHUNK_BYTES]
        with pytest.raises(Changed):
            await one.read()
        with pytest.raises(Changed):
            await one.read(2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 10)


async def test_an_origin_that_breaks_off_is_told_and_tried_again_by_the_next(tmp_path: Path) -> None:
    async with reading(tmp_path, 4 * CHUNK_BYTES) as one:
        one.origin.breaks_at = 2 * CHUNK_BYTES + 1000
        found = await asyncio.gather(*(one.read() for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in found] == [BodyBroken] * 3
        one.origin.breaks_at = None
        assert await one.read() == one.data
        assert one.origin.sent <= len(one.data) + CHUNK_BYTES


async def test_what_is_old_is_confirmed_once_and_served_when_the_origin_is_down(tmp_path: Path) -> None:
    clock = Clock()
    async with reading(tmp_path, 2 * CHUNK_BYTES, clock=clock) as one:
        await one.read()
        await kept(one)
        clock.now = a_week_later(tmp_path)
        assert await one.read() == one.data
        assert await one.read() == one.data
        assert one.origin.stats == 1
        clock.now += DAYS.total_seconds() + 1
        one.origin.down = True
        assert await one.read() == one.data
        assert await one.read() == one.data
        assert one.origin.stats == 2
        one.origin.down = False
        await one.origin.inner.put(KEY, b"other")
        clock.now += 31
        with pytest.raises(Changed):
            await one.read()


async def test_what_nobody_tells_of_is_confirmed_sooner(tmp_path: Path) -> None:
    clock = Clock()
    async with reading(tmp_path, 1000, clock=clock) as one:
        one.original = replace(one.original, current_s=60)
        await one.read()
        await kept(one)
        clock.now = max(place.stat().st_mtime for place in places(tmp_path)) + 59
        assert await one.read() == one.data
        assert one.origin.stats == 0
        clock.now += 2
        assert await one.read() == one.data
        assert one.origin.stats == 1


async def test_stale_bytes_are_not_served_where_that_is_not_wanted(tmp_path: Path) -> None:
    clock = Clock()
    async with reading(tmp_path, 1000, clock=clock, stale=False) as one:
        await one.read()
        await kept(one)
        clock.now = a_week_later(tmp_path)
        one.origin.down = True
        with pytest.raises(StoreUnreachable):
            await one.read()


@pytest.mark.parametrize("most", [1000, 3 * CHUNK_BYTES])
async def test_a_cache_that_is_too_small_serves_all_of_a_large_object(tmp_path: Path, most: int) -> None:
    async with reading(tmp_path, 20 * CHUNK_BYTES, most=most) as one:
        found = await asyncio.gather(*(one.read() for _ in range(4)))
        assert found == [one.data] * 4
        assert await one.read() == one.data


async def test_a_full_disk_is_passed_by(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with reading(tmp_path, 20 * CHUNK_BYTES) as one:
        with files_up_to(64 * 1024):
            found = await asyncio.gather(*(one.read() for _ in range(3)))
        assert found == [one.data] * 3
        assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_cache_that_is_deleted_and_torn_while_it_is_read_is_filled_anew(tmp_path: Path) -> None:
    async with reading(tmp_path, 6 * CHUNK_BYTES) as one:
        await one.read()
        await kept(one)
        first, second, third, *_ = places(tmp_path)
        first.unlink()
        second.write_bytes(second.read_bytes()[:-5])
        third.write_bytes(b"")
        assert await one.read() == one.data
        assert one.origin.sent == 9 * CHUNK_BYTES


async def test_a_bit_that_fell_over_is_found_by_the_next_process(tmp_path: Path) -> None:
    async with reading(tmp_path, 2 * CHUNK_BYTES) as one:
        await one.read()
        await kept(one)
    place = places(tmp_path)[0]
    damaged = bytearray(place.read_bytes())
    damaged[100] ^= 1
    place.write_bytes(damaged)
    async with reading(tmp_path, 2 * CHUNK_BYTES) as one:
        await one.originals.state()  # it learns what the one before it left
        assert await one.read() == one.data
        assert one.origin.sent == CHUNK_BYTES


async def test_a_range_without_a_byte_in_it_is_left_to_the_origin(tmp_path: Path) -> None:
    async with reading(tmp_path, 100) as one:
        assert await one.originals.open(one.original, ByteRange(100, 5)) is None


async def test_one_request_has_a_length_that_is_looked_up_in_a_moment(tmp_path: Path) -> None:
    looked: list[ChunkName] = []

    class Counted(FileChunkCache):
        def holds(self, name: ChunkName) -> bool:
            looked.append(name)
            return super().holds(name)

    origin = Origin()
    info = replace(await origin.inner.put(KEY, b""), size=5000 * CHUNK_BYTES)
    cache = Counted(tmp_path / "originals", max_bytes=1 << 30, max_age=DAYS)
    originals = Originals(cache, expires=DAYS, stale=True)
    origin.down = True
    with pytest.raises(StoreUnreachable):
        await originals.open(Original(StoreId(1), info, info.version, origin), None)
    assert len(looked) < 300
    await originals.aclose()
    await cache.aclose()


async def test_a_long_object_is_read_by_several_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moorage.reading.originals.LONGEST", 4)
    async with reading(tmp_path, 10 * CHUNK_BYTES) as one:
        found = await asyncio.gather(*(one.read() for _ in range(8)))
        assert found == [one.data] * 8
        assert one.origin.ranges == [(0, 4 << 20), (4 << 20, 8 << 20), (8 << 20, 10 << 20)]


async def test_what_is_lent_is_counted_by_who_sends_it(tmp_path: Path) -> None:
    tally = Tally(cast("Any", None), now_ms=lambda: 0)
    async with reading(tmp_path, CHUNK_BYTES) as one:
        await one.read()
        await kept(one)
        await one.read()
        lending, original = Originals(one.cache, expires=DAYS, stale=True, meter=tally), one.original
        pieces = lending.pieces_now((original.store, original.info.key, original.version), CHUNK_BYTES, 10, 20)
        assert pieces is not None
        assert os.pread(pieces[0].descriptor, pieces[0].length, pieces[0].start) == one.data[10:20]
        close_pieces(pieces)
        assert tally.totals() == {}


async def test_an_object_that_grew_under_the_same_tag_is_fetched_anew(tmp_path: Path) -> None:
    async with reading(tmp_path, 10) as one:
        await one.read()
        await kept(one)
        original = one.original
        longer = replace(original, info=replace(original.info, size=90))
        name = (original.store, original.info.key, original.version)
        assert one.originals.pieces_now(name, 90, 0, 90) is None
        assert await one.cache.get(longer.chunk(0), 0, 90) is None
        assert await one.cache.get(original.chunk(0), 0, 10) is not None
