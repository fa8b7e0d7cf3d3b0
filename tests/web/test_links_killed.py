"""A server that is killed in the middle of an import goes on where it was: no line is lost, none comes twice."""

from __future__ import annotations

import csv
import io
import random
import time
from pathlib import Path
from typing import Any

import pytest

from servers.moorage import Moorage
from web.conftest import Face
from web.linked import Linked, add_disk
from web.test_killed import killed

LINES = 20_000


def many(store: str, count: int) -> str:
    """Lines of which each thousandth is wrong, and each hundredth names the object of the line above."""
    return "".join(
        "garbage\n"
        if number % 1000 == 999
        else f"fs://{store}/{number // 500}/{number - (number % 100 == 50):06}.jpg\n"
        for number in range(count)
    )


def expected(count: int) -> dict[str, int]:
    wrong, twice = count // 1000, count // 100
    return {"linked": count - wrong - twice, "duplicate": twice, "refused": wrong}


def whole(linked: Linked, of: Any, count: int) -> None:
    """Every line has its verdict, and the catalogue holds each object once."""
    assert (of["counts"], of["read"], of["lines"]) == (expected(count), count, count)
    rows = linked.face("GET", f"/api/v1/projects/{linked.project}/items", Accept="text/csv").body.decode()
    addresses = [row["address"] for row in csv.DictReader(io.StringIO(rows))]
    assert len(addresses) == len(set(addresses)) == expected(count)["linked"]
    told = linked.face("GET", f"/api/v1/imports/{of['id']}/lines", Accept="text/csv").body.decode()
    lines = [int(row["line"]) for row in csv.DictReader(io.StringIO(told))]
    assert len(lines) == len(set(lines)) == count // 1000 + count // 100


def survive(tmp_path: Path, count: int, times: int, seed: int) -> None:
    chance = random.Random(seed)
    server = Moorage(tmp_path / "data").start()
    face = Face(server, server.token())
    linked = Linked.made(face)
    started = linked.send(many(add_disk(face, tmp_path / "media"), count), "keep_directories=full").json
    before = 0
    for _ in range(times):
        seen = killed(server, face, started["job"], before + chance.randint(1, count // times // 2))
        server.port = 0
        server.start()
        before = face("GET", f"/api/v1/jobs/{started['job']}").json["done"]
        assert before >= seen["done"]  # nothing that was told is lost
    face.wait(started["job"])
    whole(linked, face("GET", f"/api/v1/imports/{started['id']}").json, count)
    server.stop()


@pytest.mark.soak
def test_killed_in_an_import_it_ends_with_every_line_once(tmp_path: Path) -> None:
    survive(tmp_path, LINES, times=1, seed=3)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again_it_ends_with_every_line_once(tmp_path: Path, seed: int) -> None:
    survive(tmp_path, 100_000, times=5, seed=seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_million_lines_are_linked_with_a_pause_a_kill_and_a_retry_in_bounded_memory(tmp_path: Path) -> None:
    count = 1_000_000
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        linked = Linked.made(face)
        store = add_disk(face, tmp_path / "media")
        assert server.process is not None
        idle = resident(server.process.pid)
        started = linked.send(many(store, count), "keep_directories=full").json
        job = f"/api/v1/jobs/{started['job']}"
        assert face("POST", f"{job}/pause").status == 200
        time.sleep(2)
        held = face("GET", job).json
        time.sleep(2)
        assert (face("GET", job).json["state"], face("GET", job).json["done"]) == ("paused", held["done"])
        assert face("POST", f"{job}/resume").status == 200
        killed(server, face, started["job"], count // 4)
        server.port = 0
        server.start()
        most, seen = 0, 0
        while (shown := face("GET", job).json)["done"] < count // 2:
            assert shown["done"] >= seen
            seen, most = shown["done"], max(most, resident(server.process.pid))
            time.sleep(0.5)
        assert face("POST", f"{job}/cancel").status == 200
        while face("GET", job).json["state"] != "cancelled":
            time.sleep(0.1)
        assert face("POST", f"{job}/retry").status == 200
        while face("GET", job).json["state"] in ("queued", "running"):
            most = max(most, resident(server.process.pid))
            time.sleep(0.5)
        assert most - idle < 128 << 20
        whole(linked, face("GET", f"/api/v1/imports/{started['id']}").json, count)


def resident(pid: int) -> int:
    """Bytes of a process that are in memory."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) << 10
