"""The cache of originals when its server is killed, and when its disk is full or takes nothing."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import media
from servers.moorage import Moorage
from web.conftest import Face, items
from web.places import Bucket, bucket, show

__all__ = ["bucket"]
pytestmark = pytest.mark.soak

MIB = 1 << 20
LONG = random.Random(6).randbytes(10 * MIB)
CUTS_OFF = """
mount -t tmpfs -o size=4m none "$0/originals" && mount -t tmpfs -o ro none "$0/previews" && exec "$@"
"""


def indexed(server: Moorage, bucket: Bucket, objects: dict[str, bytes]) -> tuple[Face, dict[str, str]]:
    """A mirror of these objects, and the paths of its items."""
    face = Face(server, server.token())
    for name, body in objects.items():
        bucket.client.put_object(Bucket=bucket.name, Key=f"reef/{name}", Body=body)
    made = show(face, f"{bucket.address}/reef/", **bucket.keys())
    assert face.wait(made.json["job"])["state"] == "succeeded"
    return face, {name: f"/api/v1/items/{one['id']}" for name, one in items(face, made.json["folder"]).items()}


def read_slowly(face: Face, path: str) -> None:
    """Read until the server is gone."""
    request = Request(face.server.address + path, headers={"Authorization": f"Bearer {face.token}"})
    try:
        with urlopen(request, timeout=30) as response:
            while response.read(MIB // 4):
                time.sleep(0.02)
    except OSError:
        return


def test_a_server_that_is_killed_while_it_fills_the_cache_serves_no_half_of_it(tmp_path: Path, bucket: Bucket) -> None:
    with Moorage(tmp_path / "data") as server:
        face, paths = indexed(server, bucket, {"long.bin": LONG})
        path = f"{paths['long.bin']}/content"
        readers = [threading.Thread(target=read_slowly, args=(face, path)) for _ in range(3)]
        for reader in readers:
            reader.start()
        cached = server.data / "cache" / "originals"
        while len([*cached.glob("*/*")]) < 3:
            time.sleep(0.005)
        server.stop(signal.SIGKILL)
        for reader in readers:
            reader.join()
        torn, *others = sorted(cached.glob("*/[!.]*"))
        assert len(others) < 9
        torn.write_bytes(torn.read_bytes()[: MIB // 2] + bytes(MIB // 2))
        (torn.parent / f".{torn.name}.0123abcd.part").write_bytes(LONG[:1000])
        server.start()
        face = Face(server, server.token("again"))
        assert face("GET", path).body == LONG
        assert face("GET", path, Range="bytes=1000000-5000000").body == LONG[1_000_000:5_000_001]
        assert [*cached.glob("*/.*")] == []


def test_disks_that_are_full_or_take_nothing_cost_the_cache_and_nothing_else(tmp_path: Path, bucket: Bucket) -> None:
    data = tmp_path / "data"
    for name in ("originals", "previews"):
        (data / "cache" / name).mkdir(parents=True)
    cut_off = ("unshare", "--map-root-user", "--mount", "sh", "-c", CUTS_OFF, str(data / "cache"))
    with Moorage(data, through=cut_off) as server:
        face, paths = indexed(server, bucket, {"long.bin": LONG, "a.png": media.data("coffee.png")})
        for _ in range(2):
            assert face("GET", f"{paths['long.bin']}/content").body == LONG
            assert face("GET", f"{paths['a.png']}/preview?width=256").status == 200
        held = {one["name"]: one["bytes"] for one in face("GET", "/api/v1/cache").json["caches"]}
        assert (held["storage"] < 4 * MIB, held["previews"]) == (True, 0)
        log = server.log()
        assert "Objects are fetched anew each time" in log
        assert "No space left on device" in log
        assert "Previews are made anew each time" in log
        assert "Read-only file system" in log
        assert face("DELETE", "/api/v1/cache/storage").status == 200
        assert face("GET", f"{paths['long.bin']}/content", Range="bytes=0-9").body == LONG[:10]
