"""The main job on PostgreSQL: one server and one worker, and the worker dies in the middle."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from contracts.store_keys import ODD_KEYS
from moorage.keyring import KeyRing
from moorage.stores.disk.naming import unstorable
from servers import postgres, warm
from servers.moorage import Moorage, clean_environment
from web.conftest import Face, moor
from web.test_main_job import walked

pytestmark = pytest.mark.xdist_group("postgres-main-job")
FILES = 20_000
SLOW = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.15); RETURN NULL; END';
CREATE TRIGGER slowly BEFORE INSERT ON item FOR EACH STATEMENT EXECUTE FUNCTION slowly();
"""
ROWS = "SELECT 'item', id, ctid::text, xmin::text FROM item UNION ALL SELECT 'folder', id, ctid::text, xmin::text"
ROWS += " FROM folder ORDER BY 1, 2"


@dataclass
class Harbour:
    """A server on a PostgreSQL database of its own, which is looked into beside it."""

    face: Face
    url: str
    settings: dict[str, str]
    database: psycopg.Connection[tuple[Any, ...]]

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(sql.encode(), values).fetchall()

    def executors(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT id FROM moorage_executor")}


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.running() as one:
        yield one


@pytest.fixture
def harbour(cluster: postgres.Cluster, tmp_path: Path) -> Iterator[Harbour]:
    with cluster.database() as url:
        # One slice of the queue at a time, so that the worker finds something to do too.
        settings = {
            "MOORAGE_DATABASE_URL": url,
            "MOORAGE_SECRET_KEY": KeyRing.new().primary.decode(),
            "MOORAGE_JOB_SLICES": "1",
        }
        with psycopg.connect(url, autocommit=True) as database, Moorage(tmp_path / "data", settings) as server:
            yield Harbour(Face(server, server.token()), url, settings, database)


@contextmanager
def worker(harbour: Harbour, data: Path) -> Iterator[tuple[warm.Started, str]]:
    """A second process with a data directory of its own, and the name under which it takes work."""
    before = harbour.executors()
    with (data.parent / "worker.log").open("wb") as log:
        environment = clean_environment() | harbour.settings
        process = warm.start_on(["worker", "--data", str(data)], environment, stdout=log.fileno(), stderr=log.fileno())
    try:
        until(lambda: len(harbour.executors()) > len(before), 30, (data.parent / "worker.log").read_text)
        yield process, (harbour.executors() - before).pop()
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=30)


def until(holds: Callable[[], object], within_s: float, told: Callable[[], object]) -> None:
    ends_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends_at, told()
        time.sleep(0.01)


def unfolded(harbour: Harbour) -> bool:
    return bool(harbour.rows("SELECT 1 FROM folder_delta LIMIT 1"))


def test_odd_names_are_mirrored_browsed_and_served_and_a_second_look_writes_nothing(
    harbour: Harbour, tmp_path: Path
) -> None:
    face, root = harbour.face, tmp_path / "media"
    names = [key for key in (*ODD_KEYS, "\udcff\udc80 no text", "empty") if unstorable(key) is None]
    assert len(names) > 20
    bodies = {name: b"" if name == "empty" else f"body {number}".encode() for number, name in enumerate(names)}
    for name, body in bodies.items():
        path = Path(os.fsdecode(os.fsencode(root) + b"/" + name.encode("utf-8", "surrogateescape")))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    moored = moor(face, root)
    found = walked(face, moored.project)
    assert set(found) == set(names)
    for name, body in bodies.items():
        got = face("GET", f"/api/v1/items/{found[name]['id']}/content")
        assert (got.status, got.body) == (200, body), name
    page = face("GET", f"/api/v1/folders/{moored.folder}/children?limit=500").json
    assert len(page["items"]) == len([name for name in names if "/" not in name])
    assert len(page["folders"]) == len({name.split("/")[0] for name in names if "/" in name})
    until(lambda: not unfolded(harbour), 20, lambda: "the counters are not folded")
    before = harbour.rows(ROWS)
    job = face.wait(face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"])
    assert job["state"] == "succeeded"
    assert harbour.rows(ROWS) == before
    assert not unfolded(harbour)


def test_a_worker_that_is_killed_in_the_middle_of_a_scan_is_replaced(harbour: Harbour, tmp_path: Path) -> None:
    """Each page takes 0.15 s to write, so that there is a middle. 30 s of silence are not waited for: the worker's
    last beat is dated back by that much."""
    face, root = harbour.face, tmp_path / "media"
    names = {f"d{number % 40:02}/f{number:05}.bin" for number in range(FILES)}
    for number in range(40):
        (root / f"d{number:02}").mkdir(parents=True)
    for name in names:
        (root / name).touch()
    store = {"name": "reef", "provider": "disk", "root": str(root)}
    assert face("POST", "/api/v1/stores", store).status == 201
    harbour.database.execute(SLOW)
    with worker(harbour, tmp_path / "worker") as (process, executor):
        running = "SELECT count(*) FROM dbos.workflow_status WHERE status = 'PENDING' AND executor_id = %s"
        started = face("POST", "/api/v1/mirrors", {"store": "reef", "project": "reef", "create_project": True}).json
        job = f"/api/v1/jobs/{started['job']}"
        until(lambda: harbour.rows(running, executor)[0][0], 30, lambda: face("GET", job).json)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        assert harbour.rows(running, executor)[0][0], "It was not in the middle of anything."
    assert face("GET", job).json["state"] == "running"
    harbour.rows("UPDATE moorage_executor SET beat = beat - interval '30 seconds' WHERE id = %s RETURNING id", executor)
    ended = face.wait(started["job"])
    assert (ended["state"], ended["errors"]) == ("succeeded", [])
    assert ended["outcome"]["added"] == FILES
    found = walked(face, started["project"])
    assert set(found) == names
    assert harbour.rows("SELECT count(*) FROM item") == [(FILES,)]
    again = face.wait(face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"])
    assert {again["outcome"][name] for name in ("added", "changed", "vanished")} == {0}
    assert {key: item["id"] for key, item in walked(face, started["project"]).items()} == {
        key: item["id"] for key, item in found.items()
    }
