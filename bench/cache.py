"""A cache of 100,000 entries against bare files: the processor time of a hit and of an eviction, and a cold open.

A hit is held against open, fstat and read of the same file, an eviction against unlink of as many files, and the first
hit of a new process in a cache of 100,000 entries against the same in one of 1,000. The cache of originals, which
chooses otherwise what leaves, is measured likewise with parts of 8 KiB.

Run: python bench/cache.py [entries]
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from moorage.cache import FileChunkCache, FileVariantCache
from moorage.model.chunks import ChunkName
from moorage.model.variant import Rendered

BYTES = 8 * 1024
HITS = 20_000
ROUNDS = 5
DAY = timedelta(days=1)
PREVIEW = Rendered(random.Random(1).randbytes(BYTES), "image/webp", 640, 427)


async def filled(root: Path, entries: int, most: int) -> FileVariantCache:
    """A cache with so many entries; it may hold ``most`` bytes."""
    cache = FileVariantCache(root, max_bytes=most, max_age=DAY)
    for number in range(entries):
        await cache.put(1, f"{number}", "recipe", PREVIEW)
    return cache


def files(root: Path) -> list[str]:
    """The files of a cache."""
    return [str(place) for place in root.rglob("*") if place.is_file()]


def bare_read(places: list[str]) -> float:
    """Processor seconds of reading files as anyone would."""
    began = time.process_time()
    for place in places:
        descriptor = os.open(place, os.O_RDONLY)
        os.read(descriptor, os.fstat(descriptor).st_size)
        os.close(descriptor)
    return time.process_time() - began


def bare_unlink(places: list[str]) -> float:
    """Processor seconds of removing files as anyone would."""
    doomed = [Path(place) for place in places]
    began = time.process_time()
    for place in doomed:
        place.unlink()
    return time.process_time() - began


async def hits(cache: FileVariantCache | FileChunkCache, numbers: list[int]) -> float:
    """Processor seconds of as many hits."""
    began = time.process_time()
    if isinstance(cache, FileChunkCache):
        for number in numbers:
            assert await cache.get(ChunkName(1, "key", "version", number), 0, BYTES) is not None
        return time.process_time() - began
    for number in numbers:
        assert await cache.get(1, f"{number}", "recipe") is not None
    return time.process_time() - began


async def measure_hits(root: Path, cache: FileVariantCache | FileChunkCache, entries: int, name: str = "hit") -> None:
    """Print what a hit costs, in alternating rounds."""
    dice, places = random.Random(2), files(root)
    ratios, spent = [], []
    for _ in range(ROUNDS):
        own = await hits(cache, [dice.randrange(entries) for _ in range(HITS)])
        other = bare_read([dice.choice(places) for _ in range(HITS)])
        ratios.append(own / other)
        spent.append(own / HITS * 1e6)
    print(
        f"{name}: {statistics.median(spent):.1f} us, {statistics.median(ratios):.2f} of open, fstat and read (bar 3.00)"
    )


async def measure_evictions(root: Path, entries: int) -> None:
    """Print what an eviction costs: one put more than fits makes room for many."""
    full = await filled(root / "full", entries, 1 << 40)
    held = full.total_bytes
    await full.aclose()
    cache = FileVariantCache(root / "full", max_bytes=held + 100, max_age=DAY)
    await cache.state()
    began = time.process_time()
    await cache.put(1, "one more", "recipe", PREVIEW)
    own = time.process_time() - began
    gone = entries + 1 - len(files(root / "full"))
    await cache.aclose()
    other = bare_unlink(files(root / "full")[:gone])
    print(f"eviction of {gone:,}: {own / gone * 1e6:.1f} us each, {own / other:.2f} of unlink (bar 3.00)")


async def first_hit(root: Path) -> float:
    """Milliseconds until a new cache on that folder has answered once."""
    began = time.perf_counter()
    cache = FileVariantCache(root, max_bytes=1 << 40, max_age=DAY)
    assert await cache.get(1, "7", "recipe") is not None
    spent = time.perf_counter() - began
    await cache.aclose()
    return spent * 1000


async def measure_chunks(root: Path, entries: int) -> None:
    """Print what hits and evictions of originals cost."""
    cache = FileChunkCache(root, max_bytes=1 << 40, max_age=DAY)
    for number in range(entries):
        await cache.put(ChunkName(1, "key", "version", number), PREVIEW.data)
    await measure_hits(root, cache, entries, "hit of an original")
    held = cache.total_bytes
    await cache.aclose()
    cache = FileChunkCache(root, max_bytes=held + 100, max_age=DAY)
    await cache.state()
    began = time.process_time()
    await cache.put(ChunkName(1, "key", "version", entries), PREVIEW.data)
    own = time.process_time() - began
    gone = entries + 1 - len(files(root))
    await cache.aclose()
    other = bare_unlink(files(root)[:gone])
    print(f"eviction of {gone:,} originals: {own / gone * 1e6:.1f} us each, {own / other:.2f} of unlink (bar 3.00)")


async def main(entries: int) -> None:
    """Print all ratios."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        large = await filled(root / "large", entries, 1 << 40)
        small = await filled(root / "small", 1000, 1 << 40)
        await measure_hits(root / "large", large, entries)
        await large.aclose()
        await small.aclose()
        times = [(await first_hit(root / "large"), await first_hit(root / "small")) for _ in range(ROUNDS * 4)]
        many, few = (statistics.median(one) for one in zip(*times, strict=True))
        print(f"cold open: {many:.2f} ms with {entries:,} entries, {many / few:.2f} of that with 1,000 (bar 1.50)")
        await measure_evictions(root, entries // 4)
        await measure_chunks(root / "chunks", entries // 4)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
