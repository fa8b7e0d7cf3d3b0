"""The cache of finished variants on a real disk."""

from __future__ import annotations

import errno
import logging
import os
import resource
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from moorage.cache import INLINE_BYTES, FileVariantCache
from moorage.model.caches import Which
from moorage.model.variant import Rendered, VariantCache

DAY = timedelta(days=1)


class Clock:
    """The time of day, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def variant(size: int = 1000, mark: int = 1) -> Rendered:
    return Rendered(bytes([mark]) * size, "image/webp", 640, 427, 12_345)


def entries(root: Path) -> list[Path]:
    return sorted(place for place in root.rglob("*") if place.is_file())


Open = Callable[..., FileVariantCache]


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Open]:
    """Opens caches in one folder, one after the other, as restarts do."""
    made: list[FileVariantCache] = []

    def open_(max_bytes: int = 10_000_000, max_age: timedelta = DAY, clock: Clock | None = None) -> FileVariantCache:
        root = tmp_path / "previews"
        made.append(
            FileVariantCache(root, max_bytes=max_bytes, max_age=max_age, clock=clock)
            if clock
            else FileVariantCache(root, max_bytes=max_bytes, max_age=max_age)
        )
        return made[-1]

    yield open_
    for cache in made:
        await cache.aclose()


async def test_a_variant_comes_back_with_its_facts(opened: Open) -> None:
    cache: VariantCache = opened()
    assert await cache.get(1, "a/b.jpg", "recipe") is None
    await cache.put(1, "a/b.jpg", "recipe", variant())
    assert await cache.get(1, "a/b.jpg", "recipe") == variant()


async def test_what_is_kept_is_lent_as_a_file_that_begins_with_it(opened: Open) -> None:
    cache: VariantCache = opened()
    assert await cache.lend(1, "a/b.jpg", "recipe") is None
    await cache.put(1, "a/b.jpg", "recipe", variant())
    for one in (cache, opened()):  # also by a process that did not put it
        descriptor = await one.lend(1, "a/b.jpg", "recipe")
        assert descriptor is not None
        assert os.pread(descriptor, len(variant().data), 0) == variant().data
        os.close(descriptor)


async def test_what_is_damaged_is_not_lent(opened: Open, tmp_path: Path) -> None:
    await opened().put(1, "a/b.jpg", "recipe", variant())
    (file,) = [one for one in (tmp_path / "previews").rglob("*") if one.is_file()]
    file.write_bytes(b"x" + file.read_bytes()[1:])
    assert await opened().lend(1, "a/b.jpg", "recipe") is None


@pytest.mark.parametrize(
    "other", [(2, "a/b.jpg", "recipe"), (1, "a/B.jpg", "recipe"), (1, "a/b.jpg", "other"), (1, "", "recipe")]
)
async def test_store_key_and_name_all_count(opened: Open, other: tuple[int, str, str]) -> None:
    cache = opened()
    await cache.put(1, "a/b.jpg", "recipe", variant())
    assert await cache.get(*other) is None


@pytest.mark.parametrize("key", ["../../../etc/passwd", "/", "a//b", "\0", "\udcff", "x" * 1024, ""])
async def test_no_key_leads_out_of_the_folder(opened: Open, tmp_path: Path, key: str) -> None:
    cache = opened()
    await cache.put(1, key, "recipe", variant())
    assert await cache.get(1, key, "recipe") == variant()
    assert [place.parent.parent for place in entries(tmp_path)] == [tmp_path / "previews"]


async def test_large_and_small_ones_come_back(opened: Open) -> None:
    cache = opened()
    for size in (0, 1, INLINE_BYTES, INLINE_BYTES + 1):
        await cache.put(1, f"{size}", "recipe", variant(size))
        assert await cache.get(1, f"{size}", "recipe") == variant(size)


async def test_a_hit_writes_nothing(opened: Open, tmp_path: Path) -> None:
    cache = opened()
    await cache.put(1, "key", "recipe", variant())
    before = [(place, place.stat().st_mtime_ns, place.stat().st_ctime_ns) for place in entries(tmp_path)]
    assert await cache.get(1, "key", "recipe")
    assert [(place, place.stat().st_mtime_ns, place.stat().st_ctime_ns) for place in entries(tmp_path)] == before


async def test_variants_outlive_a_restart(opened: Open) -> None:
    await opened().put(1, "key", "recipe", variant())
    again = opened()
    assert await again.get(1, "key", "recipe") == variant()
    await again.put(1, "other", "recipe", variant())
    assert await again.get(1, "key", "recipe") == variant()


async def test_the_least_recently_used_go_first(opened: Open) -> None:
    cache = opened(max_bytes=20_000)
    for number in range(15):
        await cache.put(1, f"key-{number}", "recipe", variant())
        assert await cache.get(1, "key-0", "recipe")
    for number in range(15, 40):
        await cache.put(1, f"key-{number}", "recipe", variant())
    assert cache.total_bytes <= 20_000
    assert await cache.get(1, "key-39", "recipe")
    assert await cache.get(1, "key-1", "recipe") is None


async def test_what_is_used_stays(opened: Open) -> None:
    cache = opened(max_bytes=20_000)
    for number in range(100):
        await cache.put(1, f"key-{number}", "recipe", variant())
        assert await cache.get(1, "key-0", "recipe"), number


async def test_eviction_goes_down_to_95_percent_at_once(opened: Open, tmp_path: Path) -> None:
    cache = opened(max_bytes=110_000)
    sizes = []
    for number in range(140):
        await cache.put(1, f"key-{number}", "recipe", variant())
        sizes.append(sum(place.stat().st_size for place in entries(tmp_path)))
        assert sizes[-1] == cache.total_bytes
    assert max(sizes) <= 110_000
    falls = [after for before, after in pairwise(sizes) if after < before]
    assert 0 < len(falls) < 15
    assert max(falls) <= 110_000 * 0.95


async def test_a_restart_with_a_smaller_limit_shrinks_the_folder(opened: Open, tmp_path: Path) -> None:
    first = opened()
    for number in range(20):
        await first.put(1, f"key-{number}", "recipe", variant())
    second = opened(max_bytes=10_000)
    await second.put(1, "key", "recipe", variant())
    assert sum(place.stat().st_size for place in entries(tmp_path)) <= 10_000
    assert await second.get(1, "key", "recipe")


async def test_an_unused_variant_expires_and_a_used_one_does_not(opened: Open, tmp_path: Path) -> None:
    clock = Clock()
    cache = opened(max_age=timedelta(hours=12), clock=clock)
    await cache.put(1, "used", "recipe", variant())
    await cache.put(1, "unused", "recipe", variant())
    for _ in range(3):
        clock.now += 5 * 3600
        assert await cache.get(1, "used", "recipe")
    assert await cache.get(1, "unused", "recipe") is None
    await cache.put(1, "new", "recipe", variant())
    assert len(entries(tmp_path)) == 2


async def test_age_is_kept_over_a_restart(opened: Open, tmp_path: Path) -> None:
    await opened().put(1, "key", "recipe", variant())
    [place] = entries(tmp_path)
    old = place.stat().st_mtime - 2 * DAY.total_seconds()
    os.utime(place, (old, old))
    assert await opened().get(1, "key", "recipe") is None


@pytest.mark.parametrize("damage", [b"", b"short", None, bytes(200) + b"MOORENT2"])
async def test_a_damaged_entry_is_a_miss_and_goes(opened: Open, tmp_path: Path, damage: bytes | None) -> None:
    cache = opened()
    await cache.put(1, "key", "recipe", variant())
    [place] = entries(tmp_path)
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + b"\0" if damage is None else damage)
    assert await cache.get(1, "key", "recipe") is None
    assert entries(tmp_path) == []
    await cache.put(1, "key", "recipe", variant())
    assert await cache.get(1, "key", "recipe") == variant()


async def test_an_entry_under_another_name_is_a_miss(opened: Open, tmp_path: Path) -> None:
    cache = opened()
    await cache.put(1, "mine", "recipe", variant())
    [mine] = entries(tmp_path)
    await cache.put(1, "yours", "recipe", variant(mark=2))
    [yours] = set(entries(tmp_path)) - {mine}
    yours.replace(mine)
    assert await cache.get(1, "mine", "recipe") is None


async def test_foreign_files_are_left_alone_and_halves_removed(opened: Open, tmp_path: Path) -> None:
    root = tmp_path / "previews"
    (root / "ab").mkdir(parents=True)
    foreign = [root / "README", root / "ab" / "notes.txt", root / "ab" / ("z" * 32)]
    for place in foreign:
        place.write_text("not of the cache")
    half = root / "ab" / f".{'a' * 32}.0123.part"
    half.write_text("half")
    (root / "cd").write_text("a file where a folder should be")
    cache = opened(max_bytes=3000)
    for number in range(10):
        await cache.put(1, f"key-{number}", "recipe", variant())
    assert all(place.exists() for place in foreign)
    assert not half.exists()


async def test_an_entry_that_vanished_is_a_miss(opened: Open, tmp_path: Path) -> None:
    cache = opened()
    await cache.put(1, "key", "recipe", variant())
    entries(tmp_path)[0].unlink()
    assert await cache.get(1, "key", "recipe") is None
    assert cache.total_bytes == 0


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """The kernel cuts every file of this process off at ``size`` bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_disk_that_takes_no_more_is_a_warning_only(
    opened: Open, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = opened()
    with caplog.at_level(logging.WARNING), files_up_to(64 * 1024):
        await cache.put(1, "large", "recipe", variant(200_000))
        await cache.put(1, "also", "recipe", variant(200_000))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert os.strerror(errno.EFBIG) in caplog.text
    assert entries(tmp_path) == []
    assert await cache.get(1, "large", "recipe") is None
    await cache.put(1, "large", "recipe", variant(200_000))
    assert await cache.get(1, "large", "recipe") == variant(200_000)


async def test_a_folder_that_cannot_be_made_is_a_warning_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("a file")
    cache = FileVariantCache(tmp_path / "taken", max_bytes=10_000, max_age=DAY)
    await cache.put(1, "key", "recipe", variant())
    assert await cache.get(1, "key", "recipe") is None
    assert len(caplog.records) == 1
    await cache.aclose()


async def test_a_variant_larger_than_the_cache_is_not_kept(opened: Open, tmp_path: Path) -> None:
    cache = opened(max_bytes=1000)
    await cache.put(1, "key", "recipe", variant(2000))
    assert entries(tmp_path) == []


async def test_what_is_hot_comes_from_memory_and_no_longer_than_it_is_held(opened: Open, tmp_path: Path) -> None:
    cache = opened()
    await cache.put(1, "key", "recipe", variant())
    assert cache.get_now(1, "key", "recipe") == variant()
    shutil.rmtree(tmp_path / "previews")
    assert cache.get_now(1, "key", "recipe") == variant()
    await cache.purge(Which())
    assert cache.get_now(1, "key", "recipe") is None


async def test_a_variant_that_was_put_again_is_the_new_one(opened: Open) -> None:
    cache = opened()
    for mark in (1, 2):
        await cache.put(1, "key", "recipe", variant(mark=mark))
        assert [cache.get_now(1, "key", "recipe"), cache.get_now(1, "key", "recipe")] == [variant(mark=mark)] * 2


async def test_no_more_is_hot_than_memory_is_meant_for_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moorage.cache.variants.HOT_BYTES", 10_000)
    cache = opened()
    for number in range(50):
        await cache.put(1, f"key {number}", "name", variant(900))
        assert cache.get_now(1, f"key {number}", "name") is not None
        assert cache.hot_bytes <= 10_000
    assert cache.hot_bytes >= 4_000
