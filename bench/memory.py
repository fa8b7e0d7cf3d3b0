"""10 GiB of content through the server, from a disk and from Ceph: how far its memory grows.

    python bench/memory.py [--gib 10]

Prints the memory of the server's process tree before, its peak meanwhile, and the difference; bar: 128 MiB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import boto3

from index import Bench, Peak
from servers import start_ceph
from servers.moorage import Moorage

BLOCK = 1 << 20
READERS = 4


def read_all(url: str, token: str) -> int:
    """Read a response and throw it away; its length."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    total = 0
    with urllib.request.urlopen(request, timeout=120) as response:
        while block := response.read(BLOCK):
            total += len(block)
    return total


def through(bench: Bench, project: str, gib: int) -> int:
    """Read the project's one item until so many GiB came through, four readers at a time; the bytes."""
    (item,) = bench.api("GET", f"/projects/{project}/items")["items"]
    url = f"{bench.server.address}/api/v1/items/{item['id']}/content"
    token = bench.headers["Authorization"].removeprefix("Bearer ")
    turns = iter(range(max(1, (gib << 30) // item["size"])))
    counted: list[int] = []

    def reader() -> None:
        counted.extend(read_all(url, token) for _ in turns)

    threads = [threading.Thread(target=reader) for _ in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=int, default=10)
    gib = parser.parse_args().gib
    ceph = start_ceph(9111, gib=12)
    client = boto3.client(
        "s3", endpoint_url=ceph.endpoint, region_name=ceph.region,
        aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key,
    )  # fmt: skip
    client.create_bucket(Bucket="bench-large")
    with tempfile.TemporaryDirectory() as home:
        media = Path(home) / "media"
        media.mkdir()
        with (media / "large.bin").open("wb") as file:
            file.truncate(gib << 30)
        with tempfile.TemporaryFile() as part:
            part.truncate(1 << 30)
            client.upload_fileobj(part, "bench-large", "large.bin")
        with Moorage(Path(home) / "data") as server:
            bench = Bench(server, ceph, "bench-large")
            bench.api("POST", "/stores", {"name": "disk", "provider": "disk", "root": str(media)})
            for store in ("disk", "bench-large"):
                bench.timed("/mirrors", {"store": store, "project": store, "create_project": True})
                assert server.process is not None
                idle = Peak(server.process.pid)
                threading.Event().wait(1)
                before = idle.end()
                peak = Peak(server.process.pid)
                moved = through(bench, store, gib)
                grown = peak.end() - before
                print(
                    f"{store:12} {moved / 2**30:5.1f} GiB  memory before {before / 2**20:4.0f} MiB, "
                    f"grown by {grown / 2**20:4.0f} MiB (bar 128)",
                    flush=True,
                )


if __name__ == "__main__":
    main()
