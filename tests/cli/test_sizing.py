"""`moorage doctor --sizing`: figures of this machine, measured without leaving anything behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from moorage.cli.sizing import bytes_text, time_text
from servers import warm
from servers.moorage import Moorage, ask, clean_environment

LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job comes with it ignored
from moorage.cli.application import main
main(sys.argv[1:])
"""


def asked(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return warm.run(["doctor", "--data", str(data), *words], clean_environment(), timeout=120)


def figures(data: Path, objects: int) -> dict[str, Any]:
    ran = asked(data, "--sizing", str(objects), "--json")
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_figures_grow_with_the_number_and_nothing_is_left_or_made(tmp_path: Path) -> None:
    few, many = figures(tmp_path / "data", 1_000), figures(tmp_path / "data", 100_000_000)
    assert list(tmp_path.iterdir()) == []
    assert set(few) == {"objects", "disk", "memory", "minutes", "stores", "measured", "assumed", "notes"}
    assert (few["objects"], many["objects"]) == (1_000, 100_000_000)
    for name in ("catalogue_bytes", "preview_bytes"):
        assert 0 < few["disk"][name] < many["disk"][name] / 1000
    assert 0 < few["minutes"] < many["minutes"] / 1000
    assert few["stores"] == []
    assert 60 < few["measured"]["bytes_per_row"] < 1000
    assert few["measured"]["rows_per_second"] > 100
    assert few["measured"]["sync_ms"] > 0
    assert few["measured"]["database"] == "sqlite"
    assert 64 << 20 < few["memory"]["server_bytes"] < 1 << 30
    assert any("PostgreSQL" in note for note in many["notes"])


@pytest.mark.soak
def test_the_bytes_of_a_row_are_those_of_a_real_index(tmp_path: Path) -> None:
    """Within a factor of two: names and ETags of other lengths, and sort orders that nobody asked for yet."""
    root = tmp_path / "media"
    count = 5_000
    for number in range(count):
        folder = root / f"{number // 1000:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"frame_{number:06}.jpg").touch()
    with Moorage(tmp_path / "data") as server:
        token = f"Bearer {server.token()}"
        empty = (server.data / "catalogue.db").stat().st_size
        started = ask("POST", f"{server.address}/api/v1/mirrors", {"address": str(root)}, Authorization=token).json
        server.run("job", "watch", started["job"], MOORAGE_TOKEN=token.removeprefix("Bearer "))
        found = figures(server.data, count)
        name = started["store"]
    weight = (tmp_path / "data" / "catalogue.db").stat().st_size - empty
    assert weight / 2 < found["disk"]["catalogue_bytes"] < weight * 2
    (timed,) = found["stores"]
    assert timed["store"] == name
    assert timed["objects_per_second"] > 0
    assert timed["limit"] in ("listing", "writing rows")
    assert timed["minutes"] >= found["minutes"]
    assert not list((tmp_path / "data").glob(".moorage-sizing-*"))


@pytest.mark.soak
def test_for_people_each_figure_says_how_it_is_known(tmp_path: Path) -> None:
    ran = asked(tmp_path, "--sizing", "5000000")
    assert ran.returncode == 0, ran.stderr
    rows = {row[0]: row[1:] for row in (line.split("\t") for line in ran.stdout.splitlines())}
    assert list(rows) == [
        "disk: catalogue",
        "disk: previews",
        "disk: free",
        "memory: server",
        "memory: decoders",
        "first index",
    ]
    assert all(known.startswith(("measured", "assumed")) for _, known in rows.values())
    assert "5,000,000 objects" in ran.stderr


@pytest.mark.parametrize("word", ["0", "-5", "many", "1.5", "100000000001"])
def test_a_number_that_is_none_of_objects_is_refused(tmp_path: Path, word: str) -> None:
    ran = asked(tmp_path / "data", f"--sizing={word}")
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert "sizing" in ran.stderr.lower()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING, "doctor", "--sizing", "1000", "--data", tmp_path],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list(tmp_path.glob(".moorage-sizing-*/catalogue.db")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
def test_what_a_killed_trial_left_is_swept_later(tmp_path: Path) -> None:
    left = tmp_path / ".moorage-sizing-killed"
    left.mkdir()
    (left / "catalogue.db").touch()
    os.utime(left, (0, 0))
    figures(tmp_path, 10)
    assert list(tmp_path.iterdir()) == []


def test_sizes_and_times_read_well() -> None:
    assert [bytes_text(n) for n in (0, 999, 1_000, 62_200_000, 1_040_000_000, 80_000_000_000_000)] == [
        "0 B",
        "999 B",
        "1 kB",
        "62.2 MB",
        "1.04 GB",
        "80 TB",
    ]
    assert [time_text(n) for n in (0.1, 40, 150, 7200)] == ["1 s", "40 s", "2.5 min", "2.0 h"]
