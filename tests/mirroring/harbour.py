"""A catalogue on SQLite, a store in memory and a dispatcher, wired as the server wires them."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.jobs.dispatcher import Dispatcher, Pace
from moorage.jobs.verbs import Jobs
from moorage.mirroring import Mirrors, Scanning
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Gone, ItemId, Project
from moorage.model.jobs import Job, JobId, JobState
from moorage.model.keys import Bucket, Key, key_bytes
from moorage.model.mirror import Mirror, MirrorId
from moorage.model.objects import ListingPage
from moorage.model.runner import Runner
from moorage.model.store import Connection, ObjectStore, Provider, Store, StoreOpener
from moorage.model.transaction import Row, Transaction
from moorage.stores.memory import MemoryStore, Shelf

QUICK = Pace(every_s=0.2, backoff_s=0.005)
WAITS = (JobState.PAUSED, JobState.NEEDS_CONFIRMATION)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class PlainSealer:
    """No test here has secrets."""

    def seal(self, plain: bytes) -> bytes:
        return plain

    def open(self, sealed: bytes) -> bytes:
        return sealed


class TaskRunner(Runner):
    """The port on bare tasks of the loop: what it knows ends with it, as the port allows."""

    def __init__(self) -> None:
        self._run: Callable[[int, int], Awaitable[None]] | None = None
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def register(self, run: Callable[[int, int], Awaitable[None]]) -> None:
        self._run = run

    async def start(self) -> None:
        assert self._run is not None

    async def stop(self) -> None:
        tasks = [task for task in self.tasks.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def enqueue(self, workflow: str, work: int, epoch: int) -> bool:
        if workflow in self.tasks:
            return False

        async def run() -> None:
            assert self._run is not None
            await self._run(work, epoch)

        self.tasks[workflow] = asyncio.create_task(run())
        return True

    async def live(self, workflows: Iterable[str]) -> set[str]:
        return {one for one in workflows if one in self.tasks and not self.tasks[one].done()}

    async def forget(self, workflows: Iterable[str]) -> None:
        """It keeps what ended, so that a used id is known."""

    @property
    def workers(self) -> int:
        return 1


class CountingStore(MemoryStore):
    """Counts the pages that were asked for, and can be told to fail or to shrink them."""

    def __init__(self, harbour: Harbour) -> None:
        super().__init__(harbour.store, shelf=harbour.shelf)
        self._harbour = harbour

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = 1000, delimiter: bool = False
    ) -> ListingPage:
        self._harbour.asked.append((after, limit))
        if self._harbour.before_page is not None:
            await self._harbour.before_page(after, limit)
        limit = min(limit, self._harbour.page)
        page = await super().list_page(prefix, after=after, limit=limit, delimiter=delimiter)
        return page if self._harbour.mend is None else self._harbour.mend(page)


@dataclass
class Harbour:
    """Everything that a scan needs, and what tests ask of it."""

    facts: Database
    store: Store
    project: Project
    shelf: Shelf = field(default_factory=Shelf)
    page: int = 1000
    asked: list[tuple[Key | None, int]] = field(default_factory=list)
    before_page: Callable[[Key | None, int], Awaitable[None]] | None = None
    mend: Callable[[ListingPage], ListingPage] | None = None
    opener: StoreOpener | None = None
    """Where set, the stores are real ones."""
    dispatcher: Dispatcher = field(init=False)
    runner: Runner = field(init=False)
    jobs: Jobs = field(init=False)
    mirrors: Mirrors = field(init=False)

    def wire(self, runner: Runner, pace: Pace = QUICK) -> None:
        scanning = Scanning(self.facts, self.open_store, now_ms=now_ms)
        self.runner = runner
        self.dispatcher = Dispatcher(self.facts, runner, [scanning.flow], now_ms=now_ms, pace=pace)
        self.jobs = Jobs(self.facts, [scanning.flow], hint=self.dispatcher.hint, now_ms=now_ms)
        self.mirrors = Mirrors(self.facts, self.open_store, hint=self.dispatcher.hint, now_ms=now_ms)

    def open_store(self, store: Store) -> ObjectStore:
        return CountingStore(self) if self.opener is None else self.opener(store)

    async def put(self, keys: Iterable[str] | Mapping[str, bytes]) -> None:
        bodies = keys if isinstance(keys, Mapping) else dict.fromkeys(keys, b"x")
        writer = MemoryStore(shelf=self.shelf)
        for key, body in bodies.items():
            await writer.put(Key(key), body)

    async def drop(self, keys: Iterable[str]) -> None:
        writer = MemoryStore(shelf=self.shelf)
        for key in keys:
            await writer.delete(Key(key))

    async def mirror(self, prefix: str = "", *, name: str = "here", **more: object) -> tuple[Mirror, Job]:
        mirror, job = await self.mirrors.add(
            SYSTEM,
            project=self.project.id,
            store=self.store.name,
            prefix=prefix,
            name=name,
            **more,  # type: ignore[arg-type]  # passed on as they are
        )
        return mirror, await self.ended(job.id)

    async def reindex(self, mirror: Mirror, *, dry_run: bool = False) -> Job:
        await self.fold()
        return await self.ended((await self.mirrors.reindex(SYSTEM, mirror.id, dry_run=dry_run)).id)

    async def fold(self) -> None:
        while await self.facts.write(lambda tx: tx.folders.fold()):
            pass

    async def ended(self, job: JobId, seconds: float = 20) -> Job:
        """The job once it is final or waits for somebody."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.job(job)
                if found.state.final or found.state in WAITS:
                    return found
                await asyncio.sleep(0.003)

    async def job(self, job: JobId) -> Job:
        return await self.facts.read(lambda tx: tx.jobs.get(job))

    async def rows(self, mirror: MirrorId) -> dict[bytes, Row]:
        """Live rows of the mirror's tree by key below the prefix."""

        def read(tx: Transaction) -> list[Row]:
            return tx.items.between(tx.mirrors.get(mirror).folder, None, None)

        return {row.path + row.name: row for row in await self.facts.read(read)}

    async def gone(self, mirror: MirrorId) -> dict[bytes, tuple[ItemId, Gone]]:
        """Tombstones by key below the prefix."""

        def read(tx: Transaction) -> dict[tuple[bytes, bytes], tuple[ItemId, Gone]]:
            return tx.items.gone_between(tx.mirrors.get(mirror).folder, None, None)

        return {path + name: fate for (path, name), fate in (await self.facts.read(read)).items()}

    def expected(self, prefix: str = "") -> dict[bytes, tuple[int, str]]:
        """What the bucket holds below the prefix as items: key -> (size, etag). Empty ``x/`` are folders."""
        start = key_bytes(prefix)
        return {
            key_bytes(key)[len(start) :]: (info.size, info.etag)
            for key, (info, _) in self.shelf.objects.items()
            if key_bytes(key).startswith(start) and (info.size or not (key == prefix or key.endswith("/")))
        }

    async def assert_same(self, mirror: Mirror) -> None:
        rows = await self.rows(mirror.id)
        assert {key: (row.size, row.etag) for key, row in rows.items()} == self.expected(mirror.prefix)


