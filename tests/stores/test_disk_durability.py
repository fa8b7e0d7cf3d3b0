"""Writes to a disk store: whole or not at all, whatever ends them."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest

from contracts.store_keys import Blocks, all_listed, read
from moorage.model.errors import AlreadyExists, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.store import Condition
from moorage.stores.disk.threads import hop
from stores.disk_roots import disk, leftovers

WRITER = """
import asyncio, sys
from moorage.model.keys import Key
from moorage.model.store import Connection, Provider, Store
from moorage.stores.disk import DiskStore
store = DiskStore(Store("local", Connection(Provider.DISK, root=sys.argv[1]), read_only=False))

async def stalling():
    yield b"new" * 1_000_000
    print("reached", flush=True)
    await asyncio.sleep(60)

async def overwriting():
    number = 0
    while True:
        number += 1
        digit = str(number % 10)
        await store.put(Key("a"), digit.encode() * 400_000, metadata={"digit": digit})
        print("reached", flush=True)

asyncio.run(store.put(Key("a"), stalling()) if sys.argv[2] == "stalling" else overwriting())
"""


def kill_writer(root: Path, what: str, lines: int) -> None:
    """Run a writer in a process of its own and kill it after it said so often that it is half-way."""
    command = [sys.executable, "-c", WRITER, str(root), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            assert writer.stdout.readline() == "reached\n"
        writer.send_signal(signal.SIGKILL)


async def test_a_killed_writer_leaves_the_old_object_and_nothing_to_see(tmp_path: Path) -> None:
    await disk(tmp_path).put(Key("a"), b"old", metadata={"one": "1"})
    await asyncio.to_thread(kill_writer, tmp_path, "stalling", 1)
    assert len(leftovers(tmp_path)) == 1
    store = disk(tmp_path)
    assert [(listed.key, listed.size) for listed in await all_listed(store)] == [("a", 3)]
    assert await read(store, Key("a")) == b"old"
    assert dict((await store.stat(Key("a"))).metadata) == {"one": "1"}
    await store.put(Key("b"), b"next")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("lines", [1, 4, 7])
async def test_a_writer_killed_at_any_moment_leaves_one_version_with_its_metadata(tmp_path: Path, lines: int) -> None:
    await asyncio.to_thread(kill_writer, tmp_path, "overwriting", lines)
    store = disk(tmp_path)
    data = await read(store, Key("a"))
    assert len(data) == 400_000
    assert len(set(data)) == 1
    assert dict((await store.stat(Key("a"))).metadata) == {"digit": chr(data[0])}
    await store.put(Key("b"), b"next")
    assert leftovers(tmp_path) == []


async def test_leftovers_of_the_living_are_left_alone(tmp_path: Path) -> None:
    first, reached, go = disk(tmp_path), asyncio.Event(), asyncio.Event()

    async def waiting() -> AsyncIterator[bytes]:
        yield b"x" * 300_000
        reached.set()
        await go.wait()

    putting = asyncio.create_task(first.put(Key("a"), waiting()))
    await reached.wait()
    await disk(tmp_path).put(Key("b"), b"")
    assert len(leftovers(tmp_path)) == 1
    go.set()
    assert (await putting).size == 300_000


async def test_a_disk_that_takes_no_more_keeps_the_old_object(tmp_path: Path) -> None:
    store = disk(tmp_path)
    await store.put(Key("a"), b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        for body in (b"x" * (2 << 20), Blocks(b"x" * 700_000, b"x" * 700_000)):
            with pytest.raises(StoreUnreachable) as caught:
                await store.put(Key("a"), body)
            assert caught.value.cause == "file_too_large"
            assert caught.value.advice
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(tmp_path) == []
    assert await read(store, Key("a")) == b"old"


async def test_a_replacement_that_fails_last_of_all_leaves_the_old_object_with_its_metadata(tmp_path: Path) -> None:
    store = disk(tmp_path)
    await store.put(Key("a"), b"old", metadata={"one": "1"})

    async def robbed() -> AsyncIterator[bytes]:
        yield b"new"
        for path in leftovers(tmp_path):
            path.unlink()

    with pytest.raises(StoreUnreachable):
        await store.put(Key("a"), robbed(), metadata={"two": "2"})
    assert await read(store, Key("a")) == b"old"
    assert dict((await store.stat(Key("a"))).metadata) == {"one": "1"}


async def test_versions_are_told_apart_by_a_clock_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inode may come again within one tick of the file system's clock."""
    store = disk(tmp_path)
    moments = iter((1_700_000_000_123_456_789, 1_700_000_000_123_456_790))
    monkeypatch.setattr("moorage.stores.disk.files.time", SimpleNamespace(time_ns=lambda: next(moments)))
    first = await store.put(Key("a"), b"1")
    second = await store.put(Key("a"), b"2")
    assert first.modified_ms == second.modified_ms == 1_700_000_000_123
    assert (tmp_path / "a").stat().st_mtime_ns == 1_700_000_000_123_456_790
    assert first.etag != second.etag


async def test_of_many_stores_on_one_root_one_creates_the_object(tmp_path: Path) -> None:
    stores = [disk(tmp_path) for _ in range(8)]
    condition = Condition(if_absent=True)
    puts = [store.put(Key("a/b"), b"%d" % number, condition=condition) for number, store in enumerate(stores)]
    answers = await asyncio.gather(*puts, return_exceptions=True)
    won = [number for number, answer in enumerate(answers) if not isinstance(answer, AlreadyExists)]
    assert len(won) == 1
    assert await read(stores[0], Key("a/b")) == b"%d" % won[0]


async def test_puts_and_deletes_in_one_folder_do_not_lose_each_other(tmp_path: Path) -> None:
    store = disk(tmp_path)

    async def come_and_go(name: int) -> None:
        for _ in range(15):
            await store.put(Key(f"f/g/{name}"), b"")
            await store.delete(Key(f"f/g/{name}"))
        await store.put(Key(f"f/g/{name}"), b"last")

    await asyncio.gather(*(come_and_go(name) for name in range(6)))
    assert [(listed.key, listed.size) for listed in await all_listed(store)] == [(f"f/g/{n}", 4) for n in range(6)]


async def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    store = disk(tmp_path, follow=True)
    await store.put(Key("a/b"), b"x" * 600_000, metadata={"one": "1"})
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
    for _ in range(5):
        await store.put(Key("a/c"), b"data", metadata={"one": "1"})
        await all_listed(store, limit=1)
        await read(store, Key("a/b"))
        for attempt in (
            store.get(Key("a")),
            store.get(Key("no/where")),
            store.put(Key("a"), b""),
            store.stat(Key("a")),
        ):
            await asyncio.gather(attempt, return_exceptions=True)
        opening = asyncio.create_task(store.get(Key("a/b")))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await store.delete(Key("a/c"))
    await asyncio.sleep(0.05)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - a count


async def test_a_disk_that_does_not_answer_is_given_up_and_its_late_answer_undone() -> None:
    gate, undone = Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> int:
        gate.wait(10)
        return 7

    def undo(late: int) -> None:
        assert late == 7
        loop.call_soon_threadsafe(undone.set)

    with pytest.raises(TimeoutError):
        await hop(work, limit_s=0.05, undo=undo)
    assert not undone.is_set()
    gate.set()
    await asyncio.wait_for(undone.wait(), 10)
