"""A trial index: generated objects through the real flow and database, into a catalogue that is removed again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Final

from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.jobs import Dispatcher
from moorage.mirroring import Mirrors, Scanning
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Order, ProjectId
from moorage.model.clock import now_ms
from moorage.model.errors import Invalid, MoorageError
from moorage.model.jobs import JobState
from moorage.model.keys import Bucket, ETag, Key, key_bytes
from moorage.model.objects import ObjectInfo
from moorage.model.runner import Runner
from moorage.model.secrecy import Sealer
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Transaction
from moorage.stores.memory import MemoryStore, Shelf

OBJECTS: Final = {"first": 5_000, "then": 25_000}
"""The first index is not counted: what an empty catalogue weighs and a process costs at first stays out of the rest."""
PER_FOLDER: Final = 1_000
STORE: Final = "trial"
LOOK_S: Final = 0.01
SYNCS: Final = 20
ROOM: Final = 200 << 20
BEGIN: Final = ".moorage-sizing-"
_LEFT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured here just now."""

    rows: int
    rows_per_second: float
    bytes_per_row: float
    """Names of some 30 letters, in folders of a thousand, with an ETag; the orders by date and size built."""
    sync_ms: float
    """Until the disk says that 4 KiB are safe, the middle one of several times."""


async def run_trial(data: Path) -> Trial:
    """Index generated objects on the disk of the data directory. Nothing of it stays, on Ctrl-C neither.

    Raises Invalid where nothing can be written there or there is no space.
    """
    with _scratch(data) as place:
        sync_ms = await asyncio.to_thread(_sync_ms, place)
        catalogue = place / "catalogue.db"
        url = f"sqlite:///{catalogue}"
        await asyncio.to_thread(upgrade, url)
        facts = Database.open(url, sealer=_NoSecrets())
        try:
            await facts.write(_build_orders)
            async with _indexing(facts) as indexing:
                await indexing.index("first")
                before = await asyncio.to_thread(_bytes_of, catalogue)
                seconds = await indexing.index("then")
                after = await asyncio.to_thread(_bytes_of, catalogue)
        finally:
            await facts.aclose()
    rows = OBJECTS["then"]
    return Trial(rows, rows / seconds, (after - before) / rows, sync_ms)


class _Indexing:
    """The flow of scans over a store in memory, with slices run by bare tasks."""

    def __init__(self, facts: Database, project: ProjectId, shelf: Shelf) -> None:
        self._facts = facts
        self._project = project
        self._shelf = shelf
        scanning = Scanning(facts, self._open, now_ms=now_ms)
        self.dispatcher = Dispatcher(facts, _Tasks(), [scanning.flow], now_ms=now_ms)
        self._mirrors = Mirrors(facts, self._open, hint=self.dispatcher.hint, now_ms=now_ms)

    async def index(self, name: str) -> float:
        """Mirror the prefix of that name; seconds from the wish to the job's end."""
        began = time.perf_counter()
        _, job = await self._mirrors.add(SYSTEM, project=self._project, store=STORE, prefix=f"{name}/", name=name)
        while not (now := await self._facts.read(lambda tx: tx.jobs.get(job.id))).state.final:
            await asyncio.sleep(LOOK_S)
        if now.state is not JobState.SUCCEEDED or now.done != OBJECTS[name]:
            raise MoorageError(f"The trial index {now.state.value}: {now.message}", "Run: moorage doctor")
        return time.perf_counter() - began

    def _open(self, store: Store) -> MemoryStore:
        return MemoryStore(store, shelf=self._shelf)


@asynccontextmanager
async def _indexing(facts: Database) -> AsyncIterator[_Indexing]:
    """A project and a store of generated objects, with the dispatcher at work."""
    store = Store(STORE, Connection(Provider.MEMORY), bucket=Bucket(STORE))
    await facts.write(lambda tx: tx.stores.add(store))
    project = await facts.write(lambda tx: tx.projects.add(STORE))
    indexing = _Indexing(facts, project.id, await asyncio.to_thread(_shelf))
    await indexing.dispatcher.start()
    try:
        yield indexing
    finally:
        await indexing.dispatcher.stop()


class _Tasks(Runner):
    """Runs slices as tasks of the loop; what it knows ends with it, as the port allows."""

    def __init__(self) -> None:
        self._run: Callable[[int, int], Awaitable[None]] | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def register(self, run: Callable[[int, int], Awaitable[None]]) -> None:
        self._run = run

    async def start(self) -> None:
        """Nothing is to be started."""

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def enqueue(self, workflow: str, work: int, epoch: int) -> bool:
        if workflow in self._tasks or self._run is None:
            return False
        self._tasks[workflow] = asyncio.ensure_future(self._run(work, epoch))
        return True

    async def live(self, workflows: Iterable[str]) -> set[str]:
        return {one for one in workflows if one in self._tasks and not self._tasks[one].done()}

    async def forget(self, workflows: Iterable[str]) -> None:
        """It keeps what ended, so that a used id is known."""

    @property
    def workers(self) -> int:
        return 1


class _NoSecrets(Sealer):
    """A store in memory has no credentials."""

    def seal(self, plain: bytes) -> bytes:
        return plain

    def open(self, sealed: bytes) -> bytes:
        return sealed


def _shelf() -> Shelf:
    """Objects as a camera leaves them: ``then/dive-0007/frame_007123.jpg``."""
    keys = sorted(
        key_bytes(f"{name}/dive-{number // PER_FOLDER:04}/frame_{number:06}.jpg")
        for name, count in OBJECTS.items()
        for number in range(count)
    )
    now = now_ms()
    objects = {
        Key(raw.decode()): (ObjectInfo(Key(raw.decode()), 2_000_000 + n, _etag(raw), now - n * 1000), b"")
        for n, raw in enumerate(keys)
    }
    return Shelf(objects, keys)


def _etag(raw: bytes) -> ETag:
    return ETag(md5(raw, usedforsecurity=False).hexdigest())


def _build_orders(tx: Transaction) -> None:
    for order in Order:
        tx.items.build_order(order)


def _bytes_of(catalogue: Path) -> int:
    """The size of a catalogue with what its log holds still."""
    with closing(sqlite3.connect(catalogue)) as connection:
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * size


def _sync_ms(place: Path) -> float:
    took = []
    with (place / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def nearest(data: Path) -> Path:
    """The data directory, or the nearest one above it that is there: the same disk."""
    return next(one for one in (data, *data.absolute().parents) if one.is_dir())


@contextmanager
def _scratch(data: Path) -> Iterator[Path]:
    """A directory on the disk of the data directory, removed at the end."""
    home = nearest(data)
    if (free := shutil.disk_usage(home).free) < ROOM:
        raise Invalid(
            f"{free >> 20} MiB are free in {home}; the trial index needs {ROOM >> 20}. Nothing was measured.",
            "Free some, or give another directory with --data.",
            field="data",
        )
    _sweep(home)
    try:
        place = tempfile.TemporaryDirectory(prefix=BEGIN, dir=home)
    except OSError as exc:
        raise Invalid(
            f"{home} cannot be written: {exc.strerror}. Nothing was measured.",
            "Run this as the user that runs the server, or give another directory with --data.",
            field="data",
        ) from exc
    with place as name:
        yield Path(name)


def _sweep(home: Path) -> None:
    """Remove what a trial left that was killed."""
    for left in home.glob(f"{BEGIN}*"):
        if time.time() - left.stat().st_mtime > _LEFT_S:
            shutil.rmtree(left, ignore_errors=True)