@cache
def empty_catalogue() -> bytes:
    """A database file with the schema and no rows: made once, because migrations take their time."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "empty.db"
        upgrade(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
        return file.read_bytes()


@asynccontextmanager
async def opened(
    data: Path, runner: Runner | None = None, pace: Pace = QUICK, prepare: Callable[[Harbour], None] | None = None
) -> AsyncIterator[Harbour]:
    """A harbour on ``<data>/catalogue.db``, whose dispatcher runs; ``prepare`` is called before it starts."""
    catalogue = data / "catalogue.db"
    if not catalogue.exists():
        catalogue.write_bytes(empty_catalogue())
    async with opened_at(f"sqlite:///{catalogue}", runner, pace, prepare) as harbour:
        yield harbour


@asynccontextmanager
async def opened_at(
    url: str, runner: Runner | None = None, pace: Pace = QUICK, prepare: Callable[[Harbour], None] | None = None
) -> AsyncIterator[Harbour]:
    """The same on any database that has the schema."""
    facts = Database.open(url, sealer=PlainSealer())
    harbour = await _harbour(facts)
    harbour.wire(runner or TaskRunner(), pace)
    if prepare is not None:
        prepare(harbour)
    await harbour.dispatcher.start()
    try:
        yield harbour
    finally:
        await harbour.dispatcher.stop()
        await facts.aclose()


async def _harbour(facts: Database) -> Harbour:
    projects = await facts.read(lambda tx: tx.projects.all())
    if projects:
        store = await facts.read(lambda tx: tx.stores.named("reef"))
        return Harbour(facts, store, projects[0])
    wanted = Store("reef", Connection(Provider.MEMORY), bucket=Bucket("reef"))
    store = await facts.write(lambda tx: tx.stores.add(wanted))
    project = await facts.write(lambda tx: tx.projects.add("survey"))
    return Harbour(facts, store, project)
