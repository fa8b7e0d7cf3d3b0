"""A list of links from the POST to the job's end, against a bare insert of the same lines into SQLite.

    python bench/links.py [--lines 1000000]

Prints lines a second and ratios for a dry run, the import, and the same list once more; and the peak memory of the
server's process tree for that list and for a tenth of it, which tells whether memory grows with the list.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from index import Peak
from moorage.client import Client
from servers.moorage import Moorage

BATCH = 1000
PER_FOLDER = 5_000
STORE = "bench"


def lines(count: int) -> Iterator[str]:
    """Addresses of frames in folders, as cameras leave them."""
    for number in range(count):
        yield f"fs://{STORE}/cruise-{number // PER_FOLDER:04}/frame_{number % PER_FOLDER:06}.jpg"


def bare_insert(path: Path, listed: Path) -> float:
    """Seconds to read the list and keep it as rows with one index, committed by the thousand."""
    began = time.perf_counter()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE row (folder BLOB, name BLOB, address BLOB, PRIMARY KEY (folder, name))")
    with listed.open("rb") as file:
        while batch := [line.rstrip(b"\n") for _, line in zip(range(BATCH), file, strict=False)]:
            parts = [(*line.rpartition(b"/")[::2], line) for line in batch]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO row VALUES (?, ?, ?)", parts)
            connection.execute("COMMIT")
    connection.close()
    return time.perf_counter() - began


@dataclass
class Figures:
    """Seconds of each step, and bytes."""

    dry: float
    first: float
    again: float
    peak: int
    grown: int


def timed(client: Client, listed: Path, **more: Any) -> float:
    """Seconds from the POST until the job's end, by the clock of this machine."""
    began = time.time()
    started = client.import_links(listed, "bench", keep_directories="full", **more)
    while (job := client.job(started.job)).state in ("queued", "running"):
        time.sleep(0.5)
    assert job.state == "succeeded", job
    assert job.ended is not None
    return datetime.fromisoformat(str(job.ended)).timestamp() - began


def measure(home: Path, listed: Path, count: int) -> Figures:
    (home / "media").mkdir()
    with Moorage(home / "data") as server, Client(server.address, server.token()) as client:
        assert server.process is not None
        client.add_store(STORE, provider="disk", root=str(home / "media"))
        client.add_project("bench")
        time.sleep(2)
        idle, peak = Peak(server.process.pid), Peak(server.process.pid)
        time.sleep(0.5)
        before = idle.end()
        dry = timed(client, listed, dry_run=True)
        first = timed(client, listed)
        again = timed(client, listed)
        most = peak.end()
        found = client.link_import("2")
        assert found.counts == {"linked": count}, found.counts
    return Figures(dry, first, again, most, most - before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    arguments = parser.parse_args()
    found = {}
    for count in (arguments.lines // 10, arguments.lines):
        with tempfile.TemporaryDirectory() as home:
            listed = Path(home) / "list.txt"
            with listed.open("w") as file:
                file.writelines(f"{line}\n" for line in lines(count))
            bare = bare_insert(Path(home) / "bare.db", listed)
            found[count] = measure(Path(home), listed, count)
            report(count, bare, found[count])
    small, large = found.values()
    print(f"  ten times the lines cost {(large.grown - small.grown) / 2**20:.0f} MiB more")


def report(count: int, bare: float, of: Figures) -> None:
    print(f"{count:,} lines; ratios are against a bare insert into SQLite")
    steps = (("bare insert", bare), ("dry run", of.dry), ("import", of.first), ("the same list again", of.again))
    for name, seconds in steps:
        print(f"  {name:20} {seconds:7.1f} s  {count / seconds:9,.0f} lines/s  ratio {seconds / bare:5.2f}")
    print(f"  peak memory of the server {of.peak / 2**20:5.0f} MiB, {of.grown / 2**20:.0f} MiB above idle", flush=True)


if __name__ == "__main__":
    main()
