"""SQLite: one thread that writes, a few that read, each on a connection of its own.

Writers that wait together are committed together: each runs in a savepoint, one fsync pays for all of them, and
none hears of success before it. So a burst of small changes costs little more than one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event

from moorage.database.faults import translated
from moorage.database.ids import Ids
from moorage.database.statements import Statements
from moorage.database.transaction import Repositories
from moorage.model.secrecy import Sealer

T = TypeVar("T")
READERS: Final = 4
GROUP_LIMIT: Final = 64
"""At most so many writers in one commit."""
GROUP_S: Final = 0.05
"""A commit waits no longer than that for further writers to run."""
_PRAGMAS: Final = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=30000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=67108864",
)
_WRITING: Final = ("PRAGMA cache_size=-32768",)
_READING: Final = ("PRAGMA cache_size=-8192", "PRAGMA query_only=ON")


class _Write:
    """One function that waits for its turn."""

    def __init__(self, work: Callable[[Repositories], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class SqliteRunner:
    """Runs functions on an SQLite database file."""

    def __init__(self, url: URL, *, sealer: Sealer, readers: int = READERS) -> None:
        self._sealer = sealer
        self._ids = Ids(None)
        self._reading = sqlite_engine(url, writes=False, size=readers)
        self._writing = sqlite_engine(url, writes=True, size=1)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="database-read")
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._writer = threading.Thread(target=self._write_on, name="database-write", daemon=True)
        self._writer.start()

    def read(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Run on a snapshot in a reader's thread."""
        return self._readers.submit(self._read, work)

    def write(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Queue for the writer's thread."""
        entry = _Write(work)
        self._queue.put(entry)
        return entry.future

    def close(self) -> None:
        """Finish what runs and what waits to be written, then close the connections."""
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown(cancel_futures=True)
        self._reading.dispose()
        self._writing.dispose()

    def _read(self, work: Callable[[Repositories], T]) -> T:
        with translated(), self._reading.connect() as connection, connection.begin():
            return work(Repositories(Statements(connection, self._ids, self._sealer)))

    def _write_on(self) -> None:
        while (entry := self._queue.get()) is not None:
            if entry.future.set_running_or_notify_cancel():
                self._commit_group(entry)

    def _commit_group(self, first: _Write) -> None:
        done: list[_Write] = [first]
        try:
            with translated(), self._writing.connect() as connection:
                with connection.begin():
                    self._run_group(connection, done)
                self._ids.committed()
        except BaseException as error:  # noqa: BLE001 (whatever it was, those who wait must hear of it)
            self._ids.rolled_back()
            for entry in done:
                entry.error = entry.error or error
        for entry in done:
            entry.settle()

    def _run_group(self, connection: Connection, done: list[_Write]) -> None:
        deadline = monotonic() + GROUP_S
        self._run(connection, done[0])
        while len(done) < GROUP_LIMIT and monotonic() < deadline:
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return
            if entry is None:
                self._queue.put(None)
                return
            if entry.future.set_running_or_notify_cancel():
                done.append(entry)
                self._run(connection, entry)

    def _run(self, connection: Connection, entry: _Write) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute("SAVEPOINT turn").close()
        try:
            with translated():
                repositories = Repositories(Statements(connection, self._ids, self._sealer))
                entry.result = entry.work(repositories)
                repositories.flush()
        except BaseException as error:
            # It belongs to whoever asked; the others of the group go on.
            entry.error = error
            self._ids.rolled_back()
            if not driver.in_transaction:
                raise  # a full disk, for one, makes SQLite undo the whole transaction, the others' part too
            driver.execute("ROLLBACK TO turn").close()
        driver.execute("RELEASE turn").close()


def sqlite_engine(url: str | URL, *, writes: bool, size: int = 1) -> Engine:
    """An engine whose transactions are BEGIN IMMEDIATE where it writes, and cannot write where it reads."""
    engine = create_engine(
        url, pool_size=size, max_overflow=0, pool_timeout=60, connect_args={"check_same_thread": False, "timeout": 30}
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 (SQLAlchemy calls it)
        # The driver would open transactions by itself, and only before some statements.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()
        # No mmap: each connection's mapping would count as memory of the process, up to the whole file's size.
        for pragma in _WRITING if writes else _READING:
            connection.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
