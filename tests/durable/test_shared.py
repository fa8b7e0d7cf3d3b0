"""The durable engine over PostgreSQL: many processes share the work, and the dead are noticed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from dbos import DBOS

from moorage.durable import beats, engine
from moorage.durable.runner import DbosRunner
from servers import postgres

CHILD = """
import asyncio, sys
from moorage.durable.runner import DbosRunner
async def run(work, epoch):
    print(f"began {work}:{epoch}", flush=True)
    await asyncio.sleep(60)
async def main():
    runner = DbosRunner(sys.argv[1], version=sys.argv[2])
    runner.register(run)
    await runner.start()
    print("ready", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
Run = Callable[[int, int], Awaitable[None]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.running() as one:
        yield one


@pytest.fixture
def url(cluster: postgres.Cluster) -> Iterator[str]:
    with cluster.database() as one:
        yield one


@asynccontextmanager
async def started(url: str, run: Run, **more: object) -> AsyncIterator[DbosRunner]:
    runner = DbosRunner(url, version="1", **more)  # type: ignore[arg-type]  # places, takes_work
    runner.register(run)
    await runner.start()
    try:
        yield runner
    finally:
        await runner.stop()


@asynccontextmanager
async def another_process(url: str, version: str = "1") -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, url, version, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def nothing(_work: int, _epoch: int) -> None:
    """For runners that only hand out work."""


async def test_a_slice_starts_in_the_process_that_was_asked_without_a_poll(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POLL_S", 60.0)
    began = asyncio.Event()

    async def run(work: int, epoch: int) -> None:
        began.set()

    async with started(url, run) as runner:
        assert await runner.enqueue("1:1", 1, 1)
        await asyncio.wait_for(began.wait(), 5)
        assert runner.workers == 1
        async with asyncio.timeout(5):
            while await runner.live(["1:1"]):
                await asyncio.sleep(0.01)
        assert not await runner.enqueue("1:1", 1, 1)


async def test_a_process_that_takes_no_work_hands_it_to_one_that_does(url: str) -> None:
    async with started(url, nothing, takes_work=False) as runner, another_process(url) as worker:
        assert worker.stdout is not None
        assert await runner.enqueue("7:1", 7, 1)
        assert await asyncio.wait_for(worker.stdout.readline(), 5) == b"began 7:1\n"
        await asyncio.to_thread(runner._upkeep_once)
        assert await runner.live(["7:1", "8:1"]) == {"7:1"}
        assert runner.workers == 1


async def test_of_two_processes_that_begin_the_same_slice_one_runs_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[int] = []

    async def run(work: int, epoch: int) -> None:
        ran.append(work)

    async with another_process(url) as other, started(url, nothing, takes_work=False) as asker:
        assert other.stdout is not None
        await asker.enqueue("7:1", 7, 1)
        assert await asyncio.wait_for(other.stdout.readline(), 5) == b"began 7:1\n"
        await asker.stop()
        async with started(url, run) as late:
            # As if the look came just before the other process began.
            monkeypatch.setattr(DBOS, "get_workflow_status", looks_first(DBOS.get_workflow_status))
            assert not await late.enqueue("7:1", 7, 1)
            assert await late.live(["7:1"]) == {"7:1"}
            assert late._mine == set()
            assert ran == []


def looks_first(real: Callable[[str], object]) -> Callable[[str], object]:
    answers = [None]

    def status(workflow: str) -> object:
        return answers.pop() if answers else real(workflow)

    return status


async def test_what_a_silent_process_ran_is_no_longer_live(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(url, nothing, takes_work=False) as runner, another_process(url) as worker:
        assert worker.stdout is not None
        await runner.enqueue("7:1", 7, 1)
        await asyncio.wait_for(worker.stdout.readline(), 5)
        worker.kill()
        await worker.wait()
        await asyncio.to_thread(runner._upkeep_once)
        assert await runner.live(["7:1"]) == {"7:1"}, "it may be a short silence"
        monkeypatch.setattr(beats, "SILENT_AFTER_S", 0.0)
        await asyncio.to_thread(runner._upkeep_once)
        assert await runner.live(["7:1"]) == set()
        assert runner.workers == 0


async def test_what_waits_for_another_version_is_not_live_and_its_next_epoch_is_taken(url: str) -> None:
    async with started(url, nothing, takes_work=False) as runner:
        await runner.enqueue("7:1", 7, 1)
        assert await runner.live(["7:1"]) == {"7:1"}
    ran: list[int] = []

    async def run(work: int, epoch: int) -> None:
        ran.append(epoch)

    upgraded = DbosRunner(url, version="2")
    upgraded.register(run)
    await upgraded.start()
    try:
        await asyncio.sleep(0.5)
        assert await upgraded.live(["7:1"]) == set()
        assert not await upgraded.enqueue("7:1", 7, 1)
        await upgraded.forget(["7:1"])
        assert await upgraded.enqueue("7:2", 7, 2)
        async with asyncio.timeout(5):
            while not ran:
                await asyncio.sleep(0.01)
        assert ran == [2]
    finally:
        await upgraded.stop()
