"""What `moorage find --format label-studio` prints is imported by Label Studio's own code, from its wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from moorage.client import Client
from servers.moorage import Moorage, ask

HERE = Path(__file__).parent
IMAGES = '<View><Image name="i" value="$image"/><Choices name="c" toName="i"><Choice value="fish"/></Choices></View>'
VIDEOS = '<View><Video name="v" value="$video"/><Choices name="c" toName="v"><Choice value="fish"/></Choices></View>'
PICTURE = b"\xff\xd8 nobody decodes it here"
ODD = os.fsdecode(b"bad\xff.jpg")
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]  # the first run makes an environment of 700 MB


@dataclass(frozen=True)
class Imported:
    """The status of an import, what was said about it, and the data of all tasks afterwards."""

    status: int
    said: Any
    tasks: list[dict[str, str]]


class LabelStudio:
    """Label Studio in its own environment, on a copy of its empty catalogue."""

    def __init__(self, directory: Path, scratch: Path) -> None:
        self._scratch = scratch
        shutil.copytree(directory / "empty", scratch / "data")
        self._log = (scratch / "log").open("wb")
        self.process = subprocess.Popen(
            [directory / "venv/bin/python", HERE / "importing.py", "import", scratch / "data"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=scratch,
            env={"PATH": os.environ["PATH"], "HOME": str(scratch)},
        )

    def import_(self, config: str, written: str) -> Imported:
        """Import a file as its import button does, into a new project with that labelling set-up."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        file = self._scratch / "tasks.json"
        file.write_text(written, "utf-8")
        self.process.stdin.write(json.dumps({"config": config, "file": str(file)}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, (self._scratch / "log").read_text(errors="replace")[-3000:]
        return Imported(**json.loads(answer))

    def close(self) -> None:
        """End it."""
        self.process.communicate()
        self._log.close()


@pytest.fixture(scope="module")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    made = subprocess.run([HERE / "environment.sh"], stdout=subprocess.PIPE, text=True, check=True)
    started = LabelStudio(Path(made.stdout.strip()), tmp_path_factory.mktemp("label-studio"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def reef(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moorage]:
    """A server with the project Reef: two images, one with an odd name, a video and a text."""
    home = tmp_path_factory.mktemp("reef")
    root = home / "media"
    (root / "2021").mkdir(parents=True)
    for name in ("a b#1%.jpg", f"2021/{ODD}", "2021/dive.mp4", "notes.txt"):
        (root / name).write_bytes(PICTURE)
    with Moorage(home / "data") as server, Client(server.address, server.token()) as client:
        started = client.add_mirror(address=str(root), project="Reef")
        client.wait_job(started.job)
        yield server


def test_images_become_tasks_whose_urls_show_them(label_studio: LabelStudio, reef: Moorage) -> None:
    ran = reef.run("find", "Reef", "--kind", "image", "--format", "label-studio", "--expires", "1h")
    assert ran.stderr == "2 tasks: 2 images, 0 videos. 0 other files left out.\n"
    imported = label_studio.import_(IMAGES, ran.stdout)
    assert (imported.status, imported.said["task_count"]) == (201, 2)
    tasks = {task["path"]: task for task in imported.tasks}
    assert set(tasks) == {"media/a b#1%.jpg", r"media/2021/bad\xff.jpg"}
    assert tasks[r"media/2021/bad\xff.jpg"]["key_encoding"] == "escaped"
    for task in tasks.values():
        shown = ask("GET", task["image"], Origin="http://label-studio.example")
        assert (shown.status, shown.headers["content-type"]) == (200, "image/jpeg")
        assert shown.headers["access-control-allow-origin"] == "*"
        assert shown.body == PICTURE
        assert f"/items/{task['item']}/content?" in task["image"]


def test_videos_become_tasks_too(label_studio: LabelStudio, reef: Moorage) -> None:
    ran = reef.run("find", "Reef/media/2021", "--kind", "video", "--format", "label-studio")
    imported = label_studio.import_(VIDEOS, ran.stdout)
    assert (imported.status, [task["path"] for task in imported.tasks]) == (201, ["media/2021/dive.mp4"])
    assert ask("GET", imported.tasks[0]["video"], Range="bytes=0-1").status == 206


def test_both_kinds_at_once_are_advised_against_and_refused(label_studio: LabelStudio, reef: Moorage) -> None:
    ran = reef.run("find", "Reef", "--format", "label-studio")
    assert "3 tasks: 2 images, 1 videos. 1 other files left out." in ran.stderr
    assert "add --kind image or --kind video" in ran.stderr
    imported = label_studio.import_(IMAGES, ran.stdout)
    assert (imported.status, imported.tasks) == (400, [])


@pytest.mark.parametrize(
    "broken",
    [
        '[{"data": {"picture": "http://x/y.jpg"}}]',
        '[{"data": {"image": "http://x/y.jpg"}},',
        '{"item": "1", "url": "http://x/y.jpg"}',
        "[]",
    ],
)
def test_a_list_in_another_form_is_refused(label_studio: LabelStudio, broken: str) -> None:
    """The proof that the tests above prove something."""
    imported = label_studio.import_(IMAGES, broken)
    assert (imported.status, imported.tasks) == (400, [])
