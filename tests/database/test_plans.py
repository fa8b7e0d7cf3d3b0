"""How SQLite finds rows of tables that grow: by an index, never by reading a table whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from moorage.database.audit import Audit
from moorage.database.connections import Connections
from moorage.database.counters import Deltas
from moorage.database.idempotency import Idempotency
from moorage.database.ids import Ids
from moorage.database.items import Items
from moorage.database.jobs import Jobs
from moorage.database.loose import Loose
from moorage.database.people import People
from moorage.database.scans import Scans
from moorage.database.schema import upgrade
from moorage.database.sqlite import sqlite_engine
from moorage.database.statements import Statements
from moorage.database.stores import Stores
from moorage.model.access import UserId
from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.jobs import JobId, JobState, Work
from moorage.model.mirror import ScanId
from moorage.model.store import StoreId

ACTIVE = (JobState.QUEUED, JobState.RUNNING)
NO_TABLE = ("SCAN CONSTANT ROW", "SCAN (subquery")
"""An empty list after IN is written as a query without a table."""
WORK = Work(1, JobId(1), "scan", "list", 1)


class NoSealer:
    """Nothing here is sealed."""

    def seal(self, plain: bytes) -> bytes:
        return plain

    def open(self, sealed: bytes) -> bytes:
        return sealed


def on(connection: Connection) -> Statements:
    return Statements(connection, Ids(None), NoSealer())


QUERIES: dict[str, Callable[[Any], object]] = {
    "held work": lambda c: Jobs(on(c)).held(WORK),
    "advanced work": lambda c: Jobs(on(c)).advance(WORK, b"k", done=False),
    "progress": lambda c: Jobs(on(c)).add_progress(JobId(1), done=1),
    "counts": lambda c: Scans(on(c)).add_counts(ScanId(1), seen=1),
    "runnable work": lambda c: Jobs(on(c)).runnable(1),
    "work of a job": lambda c: Jobs(on(c)).works(JobId(1), step="list", open_only=True),
    "jobs": lambda c: Jobs(on(c)).all(before=9),
    "active jobs": lambda c: Jobs(on(c)).all(states=ACTIVE),
    "jobs of a project": lambda c: Jobs(on(c)).all(project=1),
    "jobs of a mirror": lambda c: Jobs(on(c)).all(kind="scan", subject=1),
    "old jobs": lambda c: Jobs(on(c)).remove_old(1),
    "scan of a job": lambda c: Scans(on(c)).scan_of(JobId(1)),
    "candidates": lambda c: Scans(on(c)).missing(ScanId(1)),
    "audit": lambda c: Audit(c).all(before=9),
    "session": lambda c: People(c).session(b"x", 1),
    "token": lambda c: People(c).token(b"x", 1),
    "principal": lambda c: People(c).principal(UserId(1)),
    "tries": lambda c: People(c).tries("x", 1),
    "note a try": lambda c: People(c).note_try("x", 1),
    "link": lambda c: People(c).use_link(b"x", 1),
    "loose objects": lambda c: Loose(on(c)).claim(9, 99),
    "what holds an object": lambda c: Loose(on(c))._held(1, b"a/b"),
    "uploads of a project": lambda c: Items(on(c), Deltas(on(c))).uploads_in(ProjectId(1)),
    "taken names": lambda c: Items(on(c), Deltas(on(c))).taken(FolderId(1), [b"a", b"b"]),
    "users of a store": lambda c: Stores(on(c), Connections(on(c))).users_of(StoreId(1)),
    "trash": lambda c: Items(on(c), Deltas(on(c))).empty_trash(1),
    "idempotency": lambda c: Idempotency(c).get(UserId(1), "x", 1),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with one user and one running scan."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plans') / 'catalogue.db'}"
    upgrade(url)
    engine = sqlite_engine(url, writes=True)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO user (email, password_hash, created_ms) VALUES ('a@b', '', 1)"))
        connection.execute(
            text(
                "INSERT INTO job (kind, subject, state, title, created_ms, unit, errors, outcome, message)"
                " VALUES ('scan', 1, 'running', '\"\"', 1, '', '{}', '{}', '\"\"')"
            )
        )
        connection.execute(text("INSERT INTO scan (mirror, job, dry_run, started_ms, live) VALUES (1, 1, 0, 1, 1)"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", QUERIES)
def test_rows_are_found_by_an_index(engine: Engine, name: str) -> None:
    seen: list[str] = []
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(seen.append)
        QUERIES[name](connection)
        driver.set_trace_callback(None)
        statements = [asked for asked in seen if asked.startswith(("SELECT", "UPDATE", "DELETE"))]
        assert statements
        for statement in statements:
            plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            whole = [row[3] for row in plan if row[3].startswith("SCAN") and not row[3].startswith(NO_TABLE)]
            assert whole == [], statement
