"""Previews a second through the decoder pool, against bare pyvips in a process pool on the same files.

On a machine that does other things too, the ratio of processor time is the one to trust.

Run: python bench/previews.py [images]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyvips

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import media
from moorage.imaging import DecoderPool
from moorage.model.variant import Recipe

BOX = Recipe(512, 512)
PROCESSES = min(os.cpu_count() or 1, 4)
ROUNDS = 3


class OnDisk:
    """A source by descriptor, as the storage cache and a disk store give it."""

    media_type = "image/jpeg"

    def __init__(self, place: Path) -> None:
        self.size = place.stat().st_size
        self.descriptor: int | None = os.open(place, os.O_RDONLY)

    async def read(self, start: int, length: int) -> bytes:
        raise NotImplementedError("the descriptor is read")

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


class InMemory(OnDisk):
    """A source by ranges."""

    def __init__(self, place: Path) -> None:
        self.content = place.read_bytes()
        self.size = len(self.content)
        self.descriptor = None

    async def read(self, start: int, length: int) -> bytes:
        return self.content[start : start + length]


@dataclass(frozen=True)
class Round:
    """What one round took, in seconds."""

    wall: float
    processor: float

    @classmethod
    def since(cls, began: tuple[float, float], pids: list[int]) -> Round:
        return cls(time.perf_counter() - began[0], processor_seconds(pids) - began[1])


def bare(place: str) -> int:
    """What anyone would write with pyvips alone."""
    image = pyvips.Image.thumbnail(place, BOX.width, height=BOX.height, size="down", output_profile="srgb")
    return len(image.webpsave_buffer(Q=80, effort=2, keep="none"))


def calm() -> None:
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)


async def ours(pool: DecoderPool, places: list[Path], kind: type[OnDisk]) -> None:
    async def one(place: Path) -> None:
        source = kind(place)
        try:
            await pool.preview(source, BOX)
        finally:
            source.close()

    waiting = iter(places)

    async def worker() -> None:
        for place in waiting:
            await one(place)

    await asyncio.gather(*(worker() for _ in range(PROCESSES * 2)))


def processor_seconds(pids: list[int]) -> float:
    """What these processes used so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return float(sum(each.user + each.system for each in times))


async def measure(places: list[Path]) -> dict[str, list[Round]]:
    """The three ways take turns in each round."""
    found: dict[str, list[Round]] = {"bare pyvips": [], "pool, descriptor": [], "pool, ranges": []}
    pool = DecoderPool(processes=PROCESSES)
    with multiprocessing.get_context("spawn").Pool(PROCESSES, initializer=calm) as peers:
        warm = places[: PROCESSES * 2]
        await asyncio.to_thread(peers.map, bare, map(str, warm))
        await ours(pool, warm, OnDisk)
        bare_pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]
        pool_pids = [os.getpid(), *pool.pids]
        for _ in range(ROUNDS):
            began = time.perf_counter(), processor_seconds(bare_pids)
            await asyncio.to_thread(peers.map, bare, [str(place) for place in places], 1)
            found["bare pyvips"].append(Round.since(began, bare_pids))
            for name, kind in (("pool, descriptor", OnDisk), ("pool, ranges", InMemory)):
                began = time.perf_counter(), processor_seconds(pool_pids)
                await ours(pool, places, kind)
                found[name].append(Round.since(began, pool_pids))
    await pool.aclose()
    return found


def large(folder: str) -> Path:
    """A photograph of 24 megapixels."""
    place = Path(folder) / "large.jpg"
    photograph = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    photograph.resize(4900 / photograph.width).jpegsave(str(place), Q=88)
    return place


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "0.3 to 2 megapixels, JPEG": [
                media.picture(n) for n in ("rocket.jpg", "retina.jpg", "hubble_deep_field.jpg")
            ],
            "24 megapixels, JPEG": [large(folder)],
            "8 megapixels, pyramid TIFF of 16 bits": [media.picture("pyramid16.tif")],
        }
        print(f"{PROCESSES} processes, {count} images a round, best of {ROUNDS} rounds, {BOX.width} px WebP")
        for title, pictures in sets.items():
            found = asyncio.run(measure((pictures * count)[:count]))
            print(title)
            for name, rounds in found.items():
                wall, processor = min(each.wall for each in rounds), min(each.processor for each in rounds)
                rate = min(each.wall for each in found["bare pyvips"]) / wall
                thrift = min(each.processor for each in found["bare pyvips"]) / processor
                spread = statistics.pstdev(each.wall for each in rounds) / wall
                print(
                    f"  {name:18} {count / wall:7.1f}/s = {rate:.2f}x bare pyvips (spread {spread:.0%}); "
                    f"{processor / count * 1000:6.1f} ms of processor each = {thrift:.2f}x"
                )


if __name__ == "__main__":
    main()
