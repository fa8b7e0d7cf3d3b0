"""The dispatcher: every runnable row gets a slice, every slice that fails is told of and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mirroring.harbour import PlainSealer, TaskRunner, empty_catalogue, now_ms
from moorage.database.engine import Database
from moorage.jobs import Dispatcher, Jobs
from moorage.jobs.dispatcher import Pace
from moorage.jobs.failing import MAX_TRIES, backoff_s
from moorage.model.access import SYSTEM, Principal, Role, UserId
from moorage.model.errors import Conflict, Forbidden, InUse, StoreDenied, StoreUnreachable
from moorage.model.jobs import Job, JobId, JobState, Work
from moorage.model.slices import Flow, Lost, Slice, own
from moorage.model.transaction import Transaction

QUICK = Pace(every_s=0.1, slice_s=0.05, backoff_s=0.004, at_once=2)


class Bench:
    """A database, a dispatcher, and one flow with the steps that a test gives it."""

    def __init__(self, facts: Database) -> None:
        self.facts = facts
        self.ends: list[tuple[JobState, str]] = []
        self.steps: dict[str, Callable[[Slice], Awaitable[None]]] = {}
        flow = Flow("toy", self.steps, lambda _tx, _job, state, message: self.ends.append((state, message)))
        self.runner = TaskRunner()
        self.dispatcher = Dispatcher(facts, self.runner, [flow], now_ms=now_ms, pace=QUICK)
        self.jobs = Jobs(facts, [flow], hint=self.dispatcher.hint, now_ms=now_ms)

    async def ask(self, *steps: str, project: int | None = None) -> JobId:
        def write(tx: Transaction) -> JobId:
            job = tx.jobs.add(Job(JobId(0), "toy", 1, JobState.QUEUED, "Play", now_ms(), project=project))
            for step in steps:
                tx.jobs.add_work(job.id, step)
            return job.id

        job = await self.facts.write(write)
        self.dispatcher.hint()
        return job

    async def job(self, job: JobId) -> Job:
        return await self.facts.read(lambda tx: tx.jobs.get(job))

    async def until(self, job: JobId, condition: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(5):
            while not condition(found := await self.job(job)):
                await asyncio.sleep(0.002)
        return found

    async def end(self, turn: Slice) -> None:
        """The last step of a job: row and job end in one commit."""

        def write(tx: Transaction) -> None:
            row, job = own(tx, turn.work)
            tx.jobs.add_progress(job.id, done=1)
            if not tx.jobs.advance(row, b"end", done=True):
                raise Lost
            if not tx.jobs.works(job.id, open_only=True):
                tx.jobs.set_state(job.id, JobState.SUCCEEDED)

        await self.facts.write(write)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    catalogue = tmp_path / "catalogue.db"
    catalogue.write_bytes(empty_catalogue())
    facts = Database.open(f"sqlite:///{catalogue}", sealer=PlainSealer())
    one = Bench(facts)
    await one.dispatcher.start()
    yield one
    await one.dispatcher.stop()
    await facts.aclose()


async def test_a_job_starts_at_once_and_ends_with_its_last_row(bench: Bench) -> None:
    bench.dispatcher._pace = replace(QUICK, every_s=60)
    await asyncio.sleep(2 * QUICK.every_s)
    bench.steps["end"] = bench.end
    job = await bench.ask("end", "end", "end")
    found = await bench.until(job, lambda one: one.state.final)
    assert (found.state, found.done) == (JobState.SUCCEEDED, 3)


async def test_no_more_slices_of_a_job_run_side_by_side_than_allowed(bench: Bench) -> None:
    at_once = most = 0

    async def step(turn: Slice) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.01)
        at_once -= 1
        await bench.end(turn)

    bench.steps["step"] = step
    job = await bench.ask(*["step"] * 6)
    await bench.until(job, lambda one: one.state.final)
    assert most == QUICK.at_once


async def test_a_slice_that_is_over_goes_on_in_the_next_one(bench: Bench) -> None:
    slices: list[int] = []

    async def step(turn: Slice) -> None:
        slices.append(turn.work.epoch)
        while not turn.over:
            await asyncio.sleep(0.01)
        if len(slices) == 3:
            await bench.end(turn)

    bench.steps["step"] = step
    await bench.until(await bench.ask("step"), lambda one: one.state.final)
    assert slices == [1, 2, 3]


async def test_slices_end_soon_when_the_process_stops_and_the_next_one_goes_on(bench: Bench) -> None:
    bench.dispatcher._pace = replace(QUICK, slice_s=60)
    began = asyncio.Event()

    async def step(turn: Slice) -> None:
        began.set()
        while not turn.over:
            await asyncio.sleep(0.005)
        await bench.end(turn)

    bench.steps["step"] = step
    job = await bench.ask("step", "step", "step")
    await began.wait()
    tasks = list(bench.runner.tasks.values())
    bench.dispatcher._stopping.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 2)
    assert (await bench.job(job)).done >= 1


async def test_a_job_of_an_unknown_kind_fails_and_says_so(bench: Bench) -> None:
    def write(tx: Transaction) -> JobId:
        job = tx.jobs.add(Job(JobId(0), "strange", 1, JobState.QUEUED, "Play", now_ms()))
        tx.jobs.add_work(job.id, "step")
        return job.id

    job = await bench.facts.write(write)
    bench.dispatcher.hint()
    assert (await bench.until(job, lambda one: one.state.final)).state is JobState.FAILED


async def test_a_passing_fault_is_counted_and_tried_again(bench: Bench) -> None:
    tries = 0

    async def step(turn: Slice) -> None:
        nonlocal tries
        tries += 1
        if tries < MAX_TRIES:
            raise StoreUnreachable("No answer.", "Wait.")
        await bench.end(turn)

    bench.steps["step"] = step
    job = await bench.until(await bench.ask("step"), lambda one: one.state.final)
    assert (job.state, job.errors["store unreachable"].count) == (JobState.SUCCEEDED, MAX_TRIES - 1)
    assert bench.ends == []


@pytest.mark.parametrize(
    ("error", "tries"), [(StoreUnreachable("No answer.", "Wait."), MAX_TRIES), (StoreDenied("No.", "Ask."), 1)]
)
async def test_a_job_fails_after_tries_in_a_row_or_at_once_where_no_try_helps(
    bench: Bench, error: Exception, tries: int
) -> None:
    async def step(turn: Slice) -> None:
        raise error

    bench.steps["step"] = step
    job = await bench.until(await bench.ask("step"), lambda one: one.state.final)
    assert (job.state, job.message) == (JobState.FAILED, str(error))
    assert sum(cause.count for cause in job.errors.values()) == tries
    assert bench.ends == [(JobState.FAILED, str(error))]
    bench.steps["step"] = bench.end
    await bench.jobs.retry(SYSTEM, job.id)
    job = await bench.until(job.id, lambda one: one.state.final)
    assert (job.state, dict(job.errors)) == (JobState.SUCCEEDED, {})


async def test_a_step_that_this_version_does_not_know_fails_the_job(bench: Bench) -> None:
    bench.steps["other"] = bench.end
    job = await bench.until(await bench.ask("unknown"), lambda one: one.state.final)
    assert job.state is JobState.FAILED


async def test_work_that_nobody_told_of_is_found_and_a_dead_slice_is_replaced(bench: Bench) -> None:
    bench.steps["end"] = bench.end
    dead = asyncio.create_task(asyncio.sleep(0))
    await dead

    def write(tx: Transaction) -> Work:
        job = tx.jobs.add(Job(JobId(0), "toy", 1, JobState.QUEUED, "Play", now_ms()))
        tx.jobs.add_work(job.id, "end")
        (row,) = tx.jobs.works(job.id)
        bench.runner.tasks[row.workflow] = dead
        return row

    row = await bench.facts.write(write)
    found = await bench.until(row.job, lambda one: one.state.final)
    assert found.state is JobState.SUCCEEDED
    assert (await bench.facts.read(lambda tx: tx.jobs.work(row.id))).epoch == row.epoch + 1


async def test_cancel_ends_a_job_at_once_and_what_was_in_flight_is_rolled_back(bench: Bench) -> None:
    began, gate = asyncio.Event(), asyncio.Event()

    async def step(turn: Slice) -> None:
        began.set()
        await gate.wait()
        await bench.end(turn)

    bench.steps["step"] = step
    job = await bench.ask("step")
    await began.wait()
    assert (await bench.jobs.cancel(SYSTEM, job)).state is JobState.CANCELLED
    assert (await bench.jobs.cancel(SYSTEM, job)).state is JobState.CANCELLED
    gate.set()
    await asyncio.sleep(0.03)
    found = await bench.job(job)
    assert (found.state, found.done) == (JobState.CANCELLED, 0)
    assert bench.ends == [(JobState.CANCELLED, "")]
    await bench.jobs.retry(SYSTEM, job)
    assert (await bench.until(job, lambda one: one.state.final)).state is JobState.SUCCEEDED


async def test_a_paused_job_waits_until_it_is_resumed(bench: Bench) -> None:
    ran = 0
    gate = asyncio.Event()

    async def step(turn: Slice) -> None:
        nonlocal ran
        ran += 1
        await gate.wait()
        await bench.end(turn)

    bench.steps["step"] = step
    job = await bench.ask("step")
    await bench.until(job, lambda one: one.state is JobState.RUNNING)
    await bench.jobs.pause(SYSTEM, job)
    gate.set()
    await asyncio.sleep(0.25)
    assert (await bench.job(job)).state is JobState.PAUSED
    assert ran == 1
    with pytest.raises(Conflict):
        await bench.jobs.retry(SYSTEM, job)
    await bench.jobs.resume(SYSTEM, job)
    assert (await bench.until(job, lambda one: one.state.final)).state is JobState.SUCCEEDED


async def test_following_tells_each_change_until_the_end(bench: Bench) -> None:
    bench.steps["end"] = bench.end
    job = await bench.ask("end")
    seen = [found.state async for found in bench.jobs.follow(SYSTEM, job)]
    assert seen[-1] is JobState.SUCCEEDED
    assert len(seen) == len(set(seen))


async def test_a_retry_is_refused_while_another_job_does_the_same(bench: Bench) -> None:
    gate = asyncio.Event()

    async def step(turn: Slice) -> None:
        await gate.wait()

    bench.steps["step"] = step
    first = await bench.ask("step")
    await bench.jobs.cancel(SYSTEM, first)
    await bench.ask("step")
    with pytest.raises(InUse):
        await bench.jobs.retry(SYSTEM, first)
    gate.set()


async def test_a_job_of_a_project_is_for_those_who_have_a_role_on_it(bench: Bench) -> None:
    bench.steps["end"] = bench.end
    job = await bench.ask("end", project=5)
    viewer = Principal(UserId(3), "v@example.org", roles={5: Role.VIEWER})
    assert (await bench.jobs.get(viewer, job)).id == job
    assert [one.id for one in await bench.jobs.all(viewer)] == [job]
    for verb in (bench.jobs.cancel, bench.jobs.pause, bench.jobs.resume, bench.jobs.retry):
        with pytest.raises(Forbidden):
            await verb(viewer, job)
    with pytest.raises(Forbidden):
        await bench.jobs.confirm(viewer, job, choice="accept", figures={})


async def test_a_job_that_nobody_takes_for_a_minute_lacks_a_worker(bench: Bench) -> None:
    job = Job(JobId(1), "toy", 1, JobState.QUEUED, "Play", now_ms() - 61_000)
    fresh = Job(JobId(1), "toy", 1, JobState.QUEUED, "Play", now_ms())
    assert bench.jobs.lacks_worker(job, 1)
    assert not bench.jobs.lacks_worker(fresh, 1)
    assert bench.jobs.lacks_worker(fresh, 0)


def test_waits_double_up_to_a_minute_with_jitter() -> None:
    for tries, longest in ((0, 1.0), (3, 8.0), (10, 60.0)):
        waits = [backoff_s(tries, 1.0, 0.0) for _ in range(50)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert backoff_s(0, 1.0, 30.0) == 30.0
