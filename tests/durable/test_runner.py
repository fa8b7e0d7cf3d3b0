"""The durable engine: slices start at once, and nothing that it knew is needed again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from moorage.durable.runner import DbosRunner, embedded_url

Run = Callable[[int, int], Awaitable[None]]


@pytest.fixture
async def started(tmp_path: Path) -> AsyncIterator[Callable[[Run], Awaitable[DbosRunner]]]:
    runners: list[DbosRunner] = []

    async def start(run: Run, version: str = "1", places: int = 4) -> DbosRunner:
        runner = DbosRunner(embedded_url(tmp_path), version=version, places=places)
        runner.register(run)
        await runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        await runner.stop()


async def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_slice_starts_within_a_tenth_of_a_second_and_runs_on_our_loop(
    started: Callable[[Run], Awaitable[DbosRunner]],
) -> None:
    began: list[float] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def run(work: int, epoch: int) -> None:
        began.append(time.perf_counter())
        loops.append(asyncio.get_running_loop())

    runner = await started(run)
    waits = []
    for work in range(5):
        asked = time.perf_counter()
        await runner.enqueue(f"{work}:1", work, 1)
        await until(lambda expected=work + 1: len(began) == expected)  # type: ignore[misc]  # mypy loses the default
        waits.append(began[-1] - asked)
    assert min(waits) < 0.1
    assert set(loops) == {asyncio.get_running_loop()}


async def test_an_id_that_is_known_already_is_passed_over(started: Callable[[Run], Awaitable[DbosRunner]]) -> None:
    ran: list[int] = []

    async def run(work: int, epoch: int) -> None:
        ran.append(work)

    runner = await started(run)
    assert sorted(await asyncio.gather(*(runner.enqueue("7:1", 7, 1) for _ in range(3)))) == [False, False, True]
    await until(lambda: bool(ran) and not runner._mine)
    assert not await runner.enqueue("7:1", 7, 1)
    await asyncio.sleep(0.05)
    assert ran == [7]


async def test_what_runs_or_waits_is_live_and_what_ended_is_not(
    started: Callable[..., Awaitable[DbosRunner]],
) -> None:
    gate = asyncio.Event()
    ran: list[int] = []

    async def run(work: int, epoch: int) -> None:
        ran.append(work)
        await gate.wait()

    runner = await started(run, places=2)
    for work in range(3):
        await runner.enqueue(f"{work}:1", work, 1)
    await until(lambda: len(ran) == 2)
    ids = [f"{work}:1" for work in range(4)]
    assert await runner.live(ids) == {"0:1", "1:1", "2:1"}
    await runner.forget(["2:1"])
    gate.set()
    await until(lambda: not runner._begun)
    assert await runner.live(ids) == set()
    assert ran == [0, 1], "what was forgotten before it began never begins"


async def test_slices_beyond_the_places_wait_for_one(started: Callable[..., Awaitable[DbosRunner]]) -> None:
    at_once = most = 0

    async def run(work: int, epoch: int) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.02)
        at_once -= 1

    runner = await started(run, places=3)
    for work in range(9):
        await runner.enqueue(f"{work}:1", work, 1)
    await until(lambda: not runner._mine)
    assert most == 3


async def test_stop_waits_for_slices_in_flight(started: Callable[[Run], Awaitable[DbosRunner]]) -> None:
    ended: list[int] = []
    began = asyncio.Event()

    async def run(work: int, epoch: int) -> None:
        began.set()
        await asyncio.sleep(0.1)
        ended.append(work)

    runner = await started(run)
    await runner.enqueue("1:1", 1, 1)
    await began.wait()
    await runner.stop()
    assert ended == [1]


CHILD = """
import asyncio, sys
from pathlib import Path
from moorage.durable.runner import DbosRunner, embedded_url
async def run(work, epoch):
    print("began", flush=True)
    await asyncio.sleep(60)
async def main():
    runner = DbosRunner(embedded_url(Path(sys.argv[1])), version="1")
    runner.register(run)
    await runner.start()
    await runner.enqueue("1:1", 1, 1)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_killed_process_leaves_nothing_that_dbos_resumes(
    tmp_path: Path, started: Callable[..., Awaitable[DbosRunner]], version: str
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"began\n"
    child.kill()
    await child.communicate()
    ran: list[int] = []

    async def run(work: int, epoch: int) -> None:
        ran.append(epoch)

    runner = await started(run, version=version)
    assert await runner.live(["1:1"]) == set()
    await asyncio.sleep(1.2)
    assert ran == [], "the internal queue of DBOS polls every second"
    await runner.enqueue("1:2", 1, 2)
    await until(lambda: ran == [2])


async def test_records_that_cannot_be_read_are_begun_anew(
    tmp_path: Path, started: Callable[[Run], Awaitable[DbosRunner]]
) -> None:
    spoil(tmp_path / "durable.db")
    began = asyncio.Event()

    async def run(work: int, epoch: int) -> None:
        began.set()

    runner = await started(run)
    await runner.enqueue("1:1", 1, 1)
    await asyncio.wait_for(began.wait(), 5)


def spoil(file: Path) -> None:
    file.write_bytes(b"this is no database " * 500)


async def test_nothing_is_printed_no_port_is_opened_and_dbos_is_imported_by_the_start_only(tmp_path: Path) -> None:
    code = """
import asyncio, psutil, sys
from pathlib import Path
from moorage.durable.runner import DbosRunner, embedded_url
assert "dbos" not in sys.modules
async def run(work, epoch): pass
async def main():
    runner = DbosRunner(embedded_url(Path(sys.argv[1])), version="1")
    runner.register(run)
    await runner.start()
    await runner.enqueue("1:1", 1, 1)
    assert runner.workers == 1
    assert psutil.Process().net_connections("inet") == []
    await runner.stop()
    await runner.stop()
asyncio.run(main())
"""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", code, str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await child.communicate()
    assert (child.returncode, output) == (0, b"")
    assert (tmp_path / "durable.db").exists()
