"""First index and re-index of a bucket on Ceph, against a bare obstore listing of the same bucket.

    python bench/index.py [--objects 100000] [--rounds 5]

Prints wall times and ratios: from the POST to the job's end, against listing with obstore; rows of item and folder
that a re-index without changes writes (counted by triggers); and the peak memory of the server's process tree.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import obstore
import psutil
from obstore.store import S3Store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from servers import Server, start_ceph
from servers.moorage import Moorage, ask

PUTS_AT_ONCE = 32
TABLES = ("item", "folder", "tombstone", "folder_delta")


def bucket_store(server: Server, bucket: str) -> S3Store:
    return S3Store(
        bucket,
        endpoint=server.endpoint,
        region=server.region,
        access_key_id=server.access_key,
        secret_access_key=server.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )


async def fill(store: S3Store, objects: int, per_folder: int) -> None:
    """Make what is missing: frames in folders, as cameras leave them."""
    present = sum(len(chunk) for chunk in obstore.list(store, chunk_size=1000))
    if present == objects:
        return
    print(f"Making {objects:,} objects (there are {present:,}) ...", flush=True)
    numbers = iter(range(objects))

    async def put() -> None:
        for number in numbers:
            key = f"cruise-{number // per_folder:04}/frame_{number % per_folder:06}.jpg"
            await obstore.put_async(store, key, b"x" * 64)

    await asyncio.gather(*(put() for _ in range(PUTS_AT_ONCE)))


def bare_listing(store: S3Store) -> tuple[float, int]:
    began = time.perf_counter()
    count = sum(len(chunk) for chunk in obstore.list(store, chunk_size=1000))
    return time.perf_counter() - began, count


class Peak:
    """The greatest sum of proportional memory of a process tree, sampled every 50 ms."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            try:
                tree = [self._process, *self._process.children(recursive=True)]
                self.bytes = max(self.bytes, sum(one.memory_full_info().pss for one in tree))
            except psutil.Error:
                continue

    def end(self) -> int:
        self._stop.set()
        self._thread.join()
        return self.bytes


class Bench:
    def __init__(self, server: Moorage, ceph: Server, bucket: str) -> None:
        self.server = server
        self.headers = {"Authorization": f"Bearer {server.token()}"}
        self.api("POST", "/stores", {
            "name": bucket, "provider": "s3", "endpoint": ceph.endpoint, "region": ceph.region, "bucket": bucket,
            "credentials": {"kind": "keys", "access_key": ceph.access_key, "secret_key": ceph.secret_key},
        })  # fmt: skip
        self.bucket = bucket

    def api(self, method: str, path: str, body: Any = None) -> Any:
        got = ask(method, f"{self.server.address}/api/v1{path}", body, **self.headers)
        assert got.status < 300, got.body
        return got.json if got.body else None

    def timed(self, path: str, body: Any) -> tuple[float, Any, Any]:
        """Seconds from the POST until the job's end, by the clock of this machine; what was answered, and the job.

        The job tells when it ended, so that asking for it often does not take the cores that it needs.
        """
        began = time.time()
        started = self.api("POST", path, body)
        while True:
            job = self.api("GET", f"/jobs/{started['job']}")
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(0.25)
        spent = datetime.fromisoformat(job["ended"]).timestamp() - began
        assert job["state"] == "succeeded", job
        return spent, started, job


def count_writes(catalogue: Path) -> sqlite3.Connection:
    """A connection to a catalogue whose writes to item and folder rows are counted from now on."""
    connection = sqlite3.connect(catalogue, timeout=30, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS bench_writes (what TEXT)")
    for table in TABLES:
        for verb in ("INSERT", "UPDATE", "DELETE"):
            connection.execute(
                f"CREATE TRIGGER IF NOT EXISTS bench_{table}_{verb} AFTER {verb} ON {table} "
                f"BEGIN INSERT INTO bench_writes VALUES ('{table} {verb}'); END"
            )
    return connection


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--per-folder", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=9111)
    arguments = parser.parse_args()

    ceph = start_ceph(arguments.port, gib=12)
    bucket = f"bench-{arguments.objects}-{arguments.per_folder}"
    import boto3

    client = boto3.client(
        "s3", endpoint_url=ceph.endpoint, region_name=ceph.region,
        aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key,
    )  # fmt: skip
    client.create_bucket(Bucket=bucket)
    store = bucket_store(ceph, bucket)
    asyncio.run(fill(store, arguments.objects, arguments.per_folder))

    bare, first, again, peaks = [], [], [], []
    written: list[tuple[str]] = []
    with tempfile.TemporaryDirectory() as home:
        for number in range(arguments.rounds):
            with Moorage(Path(home) / f"data-{number}") as server:
                bench = Bench(server, ceph, bucket)
                assert server.process is not None
                peak = Peak(server.process.pid)
                seconds, count = bare_listing(store)
                bare.append(seconds)
                assert count == arguments.objects
                body = {"store": bucket, "project": "bench", "create_project": True}
                seconds, started, job = bench.timed("/mirrors", body)
                first.append(seconds)
                assert job["outcome"]["added"] == arguments.objects, job
                time.sleep(3)
                connection = count_writes(server.data / "catalogue.db")
                seconds, _, job = bench.timed(f"/mirrors/{started['id']}/reindex", {})
                again.append(seconds)
                assert job["outcome"]["seen"] == arguments.objects, job
                written += connection.execute("SELECT what FROM bench_writes").fetchall()
                connection.close()
                peaks.append(peak.end())
    report(arguments.objects, bare, first, again, written, peaks)


def report(
    objects: int, bare: list[float], first: list[float], again: list[float], written: list[tuple[str]], peaks: list[int]
) -> None:
    base = statistics.median(bare)
    print(f"{objects:,} objects, median of {len(bare)} rounds (least to greatest)")
    for name, times in (("bare obstore listing", bare), ("first index", first), ("re-index, nothing changed", again)):
        middle = statistics.median(times)
        print(f"  {name:28} {middle:7.2f} s  ({min(times):.2f} to {max(times):.2f})  ratio {middle / base:.2f}")
    print(f"  rows written by the re-index {len(written):7}   {sorted(set(written))}")
    print(f"  peak memory of the server    {max(peaks) / 2**20:7.0f} MiB")
    print("  bars: first index <= 1.50, re-index <= 1.20, 0 rows, 300 MiB")


if __name__ == "__main__":
    main()
