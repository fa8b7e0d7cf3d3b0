"""The pool when processes die, hang, eat memory, or callers go away."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import media
from imaging.sources import BytesSource, Held, named
from moorage.imaging import DecoderPool, Limits
from moorage.imaging.process import ProcessFailed
from moorage.model.errors import Busy, StoreUnreachable, TryAgain, Undecodable
from moorage.model.variant import Recipe

BOX = Recipe(64, 64)
ROCKET = "rocket.jpg"


@asynccontextmanager
async def closing(pool: DecoderPool) -> AsyncIterator[DecoderPool]:
    try:
        yield pool
    finally:
        await pool.aclose()


async def gone(pid: int) -> bool:
    """True when the process ended within two seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.01)
    return False


def at_first_read(pool: DecoderPool, number: signal.Signals) -> Callable[[], Awaitable[object]]:
    """Sends a signal to the process that asks for bytes."""

    async def send() -> None:
        os.kill(pool.pids[0], number)

    return send


async def test_a_process_killed_at_work_is_replaced_and_its_caller_told_to_try_again() -> None:
    async with closing(DecoderPool(processes=1)) as pool:
        with pytest.raises(TryAgain, match="stopped from outside"):
            await pool.preview(BytesSource(media.data(ROCKET), at_first_read(pool, signal.SIGKILL)), BOX)
        assert (await pool.preview(named(ROCKET), BOX)).source_width == 640


async def test_a_process_killed_while_idle_is_replaced_unnoticed() -> None:
    async with closing(DecoderPool(processes=1)) as pool:
        await pool.preview(named(ROCKET), BOX)
        [before] = pool.pids
        os.kill(before, signal.SIGKILL)
        assert await gone(before)
        await pool.preview(named(ROCKET), BOX)
        assert pool.pids != (before,)


async def test_an_interrupt_from_the_terminal_is_left_to_the_server() -> None:
    async with closing(DecoderPool(processes=1)) as pool:
        rendered = await pool.preview(BytesSource(media.data(ROCKET), at_first_read(pool, signal.SIGINT)), BOX)
    assert rendered.source_width == 640


async def test_a_process_that_crashes_costs_its_own_image_only() -> None:
    async with closing(DecoderPool(processes=1)) as pool:
        with pytest.raises(Undecodable, match="broke down") as caught:
            await pool.preview(BytesSource(media.data(ROCKET), at_first_read(pool, signal.SIGSEGV)), BOX)
        assert isinstance(caught.value.__cause__, ProcessFailed)
        assert caught.value.__cause__.ended == -signal.SIGSEGV
        await pool.preview(named(ROCKET), BOX)


async def test_a_wedged_process_is_killed_when_its_time_is_over() -> None:
    async with closing(DecoderPool(processes=1, limits=Limits(seconds=1))) as pool:
        await pool.preview(named(ROCKET), BOX)
        [wedged] = pool.pids
        with pytest.raises(Undecodable, match="takes longer"):
            await pool.preview(BytesSource(media.data(ROCKET), at_first_read(pool, signal.SIGSTOP)), BOX)
        assert await gone(wedged)
        await pool.preview(named(ROCKET), BOX)


async def test_waiting_for_the_store_is_not_counted_as_decoding() -> None:
    waits = iter([1.2])
    async with closing(DecoderPool(processes=1, limits=Limits(seconds=1))) as pool:
        await pool.preview(named(ROCKET), BOX)
        rendered = await pool.preview(BytesSource(media.data(ROCKET), lambda: asyncio.sleep(next(waits, 0))), BOX)
    assert rendered.source_width == 640


async def test_processor_time_is_limited_by_the_kernel() -> None:
    async with closing(DecoderPool(processes=1, limits=Limits(cpu_seconds=0))) as pool:
        with pytest.raises(Undecodable, match="takes longer"):
            await pool.preview(BytesSource(media.black_png(30_000, 30_000)), BOX)


async def test_an_image_that_eats_memory_is_stopped_by_the_kernel() -> None:
    eater = BytesSource(media.black_png(30_000, 20_000, interlaced=True))
    limits = Limits(memory_bytes=512 * 1024 * 1024, whole_pixels=1_000_000_000)
    async with closing(DecoderPool(processes=1, limits=limits)) as pool:
        with pytest.raises(Undecodable, match="more memory"):
            await pool.preview(eater, BOX)
        await pool.preview(named(ROCKET), BOX)


async def test_an_interlaced_image_has_a_lower_limit_of_pixels() -> None:
    async with closing(DecoderPool(processes=1, limits=Limits(whole_pixels=1_000_000))) as pool:
        with pytest.raises(Undecodable, match="up to 1 million are shown"):
            await pool.preview(named("interlaced.png"), BOX)
        await pool.preview(named("strip.tif"), BOX)


