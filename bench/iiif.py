"""Deep zoom by IIIF: all tiles of two levels of a 400-megapixel pyramid TIFF, cold and warm, against bare pyvips.

    python bench/iiif.py [--factors 8 4]

First on a disk: processor time of the server and its decoders for each tile, over HTTP, beside one process that cuts
the same tiles out of the same file with pyvips alone: once with the level left open from tile to tile, and once
opened for each, as whoever serves single requests has to. Then on Ceph behind a proxy that counts: bytes that were
asked of the store against bytes that the tiles have in the file.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil
import pyvips
from PIL import Image

from previews import picture, processor_seconds
from servers import start_ceph
from servers.moorage import Moorage
from servers.moorage import ask as once
from video import Counted, counting

TILE = 512
ROUNDS = 3
STRIP_BYTES = 325
"""The tag with the lengths of tiles."""
Tile = tuple[int, int, int]
"""By how much it is scaled down, and its column and row."""


@dataclass(frozen=True)
class Level:
    """A picture of the pyramid."""

    factor: int
    page: int
    width: int
    height: int
    stored: int
    """Bytes of its tiles in the file."""

    def tiles(self) -> list[Tile]:
        """From the top left, row by row."""
        return [
            (self.factor, column, row)
            for row in range(-(-self.height // TILE))
            for column in range(-(-self.width // TILE))
        ]


def levels_of(place: Path, factors: list[int]) -> list[Level]:
    """Those that are stored at these parts of the full size."""
    Image.MAX_IMAGE_PIXELS = None
    found: list[Level] = []
    with Image.open(place) as opened:
        full: Any = opened
        for page in range(full.n_frames):
            full.seek(page)
            lengths = full.tag_v2.get(STRIP_BYTES)
            if page == 0:
                whole = full.size
            factor = round(whole[0] / full.size[0])
            if factor in factors:
                stored = sum(lengths) if isinstance(lengths, tuple) else int(lengths)
                found.append(Level(factor, page, full.width, full.height, stored))
    return sorted(found, key=lambda one: factors.index(one.factor))


def cut(image: Any, column: int, row: int) -> int:
    """What anyone would write with pyvips alone."""
    left, top = column * TILE, row * TILE
    part = image.crop(left, top, min(TILE, image.width - left), min(TILE, image.height - top))
    return len(part.jpegsave_buffer(Q=88, optimize_coding=True, keep="none"))


def bare(place: Path, levels: list[Level], *, open_each: bool) -> float:
    """Processor time of this process for each tile."""
    count, began = 0, processor_seconds([os.getpid()])
    for level in levels:
        image = pyvips.Image.new_from_file(str(place), page=level.page, access="random")
        for _, column, row in level.tiles():
            if open_each:
                image = pyvips.Image.new_from_file(str(place), page=level.page, access="random")
            cut(image, column, row)
            count += 1
    return (processor_seconds([os.getpid()]) - began) / count


class Viewer:
    """Asks a server for tiles over one connection."""

    def __init__(self, server: Moorage, item: dict[str, Any], levels: list[Level]) -> None:
        self.headers = {"Authorization": f"Bearer {server.token()}"}
        self.line = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=120)
        self.item, self.levels = item, levels
        assert server.process is not None
        self.root = server.process.pid

    def spent(self) -> float:
        """Processor time of the server and its decoders so far, in seconds, of those too that were replaced."""
        root = psutil.Process(self.root)
        ended = root.cpu_times()
        return (
            ended.children_user
            + ended.children_system
            + processor_seconds([self.root, *(child.pid for child in root.children(recursive=True))])
        )

    def get(self, path: str) -> bytes:
        self.line.request("GET", path, headers=self.headers)
        answer = self.line.getresponse()
        body = answer.read()
        assert answer.status == 200, body[:300]
        return body

    def walk(self) -> tuple[float, float, int]:
        """Processor time and wall time of each tile, and bytes of all."""
        tiles = [tile for level in self.levels for tile in level.tiles()]
        begun, began, total = self.spent(), time.perf_counter(), 0
        for factor, column, row in tiles:
            level = next(one for one in self.levels if one.factor == factor)
            step = TILE * factor
            left, top = column * step, row * step
            size = min(TILE, level.width - column * TILE), min(TILE, level.height - row * TILE)
            part = min(step, self.item["width"] - left), min(step, self.item["height"] - top)
            place = f"{left},{top},{part[0]},{part[1]}/{size[0]},{size[1]}/0/default.jpg"
            total += len(self.get(f"/iiif/3/{self.item['id']}/{place}"))
        spent = self.spent() - begun
        return spent / len(tiles), (time.perf_counter() - began) / len(tiles), total


@contextmanager
def viewing(home: Path, source: dict[str, Any], levels: list[Level]) -> Iterator[tuple[Viewer, Callable[[], None]]]:
    """A viewer of the only image in a mirror, and what makes the server forget all tiles."""
    with Moorage(home / "data") as server:
        token = {"Authorization": f"Bearer {server.token()}"}
        api = f"{server.address}/api/v1"
        if "root" in source:
            once("POST", f"{api}/stores", {"name": "bench", "provider": "disk", "read_only": True, **source}, **token)
            source = {"store": "bench"}
        made = once("POST", f"{api}/mirrors", {"project": "bench", "create_project": True, **source}, **token).json
        while once("GET", f"{api}/jobs/{made['job']}", **token).json["state"] in ("queued", "running"):
            time.sleep(0.1)
        (item,) = once("GET", f"{api}/folders/{made['folder']}/children", **token).json["items"]
        told = once("GET", f"{server.address}/iiif/3/{item['id']}/info.json", **token).json
        assert told["tiles"][0]["width"] == TILE, told
        viewer = Viewer(server, item | {"width": told["width"], "height": told["height"]}, levels)

        def forget() -> None:
            for name in ("converted", "storage"):
                once("DELETE", f"{api}/cache/{name}", **token)

        yield viewer, forget


def on_disk(place: Path, levels: list[Level]) -> None:
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "pictures").mkdir()
        shutil.copy(place, home / "pictures" / "scan.tif")
        with viewing(home, {"root": str(home / "pictures")}, levels) as (viewer, forget):
            viewer.walk()
            for _ in range(ROUNDS):
                found.setdefault("pyvips, left open", []).append(bare(place, levels, open_each=False))
                found.setdefault("pyvips, opened each", []).append(bare(place, levels, open_each=True))
                forget()
                for name in ("cold", "warm"):
                    spent, wall, total = viewer.walk()
                    found.setdefault(name, []).append(spent)
                    print(f"    {name}: {wall * 1e3:.1f} ms a tile, {total:,} bytes")
    first = {name: min(times) for name, times in found.items()}
    for name, times in found.items():
        least = first[name]
        ratios = ", ".join(f"{first[peer] / least:.2f}x {peer}" for peer in list(first)[:2])
        spread = statistics.pstdev(times) / least
        print(f"  {name:20} {least * 1e3:7.2f} ms of processor a tile (spread {spread:.0%}) = {ratios}")


def on_ceph(place: Path, levels: list[Level]) -> None:
    ceph = start_ceph(9141, 4)
    s3 = boto3.client(
        "s3", endpoint_url=ceph.endpoint, aws_access_key_id=ceph.access_key, aws_secret_access_key=ceph.secret_key
    )
    bucket = f"iiif-{int(time.time())}"
    s3.create_bucket(Bucket=bucket)
    s3.upload_file(str(place), bucket, "scan.tif")
    keys = {"kind": "keys", "access_key": ceph.access_key, "secret_key": ceph.secret_key}
    with tempfile.TemporaryDirectory() as folder, counting(ceph.endpoint) as counted:
        source = {"address": f"{counted.endpoint}/{bucket}", "credentials": keys}
        with viewing(Path(folder), source, levels) as (viewer, forget):
            forget()
            counted.asked.clear()
            for name in ("cold", "warm"):
                spent, wall, _ = viewer.walk()
                told(name, counted, levels, spent, wall)
                counted.asked.clear()
    s3.delete_object(Bucket=bucket, Key="scan.tif")


def told(name: str, counted: Counted, levels: list[Level], spent: float, wall: float) -> None:
    asked = sum(one[2] for one in counted.of("scan.tif"))
    stored = sum(level.stored for level in levels)
    print(
        f"  {name:20} {spent * 1e3:7.2f} ms of processor a tile, {wall * 1e3:.1f} ms in all; the store was asked for "
        f"{asked:,} bytes in {len(counted.of('scan.tif'))} requests = {asked / stored:.2f}x the {stored:,} of the tiles"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factors", type=int, nargs="+", default=[8, 4])
    asked = parser.parse_args()
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)
    tiled = {"tile": True, "pyramid": True, "tile_width": 256, "tile_height": 256, "compression": "jpeg", "Q": 85}
    place = picture("400.tif", 400, **tiled)
    levels = levels_of(place, asked.factors)
    count = sum(len(level.tiles()) for level in levels)
    print(f"{count} tiles of {TILE} pixels of {place.stat().st_size / 1e6:.0f} MB, best of {ROUNDS} rounds")
    print("On a disk")
    on_disk(place, levels)
    print("On Ceph")
    on_ceph(place, levels)


if __name__ == "__main__":
    main()
