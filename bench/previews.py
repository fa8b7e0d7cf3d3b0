"""Previews a second, against bare pyvips in a process pool and against thumbor 7.8, on the same files in one run.

    python bench/previews.py [--images 12] [--without-thumbor]

First the decoder pool alone beside bare pyvips; then the server over HTTP beside thumbor's own server, which this
makes an environment for (in a cache folder, from the package index). On a machine that does other things too, the
ratio of processor time is the one to trust.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pyvips

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import media
from moorage.imaging import DecoderPool
from moorage.model.variant import Recipe
from servers.moorage import Moorage, ask
from servers.nginx import free_port

BOX = Recipe(512, 512)
PROCESSES = min(os.cpu_count() or 1, 4)
ROUNDS = 3
KEPT = Path(tempfile.gettempdir()) / "moorage-bench-previews"
"""Pictures and thumbor's environment, made once."""
THUMBOR = "thumbor==7.8.*"
CONFIG = """
LOADER = "thumbor.loaders.file_loader"
FILE_LOADER_ROOT_PATH = {root!r}
STORAGE = "thumbor.storages.no_storage"
RESULT_STORAGE = None
ALLOW_UNSAFE_URL = True
MAX_PIXELS = 1e9
QUALITY = 80
"""


class OnDisk:
    """A source by descriptor, as the storage cache and a disk store give it."""

    media_type = "image/jpeg"

    def __init__(self, place: Path) -> None:
        self.size = place.stat().st_size
        self.descriptor: int | None = os.open(place, os.O_RDONLY)

    async def read(self, start: int, length: int) -> bytes:
        raise NotImplementedError("the descriptor is read")

    def close(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


@cache
def content_of(place: Path) -> bytes:
    """Read once: what a store takes is not what is measured."""
    return place.read_bytes()


class InMemory(OnDisk):
    """A source by ranges."""

    def __init__(self, place: Path) -> None:
        self.content = content_of(place)
        self.size = len(self.content)
        self.descriptor = None

    async def read(self, start: int, length: int) -> bytes:
        return self.content[start : start + length]


@dataclass(frozen=True)
class Round:
    """What one round took, in seconds."""

    wall: float
    processor: float

    @classmethod
    def since(cls, began: tuple[float, float], pids: list[int]) -> Round:
        return cls(time.perf_counter() - began[0], processor_seconds(pids) - began[1])


Found = dict[str, list[Round]]


def bare(place: str) -> int:
    """What anyone would write with pyvips alone who wants the colours to be right."""
    image = pyvips.Image.thumbnail(place, BOX.width, height=BOX.height, size="down", output_profile="srgb")
    return len(image.webpsave_buffer(Q=80, effort=2, keep="none"))


def careless(place: str) -> int:
    """The same by who forgot the colour profiles."""
    image = pyvips.Image.thumbnail(place, BOX.width, height=BOX.height, size="down")
    return len(image.webpsave_buffer(Q=80, effort=2, keep="none"))


def calm() -> None:
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)


async def ours(pool: DecoderPool, places: list[Path], kind: type[OnDisk]) -> None:
    waiting = iter(places)

    async def worker() -> None:
        for place in waiting:
            source = kind(place)
            try:
                await pool.preview(source, BOX)
            finally:
                source.close()

    await asyncio.gather(*(worker() for _ in range(PROCESSES * 2)))


def processor_seconds(pids: list[int]) -> float:
    """What these processes used so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return float(sum(each.user + each.system for each in times))


async def in_pools(places: list[Path]) -> Found:
    """The ways take turns in each round."""
    ways = (("pool, descriptor", OnDisk), ("pool, ranges", InMemory))
    peers = (("bare pyvips", bare), ("without profiles", careless))
    found: Found = {name: [] for name, _ in (*peers, *ways)}
    pool = DecoderPool(processes=PROCESSES)
    try:
        with multiprocessing.get_context("spawn").Pool(PROCESSES, initializer=calm) as others:
            warm = places[: PROCESSES * 2]
            await asyncio.to_thread(others.map, bare, map(str, warm))
            await ours(pool, warm, OnDisk)
            bare_pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]
            pool_pids = [os.getpid(), *pool.pids]
            for _ in range(ROUNDS):
                for name, way in peers:
                    began = time.perf_counter(), processor_seconds(bare_pids)
                    await asyncio.to_thread(others.map, way, [str(place) for place in places], 1)
                    found[name].append(Round.since(began, bare_pids))
                for kind_name, kind in ways:
                    began = time.perf_counter(), processor_seconds(pool_pids)
                    await ours(pool, places, kind)
                    found[kind_name].append(Round.since(began, pool_pids))
    finally:
        await pool.aclose()
    return found


@dataclass(frozen=True)
class Server:
    """A server under measurement. ``pid``: the process whose family's time counts."""

    name: str
    pid: int
    urls: list[str]
    headers: dict[str, str]
    forget: Callable[[], Any]

    def family(self) -> list[int]:
        root = psutil.Process(self.pid)
        return [self.pid, *(child.pid for child in root.children(recursive=True))]

    def fetch(self, url: str) -> int:
        with urllib.request.urlopen(urllib.request.Request(url, headers=self.headers), timeout=120) as answer:
            return len(answer.read())

    def round(self) -> Round:
        self.forget()
        began = time.perf_counter(), processor_seconds(self.family())
        with ThreadPoolExecutor(PROCESSES * 2) as asking:
            list(asking.map(self.fetch, self.urls))
        return Round.since(began, self.family())