async def test_a_lower_limit_of_pixels_holds_for_every_kind() -> None:
    async with closing(DecoderPool(processes=1, limits=Limits(pixels=50_000))) as pool:
        for name in ("interlaced.png", "rocket.jpg", "quarters.heic", "quarters.avif"):
            with pytest.raises(Undecodable, match=r"The image has .* of this kind, up to"):
                await pool.preview(named(name), BOX)
        with pytest.raises(Undecodable, match=r"The video has .* of this kind, up to"):
            await pool.poster(named("film.mkv"), BOX)


async def test_a_process_is_replaced_after_its_share_of_requests() -> None:
    async with closing(DecoderPool(processes=1, limits=Limits(requests=2))) as pool:
        seen: list[int] = []
        for done in range(4):
            await pool.preview(BytesSource(media.data(ROCKET), lambda: _note(pool, seen)), BOX)
            del seen[done + 1 :]  # one of its reads is enough
    assert seen[0] == seen[1] != seen[2] == seen[3]


async def _note(pool: DecoderPool, seen: list[int]) -> None:
    seen.append(pool.pids[0])


async def test_a_full_queue_is_busy() -> None:
    held = Held()
    async with closing(DecoderPool(processes=1, waiting=1)) as pool:
        first = asyncio.create_task(pool.preview(BytesSource(media.data(ROCKET), held), BOX))
        await held.reached.wait()
        second = asyncio.create_task(pool.preview(named(ROCKET), BOX))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.preview(named(ROCKET), BOX)
        held.let_go.set()
        assert await first == await second


async def test_a_caller_that_goes_away_leaves_its_place_to_others() -> None:
    held = Held()
    async with closing(DecoderPool(processes=1)) as pool:
        leaving = asyncio.create_task(pool.preview(BytesSource(media.data(ROCKET), held), BOX))
        await held.reached.wait()
        [abandoned] = pool.pids
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await gone(abandoned)
        await pool.preview(named(ROCKET), BOX)


async def test_a_fault_of_the_store_reaches_the_caller_and_spares_the_process() -> None:
    async def fail() -> None:
        raise StoreUnreachable("The store gave no answer.", "Try again.")

    async with closing(DecoderPool(processes=1)) as pool:
        await pool.preview(named(ROCKET), BOX)
        before = pool.pids
        for make in (pool.preview, pool.poster):
            with pytest.raises(StoreUnreachable):
                await make(BytesSource(media.data(ROCKET), fail), BOX)
        await pool.preview(named(ROCKET), BOX)
        assert pool.pids == before


async def test_closing_ends_every_process_and_every_request() -> None:
    held = Held()
    pool = DecoderPool(processes=2)
    await pool.preview(named(ROCKET), BOX)
    working = asyncio.create_task(pool.preview(BytesSource(media.data(ROCKET), held), BOX))
    await held.reached.wait()
    other = asyncio.create_task(pool.preview(named(ROCKET), BOX))
    pids = pool.pids
    closed = asyncio.create_task(pool.aclose())
    await asyncio.sleep(0)
    held.let_go.set()
    await closed
    for request in (working, other):
        with pytest.raises(Busy, match="ending"):
            await request
    assert pool.pids == ()
    assert [await gone(pid) for pid in pids] == [True] * len(pids)
    with pytest.raises(Busy, match="ending"):
        await pool.preview(named(ROCKET), BOX)
    await pool.aclose()


async def test_no_process_is_started_before_the_first_request() -> None:
    async with closing(DecoderPool()) as pool:
        assert pool.pids == ()
        with pytest.raises(Undecodable, match="empty"):
            await pool.preview(BytesSource(b""), BOX)
        assert pool.pids == ()


async def test_a_process_that_cannot_start_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not (Path(place) / "moorage").is_dir()])
    async with closing(DecoderPool(processes=1)) as pool:
        with pytest.raises(TryAgain, match="did not start: ModuleNotFoundError: No module named 'moorage'"):
            await pool.preview(named(ROCKET), BOX)
        monkeypatch.undo()
        await pool.preview(named(ROCKET), BOX)


async def test_an_interpreter_that_is_gone_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with closing(DecoderPool(processes=1)) as pool:
        with pytest.raises(TryAgain, match="/nowhere/python"):
            await pool.preview(named(ROCKET), BOX)


async def test_processes_work_side_by_side() -> None:
    first, second = Held(), Held()
    async with closing(DecoderPool(processes=2)) as pool:
        both = [
            asyncio.create_task(pool.preview(BytesSource(media.data(ROCKET), held), BOX)) for held in (first, second)
        ]
        await asyncio.wait_for(asyncio.gather(first.reached.wait(), second.reached.wait()), 20)
        assert len(set(pool.pids)) == 2
        first.let_go.set()
        second.let_go.set()
        assert await both[0] == await both[1]
