"""The cache of chunks whose folder is taken away, replaced or emptied while it is read, and what it forgets then."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from cache.test_variants import entries, files_up_to
from moorage.cache import FileChunkCache
from moorage.model.caches import Which
from moorage.model.chunks import ChunkName

DAYS = timedelta(days=7)
DATA = random.Random(2).randbytes(50_000)


def chunk(number: int) -> ChunkName:
    return ChunkName(1, "reef.mp4", "v1", number)


@pytest_asyncio.fixture
async def cache(tmp_path: Path) -> AsyncIterator[FileChunkCache]:
    one = FileChunkCache(tmp_path / "cache" / "originals", max_bytes=1_000_000, max_age=DAYS)
    yield one
    await one.aclose()


async def test_a_folder_that_is_deleted_is_made_anew(cache: FileChunkCache, tmp_path: Path) -> None:
    for number in range(10):
        assert await cache.put(chunk(number), DATA)
    shutil.rmtree(tmp_path / "cache")
    assert [await cache.get(chunk(number), 0, 100) for number in range(9)] == [None] * 9
    assert cache.total_bytes < 2 * len(DATA)
    assert await cache.put(chunk(0), DATA)
    found = await cache.get(chunk(0), 10, 20)
    assert found is not None
    assert found.data == DATA[10:20]


async def test_a_folder_that_is_a_file_now_is_passed_by(
    cache: FileChunkCache, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert await cache.put(chunk(0), DATA)
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("a file")
    assert await cache.get(chunk(0), 0, 10) is None
    assert not await cache.put(chunk(0), DATA)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    (tmp_path / "cache").unlink()
    assert await cache.put(chunk(0), DATA)


async def test_an_entry_that_is_a_folder_or_a_link_now_is_a_miss(cache: FileChunkCache, tmp_path: Path) -> None:
    for number in range(2):
        assert await cache.put(chunk(number), DATA)
    first, second = entries(tmp_path)
    (tmp_path / "elsewhere").write_bytes(DATA)
    first.unlink()
    first.mkdir()
    second.unlink()
    second.symlink_to(tmp_path / "elsewhere")
    assert [await cache.get(chunk(number), 0, 10) for number in range(2)] == [None, None]
    assert (tmp_path / "elsewhere").read_bytes() == DATA


async def test_a_chunk_that_is_lent_again_is_open_already_and_closed_once_it_is_forgotten(
    cache: FileChunkCache, tmp_path: Path
) -> None:
    def lent() -> bytes | None:
        found = cache.piece_now(chunk(0), 10, 20)
        if found is None:
            return None
        with os.fdopen(found[0].descriptor, "rb") as file:
            return os.pread(file.fileno(), found[0].length, found[0].start)

    def still_open() -> int:
        held = [*Path("/proc/self/fd").iterdir()]
        return sum(str(one.readlink()).startswith(str(tmp_path)) for one in held if one.is_symlink())

    assert await cache.put(chunk(0), DATA)
    assert lent() == DATA[10:20]
    (place,) = entries(tmp_path)
    place.unlink()
    assert (lent(), still_open()) == (DATA[10:20], 1)
    assert await cache.put(chunk(0), DATA[::-1])
    assert lent() == DATA[::-1][10:20]
    await cache.purge(Which())
    assert (lent(), still_open()) == (None, 0)


async def test_what_was_cut_off_while_it_was_written_is_never_found(cache: FileChunkCache, tmp_path: Path) -> None:
    assert await cache.put(chunk(0), DATA)
    with files_up_to(20_000):
        assert not await cache.put(chunk(1), DATA)
    assert await cache.get(chunk(1), 0, 10) is None
    assert len(entries(tmp_path)) == 1


async def test_who_reads_while_all_is_forgotten_gets_the_whole_part_or_nothing(tmp_path: Path) -> None:
    cache = FileChunkCache(tmp_path / "originals", max_bytes=4 * len(DATA), max_age=DAYS)
    dice = random.Random(3)
    found, writing = 0, 2

    async def read() -> None:
        nonlocal found
        while writing:
            start = dice.randrange(len(DATA) - 1000)
            got = await cache.get(chunk(dice.randrange(8)), start, start + 1000)
            assert got is None or got.data == DATA[start : start + 1000]
            found += got is not None
            await asyncio.sleep(0)

    async def write() -> None:
        nonlocal writing
        for _ in range(100):
            await cache.put(chunk(dice.randrange(8)), DATA)
            assert cache.total_bytes <= 4 * len(DATA)
        writing -= 1

    await asyncio.gather(read(), write(), read(), write())
    held = sum(place.stat().st_size for place in entries(tmp_path))
    assert (cache.total_bytes, found > 0) == (held, True)
    await cache.aclose()
