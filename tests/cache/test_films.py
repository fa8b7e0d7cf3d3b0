"""Films among the conversions: there once they are whole, through restarts, and forgotten like the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from moorage.cache import FileFilmCache, FileVariantCache
from moorage.cache import films as films_module
from moorage.model.caches import Which
from moorage.model.errors import TooLarge
from moorage.model.objects import ByteRange
from moorage.model.variant import Rendered

DATA = bytes(range(256)) * 4000
PLACE = (1, "reef.mkv", "v1")
LIMIT = 3_000_000


def files(root: Path) -> list[Path]:
    return [one for one in root.rglob("*") if one.is_file()]


def opened(root: Path) -> FileVariantCache:
    return FileVariantCache(root, max_bytes=LIMIT, max_age=timedelta(days=7))


@pytest_asyncio.fixture
async def conversions(tmp_path: Path) -> AsyncIterator[FileVariantCache]:
    one = opened(tmp_path / "converted")
    yield one
    await one.aclose()


async def keep(films: FileFilmCache, name: str, data: bytes = DATA) -> bool:
    """A film whose end is written before its beginning is written over, as an mp4 is."""
    reel = await films.begin(1, "reef.mkv", name)
    try:
        await reel.write(0, bytes(1000))
        await reel.write(1000, data[1000:])
        await reel.write(0, data[:1000])
        return await reel.keep()
    finally:
        await reel.aclose()


async def read(films: FileFilmCache, name: str, wanted: ByteRange | None = None) -> bytes | None:
    found = await films.open(1, "reef.mkv", name)
    if found is None:
        return None
    async with found:
        return await found.part(wanted).read()


async def test_a_film_is_there_once_it_is_whole(conversions: FileVariantCache, tmp_path: Path) -> None:
    films = FileFilmCache(conversions)
    reel = await films.begin(*PLACE)
    await reel.write(0, DATA)
    assert await films.open(*PLACE) is None
    assert await reel.keep()
    await reel.aclose()
    assert await read(films, "v1") == DATA
    assert await read(films, "v1", ByteRange(500, 700)) == DATA[500:1200]
    assert await read(films, "v2") is None
    assert len(files(tmp_path)) == 1


async def test_one_that_is_given_up_leaves_nothing(conversions: FileVariantCache, tmp_path: Path) -> None:
    films = FileFilmCache(conversions)
    reel = await films.begin(*PLACE)
    await reel.write(0, DATA)
    await reel.aclose()
    assert await films.open(*PLACE) is None
    assert files(tmp_path) == []


async def test_it_survives_a_restart_and_what_was_half_written_does_not(tmp_path: Path) -> None:
    first = opened(tmp_path / "converted")
    assert await keep(FileFilmCache(first), "v1")
    half = await FileFilmCache(first).begin(1, "reef.mkv", "v2")
    await half.write(0, DATA)
    second = opened(tmp_path / "converted")
    films = FileFilmCache(second)
    assert await read(films, "v1") == DATA
    assert await read(films, "v2") is None
    assert len(files(tmp_path)) == 1
    assert (await second.state()).entries == 1
    await half.aclose()
    await first.aclose()
    await second.aclose()


async def test_films_and_other_conversions_share_one_limit(conversions: FileVariantCache) -> None:
    films = FileFilmCache(conversions)
    assert await keep(films, "v1")
    await conversions.put(1, "reef.tif", "tile", Rendered(DATA, "image/png", 1, 1))
    assert await read(films, "v1") == DATA  # and is the one that was used last
    assert await keep(films, "v2")
    assert await conversions.get(1, "reef.tif", "tile") is None
    assert (await conversions.state()).bytes <= LIMIT


async def test_one_larger_than_the_cache_is_not_written_on(conversions: FileVariantCache) -> None:
    reel = await FileFilmCache(conversions).begin(*PLACE)
    with pytest.raises(TooLarge, match="CACHE_IMAGE_CONVERTER_SIZE"):
        await reel.write(LIMIT, b"x")
    await reel.aclose()


async def test_what_is_read_stays_readable_while_it_is_purged(conversions: FileVariantCache) -> None:
    films = FileFilmCache(conversions)
    assert await keep(films, "v1")
    found = await films.open(*PLACE)
    assert found is not None
    assert (await conversions.purge(Which(1, key="reef.mkv"))).entries == 1
    async with found:
        assert await found.read() == DATA
    assert await films.open(*PLACE) is None


async def test_one_that_a_power_cut_tore_apart_is_forgotten(tmp_path: Path) -> None:
    first = opened(tmp_path / "converted")
    assert await keep(FileFilmCache(first), "v1")
    await first.aclose()
    (place,) = files(tmp_path)
    place.write_bytes(place.read_bytes()[:-100])
    second = opened(tmp_path / "converted")
    assert await FileFilmCache(second).open(*PLACE) is None
    assert not place.exists()
    await second.aclose()


async def test_a_writing_that_is_cancelled_ends_before_its_file_is_closed(
    conversions: FileVariantCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, write = threading.Event(), threading.Event(), films_module._write

    def late(descriptor: int, data: bytes, start: int) -> None:
        begun.set()
        go_on.wait(10)
        write(descriptor, data, start)

    monkeypatch.setattr(films_module, "_write", late)
    reel = await FileFilmCache(conversions).begin(*PLACE)
    task = asyncio.create_task(reel.write(0, DATA))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path)[0].read_bytes() == DATA
    await reel.aclose()
    assert files(tmp_path) == []
