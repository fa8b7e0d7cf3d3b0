"""Broken images and videos behind a running server, and a disk that is full while a video is converted."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import media
from imaging import corpus
from imaging.breaking import broken
from servers.moorage import Answer, Moorage, ask
from web.conftest import Face, items, moor

MIB = 1 << 20
SEED = 11
SENTENCE = re.compile(r"[A-Z][^\n]{10,300}\.")
ENDINGS = {
    "jpeg tiff": "tif", "jpeg": "jpg", "heic": "heic", "avif": "avif", "svg": "svg", "gif": "gif", "webp": "webp",
    "png": "png", "raw": "dng", "pnm": "ppm", "bmp": "bmp", "jp2": "jp2",
}  # fmt: skip
IMAGES = (
    "{}/preview?width=64", "{}/sheet?columns=2&rows=2&cell=64", "{iiif}/info.json", "{iiif}/0,0,8,8/4,4/0/default.jpg",
)  # fmt: skip
VIDEOS = ("{}/preview?width=64", "{}/poster?width=64", "{}/video", "{}/strip", "{}/strip.vtt")
FULL = """
mount -t tmpfs -o size=512k none "$0/converted" && mount -t tmpfs -o nr_inodes=2 none "$0/previews" && exec "$@"
"""


@dataclass
class Monitor:
    """Asks for /healthz, again and again, and notes what it hears and how much memory the server has."""

    server: Moorage
    statuses: set[int] = field(default_factory=set)
    most_bytes: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> None:
        while not self.ended.wait(0.05):
            self.statuses.add(ask("GET", f"{self.server.address}/healthz").status)
            self.most_bytes = max(self.most_bytes, resident(self.server))


@dataclass(frozen=True)
class Wrecks:
    """A mirrored folder of broken files. ``items``: their ids, and whether they are videos."""

    folder: str
    items: list[tuple[str, bool]]


def resident(server: Moorage) -> int:
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.fixture
def monitor(face: Face) -> Iterator[Monitor]:
    watching = Monitor(face.server)
    thread = threading.Thread(target=watching)
    thread.start()
    yield watching
    watching.ended.set()
    thread.join()


@pytest.fixture
def wrecks(face: Face, tmp_path: Path) -> Wrecks:
    """60 of them, of all kinds."""
    root = tmp_path / "broken"
    root.mkdir()
    videos = {}
    for number in range(60):
        file = broken(SEED, number)
        name = f"{number:02} {file.kind}.{ending(file.kind)}"
        (root / name).write_bytes(file.content)
        videos[name] = file.video
    folder = moor(face, root).folder
    return Wrecks(folder, [(one["id"], videos[name]) for name, one in items(face, folder).items()])


def ending(kind: str) -> str:
    """By which the server takes a file of this kind for one."""
    if kind in corpus.videos():
        return {"ogg": "ogv"}.get(kind, kind.partition(" ")[0])
    return next((end for word, end in ENDINGS.items() if word in kind), "tif")


def fits(answer: Answer, *, video: bool) -> bool:
    """Something was made, or a problem says why not, and calls the file what it is."""
    if answer.status == 200:
        return True
    reason = answer.json.get("reason", "")
    right = bool(SENTENCE.fullmatch(reason)) and not reason.startswith("The image" if video else "The video")
    return answer.status == 422 and right and bool(answer.json["advice"])


def test_broken_files_get_an_answer_that_fits_and_cost_the_server_nothing(
    face: Face, wrecks: Wrecks, monitor: Monitor
) -> None:
    before, statuses = resident(face.server), []
    for item, video in wrecks.items:
        for what in VIDEOS if video else IMAGES:
            got = face("GET", what.format(f"/api/v1/items/{item}", iiif=f"/iiif/3/{item}"))
            assert fits(got, video=video), (what, item, got.status, got.body)
            statuses.append(got.status)
        if video and face("GET", f"/api/v1/items/{item}/video").status == 422:
            refused = face("POST", f"/api/v1/items/{item}/conversions", {"kind": "remux"})
            assert (refused.status, refused.json["detail"][:30]) == (422, "The video cannot be looked at.")
    assert face("GET", f"/api/v1/folders/{wrecks.folder}/sheet?columns=4&rows=4&cell=64").status == 200
    assert statuses.count(200) > 50 < statuses.count(422)
    assert monitor.statuses == {200}
    assert monitor.most_bytes - before < 100 * MIB


def test_a_disk_that_is_full_ends_what_was_to_be_kept_with_advice_and_nothing_else(tmp_path: Path) -> None:
    data, root = tmp_path / "data", tmp_path / "reef"
    for cache in ("converted", "previews"):
        (data / "cache" / cache).mkdir(parents=True)
    root.mkdir()
    shutil.copy(media.picture("film.mkv"), root / "film.mkv")
    cut_off = ("unshare", "--map-root-user", "--mount", "sh", "-c", FULL, str(data / "cache"))
    with Moorage(data, through=cut_off) as server:
        face = Face(server, server.token())
        path = f"/api/v1/items/{items(face, moor(face, root).folder)['film.mkv']['id']}"
        job = face.wait(face("POST", f"{path}/conversions", {"kind": "remux"}).json["job"])
        assert job["state"] == "failed"
        assert "No space left on device" in job["message"]
        assert "Make room" in job["message"]
        assert face("GET", f"{path}/converted").status == 404
        assert face("GET", f"{path}/poster?width=64").status == 200
        assert face("GET", f"{path}/strip").status == 200
        project = face("GET", path).json["project"]
        job = face.wait(face("POST", "/api/v1/cache/warm", {"project": project, "previews": [256]}).json["job"])
        assert job["message"].startswith("0 items are warm, 1 failed")
        assert [one["cause"] for one in job["errors"]] == ["cache keeps nothing"]
        told = {one["name"]: one["trouble"] for one in face("GET", "/api/v1/cache").json["caches"]}
        assert told == {"previews": "No space left on device", "storage": "", "converted": ""}  # a strip had room
        assert "The cache of previews keeps nothing" in server.run("cache", "stats").stderr
        assert 'moorage_cache_failing{cache="previews"} 1.0' in face("GET", "/metrics").body.decode()
        assert b"It keeps nothing: No space left on device" in face("GET", "/cache").body
