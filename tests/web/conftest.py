"""One running server for the tests of the HTTP faces, with one mirrored folder of every kind of item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from servers.moorage import Answer, Moorage, ask


@dataclass
class Face:
    """A server and an admin's token."""

    server: Moorage
    token: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """An exchange as the admin."""
        return ask(method, self.server.address + path, body, Authorization=f"Bearer {self.token}", **headers)

    def wait(self, job: str) -> Any:
        """The job once it has ended or asks."""
        import time

        for _ in range(600):
            shown = self("GET", f"/api/v1/jobs/{job}").json
            if shown["state"] not in ("queued", "running"):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"The job does not end: {shown}")


@pytest.fixture(scope="session")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Face]:
    home = tmp_path_factory.mktemp("face")
    with Moorage(home / "data") as server:
        yield Face(server, server.token())


@dataclass
class Moored:
    """A folder on disk, mirrored into a project."""

    root: Path
    project: str
    folder: str
    mirror: str
    store: str


@pytest.fixture
def moored(face: Face, tmp_path: Path) -> Moored:
    """A small tree: texts, odd names and folders; each test its own."""
    root = tmp_path / "media"
    (root / "below").mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"0123456789" * 10)
    (root / "empty.bin").write_bytes(b"")
    (root / "ünï #100%.txt").write_bytes(b"odd")
    (root / "below" / "deep.txt").write_bytes(b"deep")
    return moor(face, root)


def moor(face: Face, root: Path) -> Moored:
    """Register and mirror a folder, and wait until it is indexed."""
    name = f"{root.parent.name}-{root.name}".replace("_", "-")[:60]
    made = face("POST", "/api/v1/stores", {"name": name, "provider": "disk", "root": str(root)})
    assert made.status == 201, made.body
    started = face("POST", "/api/v1/mirrors", {"store": name, "project": name, "create_project": True}).json
    assert face.wait(started["job"])["state"] == "succeeded"
    return Moored(root, started["project"], started["folder"], started["id"], name)


def items(face: Face, folder: str) -> dict[str, Any]:
    """The items of a folder by name."""
    page = face("GET", f"/api/v1/folders/{folder}/children?limit=500").json
    return {item["name"]: item for item in page["items"]}
