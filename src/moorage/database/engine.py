"""The database as flows see it: functions go in, each runs inside one transaction in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from sqlalchemy import URL, make_url

from moorage.database import postgres, sqlite
from moorage.database.postgres import PostgresRunner
from moorage.database.sqlite import SqliteRunner
from moorage.database.transaction import Repositories
from moorage.model.errors import Busy, Invalid
from moorage.model.secrecy import Sealer

T = TypeVar("T")


class Runner(Protocol):
    """Runs functions in transactions, on bounded threads."""

    def read(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Run on a snapshot."""

    def write(self, work: Callable[[Repositories], T]) -> Future[T]:
        """Run and commit, or undo all of it."""

    def close(self) -> None:
        """Finish what runs, drop what waits, close the connections. A repeat does nothing."""


class Database:
    """The catalogue's database; implements ``moorage.model.transaction.Facts``.

    A caller that is cancelled while it waits leaves nothing half done: work that has not begun never
    begins, work that runs ends by itself, committed or rolled back as a whole.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._closed = False

    @classmethod
    def open(cls, url: str | URL, *, sealer: Sealer, pool: int | None = None) -> Database:
        """Open ``sqlite:////absolute/path`` or ``postgresql://user@host/name``. Connects when first used.

        ``pool``: how many transactions read at a time; PostgreSQL writes as many. Default: 4 and 8.
        The schema must stand already: see ``moorage.database.schema.upgrade``. Raises Invalid for other databases.
        """
        address = make_url(url)
        backend = address.get_backend_name()
        if backend == "sqlite":
            return cls(SqliteRunner(address, sealer=sealer, readers=pool or sqlite.READERS))
        if backend == "postgresql":
            return cls(
                PostgresRunner(
                    address, sealer=sealer, readers=pool or postgres.READERS, writers=pool or postgres.WRITERS
                )
            )
        raise Invalid(f"The database cannot be {backend}.", "Use sqlite:///… or postgresql://….", field="database_url")

    async def read(self, work: Callable[[Repositories], T]) -> T:
        """Run ``work`` on a snapshot; a statement that writes fails."""
        self._check_open()
        return await asyncio.wrap_future(self._runner.read(work))

    async def write(self, work: Callable[[Repositories], T]) -> T:
        """Run ``work`` and commit; durable when this returns. Any exception rolls back and is raised."""
        self._check_open()
        return await asyncio.wrap_future(self._runner.write(work))

    async def aclose(self) -> None:
        """Wait for what runs, then close every connection and thread. A repeat does nothing."""
        self._closed = True
        await asyncio.to_thread(self._runner.close)

    def _check_open(self) -> None:
        if self._closed:
            raise Busy("The database is closed; nothing was changed.", "Try again when the server is up.")
