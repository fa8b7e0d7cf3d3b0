"""Broken files of every kind, through every task: a result or a reason, and the next file is served."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

import media
from imaging.breaking import Broken, broken
from imaging.sources import BytesSource, FileSource
from moorage.imaging import DecoderPool, Limits
from moorage.imaging.process import ProcessFailed
from moorage.model.errors import Undecodable
from moorage.model.region import Look, Pyramid, Region
from moorage.model.sheet import Sheet
from moorage.model.variant import Format, Recipe, Task, Wish
from moorage.model.video import Film, Made, Probe, Strip, Timing

BOX: Final = Recipe(64, 64)
LOOK: Final = Look()
IMAGES: Final[tuple[tuple[Task, Wish], ...]] = (
    (Task.PREVIEW, BOX),
    (Task.PREVIEW, Recipe(64, 64, page=2, format=Format.JPEG)),
    (Task.MEASURE_IMAGE, LOOK),
    (Task.LOOK, LOOK),
    (Task.REGION, Region(8, 8, 48, 32, 24, 16)),
    (Task.PYRAMID, Pyramid()),
    (Task.SHEET, Sheet(2, 2, 64, Format.WEBP)),
)
VIDEOS: Final[tuple[tuple[Task, Wish], ...]] = (
    (Task.POSTER, BOX),
    (Task.MEASURE_VIDEO, LOOK),
    (Task.PROBE_VIDEO, Probe()),
    (Task.STRIP, Strip(frames=4, pixels=64)),
    (Task.INDEX, Timing()),
    (Task.FRAMES, Timing()),
    (Task.FILM, Film(Made.REMUX)),
    (Task.FILM, Film(Made.TRANSCODE)),
)
SECONDS: Final = 10.0
"""Of one task on one file; none of them takes a tenth of that while it is whole."""
SENTENCE: Final = re.compile(r"[A-Z][^\n]{10,300}\.")
MIB: Final = 1 << 20


@dataclass
class Tally:
    """What came of all files. ``ends``: how often which kind of file ended a process, by what it was told."""

    counts: Counter[str] = field(default_factory=Counter)
    ends: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], Broken] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")

    def ended(self, file: Broken, task: Task, how: str) -> None:
        key = (file.kind, task, how)
        self.ends[key] += 1
        self.examples.setdefault(key, file)

    def __str__(self) -> str:
        kinds = (f"{count} x {' / '.join(key)}, as {self.examples[key]}" for key, count in self.ends.most_common())
        return "\n".join([f"{dict(self.counts)}, slowest {self.slowest[0]:.1f} s ({self.slowest[1]})", *kinds])


@contextmanager
def source(file: Broken, *, ranges: bool) -> Iterator[BytesSource]:
    """About half of the files by a descriptor, as on a disk; others by ranges, as from a bucket and for every film."""
    if ranges or len(file.content) % 2:
        yield BytesSource(file.content)
        return
    descriptor = os.memfd_create("broken")
    try:
        os.write(descriptor, file.content)
        yield FileSource(file.content, descriptor)
    finally:
        os.close(descriptor)


async def tried(pool: DecoderPool, file: Broken, task: Task, wish: Wish, tally: Tally) -> None:
    """Do the task, and look at what it says."""
    written, told = 0, ""

    async def put(start: int, data: bytes) -> None:
        nonlocal written
        written += len(data)
        assert start + len(data) < 64 * MIB > written, file

    began = time.monotonic()
    try:
        with source(file, ranges=task is Task.FILM) as of:
            async with asyncio.timeout(SECONDS * 3):
                await pool.make(task, of, wish, put)
        tally.counts["made"] += 1
    except Undecodable as exc:
        told, failed = exc.reason, exc.__cause__
        if isinstance(failed, ProcessFailed):
            tally.ended(file, task, f"{exc.reason} ({failed.ended})")
        tally.counts["ended" if isinstance(failed, ProcessFailed) else "refused"] += 1
    except Exception as exc:
        raise AssertionError(f"{task}, {type(exc).__name__}: {exc}: {file}") from exc
    assert not told or SENTENCE.fullmatch(told), f"{told!r}: {file}"
    assert not told.startswith("The image" if task.of_video else "The video"), f"{told!r}: {file}"
    tally.slowest = max(tally.slowest, (time.monotonic() - began, f"{task} of {file}"))


def open_in(pid: int) -> list[Path]:
    """The descriptors of a process."""
    return list(Path(f"/proc/{pid}/fd").iterdir())


def children() -> set[int]:
    """Processes that this one started."""
    return {int(pid) for place in Path("/proc/self/task").glob("*/children") for pid in place.read_text().split()}


@asynccontextmanager
async def decoders(processes: int) -> AsyncIterator[DecoderPool]:
    """A pool that leaves nothing behind: no process, no descriptor."""
    before, started = len(open_in(os.getpid())), children()
    pool = DecoderPool(processes=processes, limits=Limits(seconds=SECONDS, cpu_seconds=int(SECONDS)))
    try:
        yield pool
        assert (await pool.preview(BytesSource(media.data("rocket.jpg")), BOX)).source_width == 640
    finally:
        await pool.aclose()
    assert children() <= started
    assert len(open_in(os.getpid())) <= before


async def all_tried(pool: DecoderPool, files: Iterator[Broken], tally: Tally, *, each: int | None = None) -> None:
    """Every task on every file, or so many of them that take turns."""
    for file in files:
        tasks = VIDEOS if file.video else IMAGES
        turn = random.Random(file.number).sample(tasks, each or len(tasks))
        for task, wish in turn:
            await tried(pool, file, task, wish, tally)


async def test_files_that_broke_have_a_result_or_a_reason() -> None:
    tally = Tally()
    async with decoders(1) as pool:
        await pool.preview(BytesSource(media.data("rocket.jpg")), BOX)
        [pid] = pool.pids
        before = len(open_in(pid))
        await all_tried(pool, (broken(7, number) for number in range(100)), tally, each=2)
        assert [len(open_in(pid)) for pid in pool.pids] == [before]
    assert tally.counts["made"] > 40 < tally.counts["refused"], tally
    assert tally.counts["ended"] <= 2, tally


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_ten_thousand_of_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    seed, tally = random.SystemRandom().randrange(1_000_000), Tally()
    files = (broken(seed, number) for number in range(10_000))
    async with decoders(2) as pool:
        await asyncio.gather(*(all_tried(pool, files, tally) for _ in range(2)))
    with capsys.disabled():
        sys.stdout.write(f"\nseed {seed}: {tally}\n")
    assert tally.counts["ended"] <= tally.counts.total() // 500, tally
    assert sum(tally.counts.values()) > 70_000
