"""A server that is killed in the middle of an index goes on where it was."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from servers.moorage import Moorage
from web.conftest import Face

FILES = 20_000


def many_files(root: Path, count: int) -> None:
    for folder in range(count // 1000):
        here = root / f"{folder:03}"
        here.mkdir(parents=True)
        for number in range(1000):
            (here / f"{number:04}.txt").touch()


def killed(server: Moorage, face: Face, job: str, at: int) -> Any:
    """Kill the server once the job has done so much; the job as it was seen last."""
    while True:
        seen = face("GET", f"/api/v1/jobs/{job}").json
        if seen["done"] >= at or seen["state"] not in ("queued", "running"):
            server.stop(signal.SIGKILL)
            return seen


def survive(tmp_path: Path, times: int, seed: int) -> None:
    root = tmp_path / "media"
    many_files(root, FILES)
    chance = random.Random(seed)
    server = Moorage(tmp_path / "data").start()
    face = Face(server, server.token())
    face("POST", "/api/v1/stores", {"name": "many", "provider": "disk", "root": str(root)})
    started = face("POST", "/api/v1/mirrors", {"store": "many", "project": "Many", "create_project": True}).json
    before = 0
    for _ in range(times):
        seen = killed(server, face, started["job"], before + chance.randint(1, FILES // times // 2))
        server.port = 0
        began = time.monotonic()
        server.start()
        after = face("GET", f"/api/v1/jobs/{started['job']}").json
        assert after["done"] >= seen["done"]  # nothing that was told is lost
        now = after
        while now["state"] in ("queued", "running") and now["done"] <= after["done"]:
            assert time.monotonic() - began < 20
            time.sleep(0.02)
            now = face("GET", f"/api/v1/jobs/{started['job']}").json
        before = after["done"]
    job = face.wait(started["job"])
    assert (job["state"], job["done"]) == ("succeeded", FILES)
    project = face("GET", f"/api/v1/projects/{started['project']}").json
    lines = face("GET", f"/api/v1/projects/{started['project']}/items", Accept="text/csv").body.splitlines()[1:]
    assert len(lines) == len({line.split(b",")[4] for line in lines}) == FILES
    time.sleep(5)
    project = face("GET", f"/api/v1/projects/{started['project']}").json
    assert project["counts"]["subtree_items"] == FILES
    server.stop()


def test_killed_twice_in_an_index_it_ends_with_every_file_once(tmp_path: Path) -> None:
    survive(tmp_path, times=2, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_killed_again_and_again_it_ends_with_every_file_once(tmp_path: Path, seed: int) -> None:
    survive(tmp_path, times=5, seed=seed)
