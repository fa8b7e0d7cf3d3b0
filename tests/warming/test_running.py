"""Warm-ups as jobs: which items they take, when they stop, and what they do where a store is silent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from linking.pier import Pier, opened
from mirroring.harbour import TaskRunner, now_ms
from moorage.jobs.dispatcher import Dispatcher, Pace
from moorage.jobs.verbs import Jobs
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Item
from moorage.model.errors import Conflict, Invalid, MoorageError, StoreUnreachable, Undecodable
from moorage.model.jobs import Job, JobId, JobState
from moorage.model.store import Store
from moorage.model.warming import MOST_FAULTS, WarmUp
from moorage.warming import Room, Warmer, Warming, WarmUps
from moorage.warming.item import Outcome

COUNT = 40
BYTES = 1000
WIDE = Room(1 << 30, 1 << 30)


@dataclass
class Scripted(Warmer):
    """Does what a test says for each item, and counts how often."""

    does: Callable[[Item], Awaitable[MoorageError | None]]
    asked: Counter[str] = field(default_factory=Counter)

    def __init__(self, does: Callable[[Item], Awaitable[MoorageError | None]]) -> None:
        self.does = does
        self.asked = Counter()

    async def warm(self, of: WarmUp, item: Item, store: Store, over: Callable[[], bool]) -> Outcome | None:
        del of, store
        self.asked[item.name] += 1
        error = await self.does(item)
        return None if over() else Outcome(item, made=0 if error else BYTES, error=error)


async def well(_: Item) -> None:
    return None


@dataclass
class Stove:
    """A catalogue with some images, and what warms them."""

    pier: Pier

    async def run(
        self, warmer: Warmer | None, room: Room = WIDE, *, slice_s: float = 60.0, job: JobId | None = None
    ) -> Job:
        """Begin a warm-up, or go on with one, until it ends or half a second is over."""
        facts = self.pier.facts
        flow = Warming(facts, warmer, room).flow
        pace = Pace(every_s=0.02, slice_s=slice_s, backoff_s=0.002)
        dispatcher = Dispatcher(facts, TaskRunner(), [flow], now_ms=now_ms, pace=pace)
        await dispatcher.start()
        try:
            if job is None:
                verbs = WarmUps(facts, hint=dispatcher.hint, now_ms=now_ms)
                job = (await verbs.begin(SYSTEM, self.wish)).id
            elif (await facts.read(lambda tx: tx.jobs.get(job))).state.final:
                await Jobs(facts, [flow], hint=dispatcher.hint, now_ms=now_ms).retry(SYSTEM, job)
            for _ in range(500 if warmer else 25):
                found = await facts.read(lambda tx: tx.jobs.get(job))
                if found.state.final:
                    break
                await asyncio.sleep(0.02)
            return found
        finally:
            await dispatcher.stop()

    @property
    def wish(self) -> WarmUp:
        return WarmUp(self.pier.project.id, self.pier.project.root, (256,))


@pytest.fixture
async def stove(tmp_path: Path) -> AsyncIterator[Stove]:
    async with opened(tmp_path) as pier:
        names = [f"{number:03}.jpg" for number in range(COUNT)]
        pier.put(names)
        await pier.imported("".join(f"fs://dk/{name}\n" for name in names))
        await pier.dispatcher.stop()
        yield Stove(pier)


async def test_every_item_is_warmed_once_and_counted(stove: Stove) -> None:
    warmer = Scripted(well)
    job = await stove.run(warmer)
    assert (job.state, job.done, job.total, job.bytes) == (JobState.SUCCEEDED, COUNT, COUNT, COUNT * BYTES)
    assert job.message == "40 items are warm."
    assert set(warmer.asked.values()) == {1}


async def test_it_stops_before_it_pushes_out_what_it_warmed_first(stove: Stove) -> None:
    warmer = Scripted(well)
    job = await stove.run(warmer, Room(previews=10 * BYTES, originals=0))
    assert (job.state, job.done) == (JobState.PARTIAL, 9)
    assert job.message.startswith("The cache of previews is full: 9 of 40. 9 items are warm.")


async def test_items_that_fail_are_counted_and_the_first_are_listed(stove: Stove) -> None:
    async def odd(item: Item) -> MoorageError | None:
        return Undecodable("It is cut.", reason="Its end is missing.") if int(item.name[:3]) % 2 else None

    job = await stove.run(Scripted(odd))
    assert (job.state, job.message) == (JobState.PARTIAL, "20 items are warm, 20 failed.")
    assert {name: cause.count for name, cause in job.errors.items()} == {"no preview can be made": 20}
    of = await stove.pier.facts.read(lambda tx: tx.warm_ups.get(job.id))
    assert [(one.name, one.reason) for one in of.faults][:2] == [
        ("001.jpg", "Its end is missing."),
        ("003.jpg", "Its end is missing."),
    ]
    assert len(of.faults) == 20 < MOST_FAULTS


async def test_a_store_that_is_silent_for_a_while_costs_no_item(stove: Stove) -> None:
    silent = 3

    async def returning(item: Item) -> MoorageError | None:
        nonlocal silent
        silent -= item.name == "000.jpg"
        return StoreUnreachable("It does not answer.") if silent >= 0 else None

    job = await stove.run(Scripted(returning))
    assert (job.state, job.done, job.message) == (JobState.SUCCEEDED, COUNT, "40 items are warm.")


async def test_a_store_that_stays_silent_ends_the_job_which_goes_on_when_it_is_tried_again(stove: Stove) -> None:
    broken = True

    async def later(item: Item) -> MoorageError | None:
        return StoreUnreachable("It does not answer.") if broken and int(item.name[:3]) >= 18 else None

    job = await stove.run(Scripted(later))
    assert (job.state, job.done) == (JobState.FAILED, 18)
    broken, warmer = False, Scripted(later)
    job = await stove.run(warmer, job=job.id)
    assert (job.state, job.done, job.outcome["warm"]) == (JobState.SUCCEEDED, COUNT, COUNT)
    assert min(warmer.asked) == "018.jpg"


async def test_one_address_that_does_not_answer_does_not_stop_the_others(stove: Stove) -> None:
    async def one(item: Item) -> MoorageError | None:
        return StoreUnreachable("It does not answer.") if item.name == "007.jpg" else None

    job = await stove.run(Scripted(one))
    assert (job.state, job.message) == (JobState.PARTIAL, "39 items are warm, 1 failed.")


async def test_slices_that_end_in_the_middle_count_nothing_twice(stove: Stove) -> None:
    async def slow(_: Item) -> None:
        await asyncio.sleep(0.01)

    job = await stove.run(Scripted(slow), slice_s=0.05)
    assert (job.state, job.done, job.bytes) == (JobState.SUCCEEDED, COUNT, COUNT * BYTES)


async def test_a_process_whose_caches_nobody_reads_leaves_it_to_the_server(stove: Stove) -> None:
    job = await stove.run(None)
    assert (job.state, job.done, job.total) == (JobState.RUNNING, 0, COUNT)
    job = await stove.run(Scripted(well), job=job.id)
    assert (job.state, job.done) == (JobState.SUCCEEDED, COUNT)


async def test_what_cannot_be_meant_is_refused(stove: Stove) -> None:
    facts, project = stove.pier.facts, stove.pier.project
    verbs = WarmUps(facts, hint=lambda: None, now_ms=now_ms)
    other = await facts.write(lambda tx: tx.projects.add("other"))
    for wish, error, told in (
        (WarmUp(project.id, project.root), Invalid, "Neither previews nor originals"),
        (WarmUp(project.id, project.root, (250,)), Invalid, "side of 250 pixels"),
        (WarmUp(project.id, other.root, (256,)), Conflict, "another project"),
    ):
        with pytest.raises(error, match=told):
            await verbs.begin(SYSTEM, wish)
    first, again = [await verbs.begin(SYSTEM, stove.wish) for _ in range(2)]
    assert first == again
    more = await verbs.begin(SYSTEM, WarmUp(project.id, project.root, (1024, 256, 256)))
    assert (more.id != first.id, more.title) == (True, "Warm up survey: previews of 256, 1024 pixels")
