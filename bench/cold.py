"""32 clients ask for the same cold object on Ceph through the server: what the origin sends, and how memory grows.

    python bench/cold.py [--mib 1024] [--clients 32]

First all of it, by clients that read at different speeds; then ranges of 1 MiB anywhere in another object. The bytes
of the origin are counted at a door between the two, and held against the object, and against the part of it that was
asked for. Prints both, and the growth of the memory of the server's processes; bars: 1.02 and 128 MiB.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import boto3

from index import Bench, Peak
from servers import Server, start_ceph
from servers.moorage import Moorage
from stores.counting import Counting, counting_beside

MIB = 1 << 20
RANGES = 32
"""Ranges that each client asks for."""
BUCKET = "bench-cold"


def fill(ceph: Server, mib: int) -> bytes:
    """Put two objects of random bytes; the bytes, which both have."""
    client = boto3.client(
        "s3", endpoint_url=ceph.endpoint, region_name=ceph.region,
        aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key,
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    dice = random.Random(1)
    data = b"".join(dice.randbytes(MIB) for _ in range(mib))
    for key in ("whole.bin", "ranges.bin"):
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            client.upload_fileobj(file, BUCKET, key)
    return data


def opened(url: str, token: str, part: tuple[int, int] | None = None) -> urllib.request.Request:
    headers = {"Authorization": f"Bearer {token}"}
    if part is not None:
        headers["Range"] = f"bytes={part[0]}-{part[1] - 1}"
    return urllib.request.Request(url, headers=headers)


def read_whole(url: str, token: str, data: bytes, number: int) -> None:
    """Read all of it and compare; every other client pauses now and then, each at a pace of its own."""
    at = 0
    with urllib.request.urlopen(opened(url, token), timeout=300) as response:
        while block := response.read(MIB):
            assert block == data[at : at + len(block)], f"other bytes at {at}"
            at += len(block)
            if number % 2:
                time.sleep(0.0005 * number)
    assert at == len(data), f"{at} of {len(data)} bytes"


def read_ranges(url: str, token: str, data: bytes, number: int) -> None:
    """Read 1 MiB here and there and compare."""
    for start in places(number, len(data)):
        with urllib.request.urlopen(opened(url, token, (start, start + MIB)), timeout=300) as response:
            assert response.read() == data[start : start + MIB], f"other bytes at {start}"


def places(number: int, size: int) -> list[int]:
    """Where the client's ranges begin."""
    dice = random.Random(number)
    return [dice.randrange(size - MIB) for _ in range(RANGES)]


def run(
    work: Callable[[str, str, bytes, int], None], bench: Bench, item: str, data: bytes, clients: int, door: Counting
) -> tuple[int, int, float]:
    """All clients at once; what the origin sent, by how much the memory grew, and the seconds that it took."""
    url = f"{bench.server.address}/api/v1/items/{item}/content"
    token = bench.headers["Authorization"].removeprefix("Bearer ")
    assert bench.server.process is not None
    idle = Peak(bench.server.process.pid)
    time.sleep(1)
    before, sent, began = idle.end(), door.sent, time.perf_counter()
    peak = Peak(bench.server.process.pid)
    faults: list[BaseException] = []

    def client(number: int) -> None:
        try:
            work(url, token, data, number)
        except BaseException as error:  # noqa: BLE001 - told at the end, of whichever client
            faults.append(error)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return door.sent - sent, peak.end() - before, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--clients", type=int, default=32)
    asked = parser.parse_args()
    ceph = start_ceph(9111, gib=12)
    data = fill(ceph, asked.mib)
    starts = [start for number in range(asked.clients) for start in places(number, len(data))]
    chunks = {index for start in starts for index in (start // MIB, (start + MIB - 1) // MIB)}
    with (
        tempfile.TemporaryDirectory() as home,
        counting_beside(ceph.endpoint) as door,
        Moorage(Path(home) / "data") as server,
    ):
        bench = Bench(server, replace(ceph, endpoint=door.endpoint), BUCKET)
        bench.timed("/mirrors", {"store": BUCKET, "project": BUCKET, "create_project": True})
        items = {one["name"]: one["id"] for one in bench.api("GET", f"/projects/{BUCKET}/items")["items"]}
        for name, work, fair in (
            ("whole.bin", read_whole, len(data)),
            ("ranges.bin", read_ranges, len(chunks) * MIB),
        ):
            sent, grown, took = run(work, bench, items[name], data, asked.clients, door)
            print(
                f"{name:12} {asked.clients} clients: origin sent {sent / MIB:,.0f} MiB, {sent / fair:.3f} of "
                f"{fair / MIB:,.0f} (bar 1.02); memory grew by {grown / MIB:.0f} MiB (bar 128); {took:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
