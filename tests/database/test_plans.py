"""How SQLite finds rows of tables that grow: by an index, never by reading a table whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from moorage.database.audit import Audit
from moorage.database.idempotency import Idempotency
from moorage.database.jobs import Jobs
from moorage.database.people import People
from moorage.database.scans import Scans
from moorage.database.schema import upgrade
from moorage.database.sqlite import sqlite_engine
from moorage.model.access import UserId
from moorage.model.jobs import JobId, JobState
from moorage.model.mirror import ScanId

ACTIVE = (JobState.QUEUED, JobState.RUNNING)
NO_TABLE = ("SCAN CONSTANT ROW", "SCAN (subquery")
"""An empty list after IN is written as a query without a table."""
QUERIES: dict[str, Callable[[Any], object]] = {
    "runnable work": lambda c: Jobs(c).runnable(1),
    "work of a job": lambda c: Jobs(c).works(JobId(1), step="list", open_only=True),
    "jobs": lambda c: Jobs(c).all(before=9),
    "active jobs": lambda c: Jobs(c).all(states=ACTIVE),
    "jobs of a project": lambda c: Jobs(c).all(project=1),
    "jobs of a mirror": lambda c: Jobs(c).all(kind="scan", subject=1),
    "old jobs": lambda c: Jobs(c).remove_old(1),
    "scan of a job": lambda c: Scans(c).scan_of(JobId(1)),
    "candidates": lambda c: Scans(c).missing(ScanId(1)),
    "audit": lambda c: Audit(c).all(before=9),
    "session": lambda c: People(c).session(b"x", 1),
    "token": lambda c: People(c).token(b"x", 1),
    "principal": lambda c: People(c).principal(UserId(1)),
    "tries": lambda c: People(c).tries("x", 1),
    "note a try": lambda c: People(c).note_try("x", 1),
    "link": lambda c: People(c).use_link(b"x", 1),
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
        connection.execute(text("INSERT INTO scan (mirror, job, dry_run, started_ms, live) VALUES (1, 1, 0, 1, 1)"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", QUERIES)
def test_rows_are_found_by_an_index(engine: Engine, name: str) -> None:
    seen: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        seen.append((call[2], call[3]))

    with engine.begin() as connection:
        event.listen(engine, "before_cursor_execute", note)
        QUERIES[name](connection)
        event.remove(engine, "before_cursor_execute", note)
        statements = [asked for asked in seen if asked[0].startswith(("SELECT", "UPDATE", "DELETE"))]
        assert statements
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            whole = [row[3] for row in plan if row[3].startswith("SCAN") and not row[3].startswith(NO_TABLE)]
            assert whole == [], statement
