"""Conversions as jobs: once each, one at a time, ended by a cancel, begun anew by the next process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from imaging.sources import BytesSource
from linking.pier import QUICK, Pier, opened
from mirroring.harbour import TaskRunner, now_ms
from moorage.cache import FileChunkCache, FileFilmCache, FileVariantCache, SingleFlight
from moorage.converting import Conversions, Making
from moorage.converting.making import Watched
from moorage.jobs.dispatcher import Dispatcher
from moorage.jobs.verbs import Jobs
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Measured
from moorage.model.jobs import Job, JobState
from moorage.model.variant import Put, Rendered, Source, Task, Wish
from moorage.model.video import Made, VideoFacts
from moorage.reading.content import Content
from moorage.reading.locate import Located, Locator
from moorage.reading.originals import Originals
from moorage.reading.variants import Variants

FACTS = VideoFacts(480, 270, 6.0, "mkv", "h264", "", "", 25.0, 25.0, 150, 0, "yuv420p", 8)
DAYS = timedelta(days=1)


@dataclass
class Slow:
    """An Imager that writes a film of three bytes, and waits in the middle of it."""

    begun: list[str] = field(default_factory=list)
    going_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(self, task: Task, source: Source, wish: Wish, put: Put | None = None) -> Rendered:
        if task is Task.PROBE_VIDEO:
            return Rendered(FACTS.written(), wish.media_type, 480, 270, 6000)
        assert put is not None
        read = await source.read(0, 3)
        await put(0, read[:1])
        self.begun.append(read.decode())
        await self.going_on.wait()
        await put(1, read[1:])
        return Rendered(b"", wish.media_type, 480, 270, 6000)

    async def measure(self, source: Source, *, video: bool) -> Measured:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass


@dataclass
class Yard:
    """A pier with two linked videos, and what converts them."""

    pier: Pier
    root: Path
    imager: Slow
    converted: FileVariantCache
    locator: Locator
    conversions: Conversions
    jobs: Jobs
    making: Making
    dispatcher: Dispatcher | None = None

    async def start(self) -> None:
        """The dispatcher of a new process."""
        self.dispatcher = Dispatcher(self.pier.facts, TaskRunner(), self.making.flows, now_ms=now_ms, pace=QUICK)
        await self.dispatcher.start()

    async def stop(self) -> None:
        if self.dispatcher is not None:
            await self.dispatcher.stop()

    async def video(self, name: str) -> Located:
        located = await self.locator.locate((await self.pier.items())[name].id)
        return await self.conversions.variants.content.seen(located)  # nobody has looked at a new link yet

    async def begin(self, name: str, made: Made = Made.REMUX) -> Job:
        job = await self.conversions.begin(SYSTEM, await self.video(name), made)
        assert job is not None
        return job

    async def until(self, *begun: str) -> None:
        """Wait until the making of so many films was begun."""
        async with asyncio.timeout(30):
            while self.imager.begun != list(begun):
                await asyncio.sleep(0.01)

    async def film(self, name: str) -> bytes | None:
        found = await self.conversions.film(await self.video(name))
        if found is None:
            return None
        async with found:
            return await found.read()

    def left_aside(self) -> list[Path]:
        return list((self.root / "converted").rglob(".*"))


@pytest.fixture
async def yard(tmp_path: Path) -> AsyncIterator[Yard]:
    async with opened(tmp_path) as pier:
        for name in ("one.mkv", "two.mkv"):
            pier.put([name])
        await pier.imported("fs://dk/one.mkv\nfs://dk/two.mkv\n")
        await pier.dispatcher.stop()
        converted = FileVariantCache(tmp_path / "converted", max_bytes=1_000_000, max_age=DAYS)
        chunks = FileChunkCache(tmp_path / "originals", max_bytes=1_000_000, max_age=DAYS)
        locator, imager, films = Locator(pier.facts), Slow(), FileFilmCache(converted)
        content = Content(pier.facts, locator, pier.openings.for_jobs, Originals(chunks, expires=DAYS, stale=False))
        variants = Variants(pier.facts, content, locator, imager, converted, converted, SingleFlight())
        place = pier.spool.place
        making = Making(pier.facts, content, locator, imager, films, converted, place, now_ms)
        conversions = Conversions(pier.facts, variants, films, converted, place, lambda: None, now_ms)
        jobs = Jobs(pier.facts, making.flows, hint=lambda: None, now_ms=now_ms)
        made = Yard(pier, tmp_path, imager, converted, locator, conversions, jobs, making)
        await made.start()
        yield made
        await made.stop()
        await converted.aclose()
        await chunks.aclose()


async def test_a_conversion_is_one_job_however_often_it_is_asked_for(yard: Yard) -> None:
    job = await yard.begin("one.mkv")
    await yard.until("one")
    assert (await yard.begin("one.mkv")).id == job.id
    assert await yard.film("one.mkv") is None
    yard.imager.going_on.set()
    assert (await yard.pier.ended(job.id)).state is JobState.SUCCEEDED
    assert await yard.film("one.mkv") == b"one"
    assert await yard.conversions.begin(SYSTEM, await yard.video("one.mkv"), Made.REMUX) is None
    assert yard.imager.begun == ["one"]


async def test_a_cancel_ends_it_and_leaves_nothing(yard: Yard) -> None:
    job = await yard.begin("one.mkv")
    await yard.until("one")
    await yard.jobs.cancel(SYSTEM, job.id)
    async with asyncio.timeout(10):
        while yard.left_aside():
            await asyncio.sleep(0.01)
    assert await yard.film("one.mkv") is None
    assert (await yard.begin("one.mkv")).id != job.id


async def test_a_process_that_ends_leaves_it_to_the_next_one(yard: Yard) -> None:
    job = await yard.begin("one.mkv")
    await yard.until("one")
    await yard.stop()
    assert yard.left_aside() == []
    await yard.pier.facts.write(lambda tx: tx.jobs.add_progress(job.id, done=1))  # as far as the first one told to be
    yard.imager.going_on.set()
    await yard.start()
    ended = await yard.pier.ended(job.id)
    assert (ended.state, ended.done, ended.total) == (JobState.SUCCEEDED, 1, 1)
    assert yard.imager.begun == ["one", "one"]
    assert await yard.film("one.mkv") == b"one"


async def test_one_is_made_at_a_time_and_the_next_one_waits_outside_of_the_slices(yard: Yard) -> None:
    first, second = await yard.begin("one.mkv"), await yard.begin("two.mkv")
    async with asyncio.timeout(30):
        while not yard.imager.begun:
            await asyncio.sleep(0.01)
    assert len(yard.imager.begun) == 1
    yard.imager.going_on.set()
    assert (await yard.pier.ended(first.id)).state is JobState.SUCCEEDED
    assert (await yard.pier.ended(second.id)).state is JobState.SUCCEEDED
    assert sorted(yard.imager.begun) == ["one", "two"]


async def test_of_a_video_that_is_another_by_now_nothing_is_made(yard: Yard) -> None:
    await yard.stop()
    job = await yard.begin("one.mkv")
    (yard.root / "media" / "one.mkv").write_bytes(b"another film")
    await yard.conversions.variants.content.refresh(await yard.video("one.mkv"))
    await yard.start()
    ended = await yard.pier.ended(job.id)
    assert (ended.state, ended.message.partition(".")[0]) == (JobState.FAILED, "'one")
    assert "was overwritten" in ended.message
    assert yard.imager.begun == []


async def test_a_look_at_an_index_at_the_end_is_no_progress() -> None:
    watched = Watched(BytesSource(bytes(32 << 20)))
    for start, reached in ((0, 1), (31, 1), (1, 2), (3, 4)):
        await watched.read(start << 20, 1 << 20)
        assert watched.reached == reached << 20
