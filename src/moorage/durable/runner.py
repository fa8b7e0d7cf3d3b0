"""The port ``Runner`` on DBOS: embedded in one process, or shared by many over PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from moorage.model.runner import Runner

if TYPE_CHECKING:
    from moorage.durable.beats import Beats
    from moorage.durable.engine import Engine

log = logging.getLogger(__name__)
T = TypeVar("T")
EMBEDDED: Final = "embedded"
STOP_S: Final = 10.0
_FORGET_AFTER_S: Final = 2.0
"""DBOS writes the outcome after our function returned; deleting before that would race with it."""
_ENDED_KEPT: Final = timedelta(hours=1)


def embedded_url(data: Path) -> str:
    """The default place of DBOS's records: a SQLite file of its own in the data directory."""
    return f"sqlite:///{data / 'durable.db'}"


class DbosRunner(Runner):
    """Runs slices. Our rows are the truth: all that this holds may be lost at any time.

    With a SQLite ``url`` it is *embedded*: one process owns the file, a slice starts at once in one of
    ``places`` threads, excess slices wait for a thread, and nothing is polled. With a PostgreSQL ``url`` it
    is shared: a slice starts at once where this process has a free place and otherwise waits in a queue that
    all workers poll. Pending slices of an earlier process are never resumed by DBOS itself.
    """

    def __init__(self, url: str, *, version: str, places: int = 8, takes_work: bool = True) -> None:
        self._url = url
        self._version = version
        self._places = places
        self._takes_work = takes_work
        self._shared = not url.startswith("sqlite")
        self._executor = str(uuid.uuid4()) if self._shared else EMBEDDED
        self._run: Callable[[int, int], Awaitable[None]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine: Engine | None = None
        self._beats: Beats | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._mine: set[str] = set()
        self._begun: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._forgotten: deque[tuple[float, str]] = deque()
        self._living: dict[str, bool] = {}

    def register(self, run: Callable[[int, int], Awaitable[None]]) -> None:
        """What a slice does; it runs on the loop that called ``start``."""
        self._run = run

    async def start(self) -> None:
        """Launch DBOS (about 0.5 s, most of it the import) and begin to take slices."""
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(2, "moorage-durable")
        await self._call(self._launch)
        if self._takes_work and not self._shared:
            self._living = {self._executor: True}
        self._upkeep = asyncio.create_task(self._keep_up())

    def _launch(self) -> None:
        from sqlalchemy.exc import DatabaseError

        from moorage.durable.engine import remove_file

        try:
            self._launch_once()
        except DatabaseError:
            if self._shared:
                raise
            log.warning("The records of the durable engine cannot be read; it begins anew. No work is lost.")
            remove_file(self._url)
            self._launch_once()

    def _launch_once(self) -> None:
        from moorage.durable.beats import Beats
        from moorage.durable.engine import Engine, open_database

        database = open_database(self._url)
        engine = Engine(
            database, version=self._version, executor=self._executor, places=self._places, shared=self._shared
        )
        try:
            if self._shared:
                self._beats = Beats(
                    database, executor=self._executor, version=self._version, takes_work=self._takes_work
                )
                self._beats.begin()
                self._living = self._beats.living()
            engine.launch(self._slice, takes_work=self._takes_work)
        except BaseException:
            engine.close()
            raise
        self._engine = engine

    def _slice(self, work: int, epoch: int) -> None:
        """Runs in a thread of DBOS; the slice itself runs on our loop."""
        workflow = f"{work}:{epoch}"
        loop = self._loop
        if loop is None or loop.is_closed() or (not self._shared and workflow not in self._mine):
            return
        self._mine.add(workflow)
        self._begun.add(workflow)
        running = asyncio.run_coroutine_threadsafe(self._run_on_loop(work, epoch), loop)
        while not running.done() and not loop.is_closed():
            wait([running], timeout=1)
        self._begun.discard(workflow)
        self._mine.discard(workflow)

    async def _run_on_loop(self, work: int, epoch: int) -> None:
        task = asyncio.current_task()
        if self._run is None or task is None:
            return
        self._tasks.add(task)
        try:
            await self._run(work, epoch)
        finally:
            self._tasks.discard(task)
            self._mine.discard(f"{work}:{epoch}")

    async def stop(self) -> None:
        """Take no more, wait for those in flight at most 10 s, cancel the rest; a repeat does nothing."""
        if self._threads is None:
            return
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._mine.clear()
        await self._call(self._close)
        self._threads.shutdown(wait=False)
        self._threads = None

    def _close(self) -> None:
        if self._engine is None:
            return
        if self._forgotten:
            self._engine.remove([workflow for _, workflow in self._forgotten])
            self._forgotten.clear()
        if self._beats is not None:
            self._beats.end()
        self._engine.close()
        self._engine = None

    async def enqueue(self, workflow: str, work: int, epoch: int) -> bool:
        """Start it here at once where a place is free, else let it wait. False: the id is known already."""
        if workflow in self._mine:
            return False
        here = self._takes_work and (not self._shared or len(self._mine) < self._places)
        if not here:
            return await self._call(lambda: self._opened.queue(workflow, work, epoch))
        self._mine.add(workflow)
        began = False
        try:
            began = await self._call(lambda: self._opened.begin(workflow, work, epoch))
        finally:
            if not began:
                self._mine.discard(workflow)
        return began

    async def live(self, workflows: Iterable[str]) -> set[str]:
        """Those that run here; when shared also those that wait in this version or run at a living executor."""
        asked = list(workflows)
        mine = self._mine.intersection(asked)
        others = [workflow for workflow in asked if workflow not in mine]
        if not self._shared or not others:
            return mine
        found = await self._call(lambda: self._opened.places_of(others))
        return mine | {
            workflow
            for workflow, (waits, executor, version) in found.items()
            if (version == self._version if waits else executor in self._living and executor != self._executor)
        }

    async def forget(self, workflows: Iterable[str]) -> None:
        """Those that have not begun never will; records go within seconds."""
        now = time.monotonic()
        for workflow in workflows:
            if workflow not in self._begun:
                self._mine.discard(workflow)
            self._forgotten.append((now, workflow))

    @property
    def workers(self) -> int:
        """Executors that take work and answered within the last 30 s."""
        return sum(self._living.values())

    @property
    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("the runner was not started")
        return self._engine

    async def _call(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            raise RuntimeError("the runner was not started")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _keep_up(self) -> None:
        """Beat, learn who lives, and delete the records of what ended, every 5 s."""
        from moorage.durable.beats import EVERY_S

        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self._call(self._upkeep_once)
            except Exception:
                log.exception("The durable engine's records could not be tended; it is tried again in 5 s.")

    def _upkeep_once(self) -> None:
        if self._beats is not None:
            self._beats.beat()
            self._living = self._beats.living()
        before = time.monotonic() - _FORGET_AFTER_S
        due = []
        while self._forgotten and self._forgotten[0][0] < before:
            due.append(self._forgotten.popleft()[1])
        if due:
            self._opened.remove([workflow for workflow in due if workflow not in self._mine])
        if self._shared:
            self._opened.remove_ended((datetime.now(UTC) - _ENDED_KEPT).isoformat())
