"""A conversion whose server is killed leaves no half film, and is made by the next server."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import pytest

import media
import moving
import paced
from servers.moorage import Moorage
from web.conftest import Face, items, moor

pytestmark = pytest.mark.soak


def test_a_conversion_that_is_killed_begins_anew(tmp_path: Path) -> None:
    root = tmp_path / "reef"
    root.mkdir()
    shutil.copy(media.picture("film.mkv"), root / "film.mkv")
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        path = f"/api/v1/items/{items(face, moor(face, root).folder)['film.mkv']['id']}"
        job = face("POST", f"{path}/conversions", {"kind": "transcode"}).json["job"]
        aside = tmp_path / "data" / "cache" / "converted"
        while not list(aside.glob("*/.*.part")):
            time.sleep(0.01)
        server.stop(signal.SIGKILL)
        server.port = 0
        server.start()
        assert face("GET", f"{path}/converted").status == 404
        assert face.wait(job)["state"] == "succeeded"
        assert len(paced.frames(face("GET", f"{path}/converted").body)) == 6 * moving.RATE
        assert list(aside.glob("*/.*.part")) == []
