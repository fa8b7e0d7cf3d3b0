"""PostgreSQL through psycopg: threads that read on repeatable snapshots, threads that write and try again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from random import uniform
from typing import Final, TypeVar

from sqlalchemy import URL, Engine, create_engine, make_url

from moorage.database.faults import REPEATABLE, sqlstate, translated
from moorage.database.ids import SHARD, TAKE, Ids
from moorage.database.statements import Statements
from moorage.database.transaction import Repositories
from moorage.model.errors import Busy
from moorage.model.secrecy import Sealer

T = TypeVar("T")
READERS: Final = 8
WRITERS: Final = 8
TRIES: Final = 10
FIRST_WAIT_S: Final = 0.01
"""The longest wait before the first repeat; it doubles with each, and each wait is drawn from 0 to it."""
LONGEST_WAIT_S: Final = 1.0
_OPTIONS: Final = "-c lock_timeout=30s -c jit=off -c enable_bitmapscan=off"
"""A lock is waited for as long as in SQLite. Every query here follows an index in its order; before a young table
has statistics, the planner would rather collect the rows of a whole folder and sort them."""


class PostgresRunner:
    """Runs functions on a PostgreSQL database."""

    def __init__(self, url: URL, *, sealer: Sealer, readers: int = READERS, writers: int = WRITERS) -> None:
        self._sealer = sealer
        self._ids = Ids(self._take_ids)
        self._reading = postgres_engine(url, size=readers).execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # One connection more than writers: a block of ids is taken beside the transaction that wants it.
        self._writing = postgres_engine(url, size=writers + 1)
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="database-read")
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="database-write")

    def read(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Run on a snapshot in a reader's thread."""
        return self._readers.submit(self._repeat, self._reading, work)

    def write(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Run in a writer's thread, again where another transaction was in the way."""
        return self._writers.submit(self._repeat, self._writing, work)

    def close(self) -> None:
        """Finish what runs, drop what waits, close the connections."""
        self._readers.shutdown(cancel_futures=True)
        self._writers.shutdown(cancel_futures=True)
        self._reading.dispose()
        self._writing.dispose()

    def _repeat(self, engine: Engine, work: Callable[[Repositories], T]) -> T:
        for tried in range(TRIES):
            try:
                return self._once(engine, work)
            except Exception as error:
                if sqlstate(error) not in REPEATABLE:
                    raise
                time.sleep(uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**tried)))  # noqa: S311 (jitter, no secret)
        raise Busy(f"Others were in the way {TRIES} times. Nothing was changed.", "Try again in a moment.")

    def _once(self, engine: Engine, work: Callable[[Repositories], T]) -> T:
        with translated(), engine.connect() as connection, connection.begin():
            repositories = Repositories(Statements(connection, self._ids, self._sealer))
            result = work(repositories)
            repositories.flush()
            return result

    def _take_ids(self, count: int) -> int:
        with self._writing.connect() as connection, connection.begin():
            return int(connection.exec_driver_sql(TAKE.replace("?", "%s"), (count, SHARD)).scalar_one())


def postgres_url(url: str | URL) -> URL:
    """The address with the driver that is installed here."""
    return make_url(url).set(drivername="postgresql+psycopg")


def postgres_engine(url: str | URL, *, size: int = 1) -> Engine:
    """An engine of psycopg 3 connections, tested before use and given up after 10 s without an answer."""
    return create_engine(
        postgres_url(url),
        pool_size=size,
        max_overflow=0,
        pool_timeout=60,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "keepalives_idle": 30, "tcp_user_timeout": 30_000, "options": _OPTIONS},
    )