def over_http(folder: Path, servers: Callable[[Path], Any]) -> Found:
    """The servers take turns in each round; the first one's previews are forgotten before each."""
    found: Found = {}
    with servers(folder) as under:
        for one in under:
            try:
                one.fetch(one.urls[0])
            except urllib.error.HTTPError as exc:
                print(f"  {one.name} cannot open it: {exc.code} {exc.read(200)!r}")
                return {}
        for _ in range(ROUNDS):
            for one in under:
                found.setdefault(one.name, []).append(one.round())
    return found


@contextmanager
def both(folder: Path) -> Iterator[list[Server]]:
    """Moorage over the folder as a disk store, and thumbor with it as its root."""
    names = sorted(place.name for place in folder.iterdir())
    with tempfile.TemporaryDirectory() as home, Moorage(Path(home) / "data") as moorage:
        token = {"Authorization": f"Bearer {moorage.token()}"}
        api = f"{moorage.address}/api/v1"
        body = {"name": "bench", "provider": "disk", "root": str(folder), "read_only": True}
        ask("POST", f"{api}/stores", body, **token)
        made = ask("POST", f"{api}/mirrors", {"store": "bench", "project": "bench", "create_project": True}, **token)
        while ask("GET", f"{api}/jobs/{made.json['job']}", **token).json["state"] in ("queued", "running"):
            time.sleep(0.1)
        page = ask("GET", f"{api}/folders/{made.json['folder']}/children?limit=500", **token).json
        urls = [f"{api}/items/{item['id']}/preview?width=512&height=512&format=webp" for item in page["items"]]
        assert moorage.process is not None
        forget = lambda: ask("DELETE", f"{api}/cache/previews", **token)  # noqa: E731 - one use
        config, port = Path(home) / "thumbor.conf", free_port()
        config.write_text(CONFIG.format(root=str(folder)))
        words = [str(KEPT / "thumbor" / "bin" / "thumbor"), "-i", "127.0.0.1", "-p", str(port), "-c", str(config)]
        thumbor = subprocess.Popen([*words, "--processes", str(PROCESSES)], stderr=subprocess.DEVNULL)
        try:
            _wait(port)
            address = f"http://127.0.0.1:{port}/unsafe/fit-in/512x512/filters:format(webp)"
            yield [
                Server("moorage", moorage.process.pid, urls, token, forget),
                Server("thumbor", thumbor.pid, [f"{address}/{name}" for name in names], {}, lambda: None),
            ]
        finally:
            family = psutil.Process(thumbor.pid).children(recursive=True)
            thumbor.terminate()
            for each in family:
                if each.is_running():
                    each.terminate()
            thumbor.wait()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("thumbor does not start")


def environment() -> None:
    """Thumbor, with what it needs, and nothing of ours."""
    home = KEPT / "thumbor"
    if not (home / "bin" / "thumbor").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "-q", THUMBOR], check=True)


def picture(name: str, megapixels: float, **options: Any) -> Path:
    """A real photograph in that size, with some grain, as scaling up leaves none."""
    place = KEPT / name
    if not place.exists():
        growing = place.with_stem(f"growing-{place.stem}")
        photograph = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
        large = photograph.resize((megapixels * 1e6) ** 0.5 / photograph.width)
        grain = pyvips.Image.gaussnoise(large.width, large.height, sigma=3, mean=0)
        (large + grain).cast("uchar").copy(interpretation="srgb").write_to_file(str(growing), **options)
        growing.rename(place)
    return place


def folder_of(place: Path, count: int) -> Path:
    """A folder with the picture under ``count`` names."""
    folder = KEPT / f"{place.stem}-{count}"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        name = folder / f"{number:03}{place.suffix}"
        if not name.exists():
            os.link(place, name)
    return folder


def told(found: Found, count: int) -> None:
    """Print each way with its ratio to the first one."""
    first = next(iter(found.values()))
    for name, rounds in found.items():
        wall, processor = min(each.wall for each in rounds), min(each.processor for each in rounds)
        rate, thrift = min(each.wall for each in first) / wall, min(each.processor for each in first) / processor
        spread = statistics.pstdev(each.wall for each in rounds) / wall
        print(
            f"  {name:18} {count / wall:7.1f}/s = {rate:.2f}x (spread {spread:.0%}); "
            f"{processor / count * 1000:7.1f} ms of processor each = {thrift:.2f}x"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--without-thumbor", action="store_true")
    asked = parser.parse_args()
    KEPT.mkdir(exist_ok=True)
    tiled = {"tile": True, "pyramid": True, "tile_width": 256, "tile_height": 256, "compression": "jpeg", "Q": 85}
    sets = {
        "12 megapixels, JPEG": picture("12.jpg", 12, Q=88),
        "24 megapixels, PNG": picture("24.png", 24, compression=1),
        "400 megapixels, pyramid TIFF": picture("400.tif", 400, **tiled),
    }
    print(f"{PROCESSES} processes, {asked.images} images a round, best of {ROUNDS} rounds, {BOX.width} px WebP")
    for title, place in sets.items():
        print(f"{title}, {place.stat().st_size / 1e6:.0f} MB")
        told(asyncio.run(in_pools([place] * asked.images)), asked.images)
    if asked.without_thumbor:
        return
    environment()
    print("Over HTTP; each ratio is against moorage")
    for title, place in sets.items():
        print(title)
        count = min(asked.images, 2) if place.suffix == ".tif" else asked.images  # thumbor takes 1.6 GB and 8 s for one
        found = over_http(folder_of(place, count), both)
        if found:
            told(found, count)


if __name__ == "__main__":
    main()
