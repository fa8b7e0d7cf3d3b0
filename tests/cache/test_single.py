"""One making per name, however many wait."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta

import pytest

from moorage.cache import SingleFlight
from moorage.model.errors import StoreUnreachable, Undecodable


class Making:
    """Counts its runs; waits until let go, then returns or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.cancelled = False
        self.let_go = asyncio.Event()
        self._error = error

    async def __call__(self) -> int:
        self.runs += 1
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self._error:
            raise self._error
        return self.runs


async def asked(once: SingleFlight[int], making: Making, times: int = 3) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(once("name", making)) for _ in range(times)]
    while not making.runs:
        await asyncio.sleep(0)
    return tasks


async def test_many_who_wait_share_one_making() -> None:
    once, making = SingleFlight[int](), Making()
    tasks = await asked(once, making, 50)
    making.let_go.set()
    assert await asyncio.gather(*tasks) == [1] * 50
    assert await once("name", making) == 2


async def test_names_do_not_wait_for_each_other() -> None:
    once, slow, quick = SingleFlight[int](), Making(), Making()
    [waiting] = await asked(once, slow, 1)
    quick.let_go.set()
    assert await once("other", quick) == 1
    slow.let_go.set()
    assert await waiting == 1


async def test_a_failure_is_shared_and_forgotten() -> None:
    once, making = SingleFlight[int](), Making(StoreUnreachable("No answer.", "Try again."))
    tasks = await asked(once, making)
    making.let_go.set()
    assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [StoreUnreachable] * 3
    with pytest.raises(StoreUnreachable):
        await once("name", making)
    assert making.runs == 2


async def test_one_who_goes_away_leaves_the_others_waiting() -> None:
    once, making = SingleFlight[int](), Making()
    tasks = await asked(once, making)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    making.let_go.set()
    assert await asyncio.gather(*tasks[1:]) == [1, 1]
    assert not making.cancelled


async def test_when_all_go_away_the_making_ends_and_the_next_begins_anew() -> None:
    once, making = SingleFlight[int](), Making()
    for task in await asked(once, making):
        task.cancel()
    await asyncio.sleep(0)
    [again] = [asyncio.create_task(once("name", making))]
    making.let_go.set()
    assert await again == 2
    assert making.cancelled


async def test_a_failure_that_nobody_waits_for_is_not_reported_as_lost() -> None:
    lost: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
    once, making = SingleFlight[int](), Making(Undecodable("Broken.", reason="broken"))
    tasks = await asked(once, making)
    making.let_go.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    gc.collect()
    assert lost == []


async def test_a_refusal_is_remembered_for_its_time() -> None:
    now = [100.0]
    once = SingleFlight[int](refusal_life=timedelta(seconds=30), clock=lambda: now[0])
    making = Making(Undecodable("Broken.", "Download it.", reason="The image is cut off."))
    making.let_go.set()
    raised = []
    for later in (0, 10, 19.9, 0.2):
        now[0] += later
        with pytest.raises(Undecodable) as caught:
            await once("name", making)
        raised.append(caught.value)
    assert making.runs == 2
    assert {error.reason for error in raised} == {"The image is cut off."}
    assert len({id(error) for error in raised[:3]}) == 3
