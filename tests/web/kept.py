"""A mirror of a bucket, beside the folder in which the server keeps what it has read of it."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import media
from web.conftest import Face, items
from web.places import Bucket, show

FILM = secrets.token_bytes(5_300_000)


@dataclass(frozen=True)
class Shown:
    """A mirror of a bucket with a picture and a film in it. ``cached``: the folder of the cache."""

    face: Face
    bucket: Bucket
    paths: dict[str, str]
    cached: Path

    def gone(self, name: str) -> None:
        """Take the object away behind the server's back."""
        self.bucket.client.delete_object(Bucket=self.bucket.name, Key=f"reef/{name}")

    def holds(self, size: int) -> None:
        """Wait until the cache has so many bytes: the last chunk is written behind its reader's back."""
        for _ in range(600):
            if sum(one.stat().st_size for one in self.cached.glob("*/[!.]*")) >= size:
                time.sleep(0.1)  # it knows of the last one in a moment
                return
            time.sleep(0.01)
        raise AssertionError(sorted(self.cached.rglob("*")))


@pytest.fixture
def shown(face: Face, bucket: Bucket) -> Shown:
    return mirrored(face, bucket, bucket.address)


def mirrored(face: Face, bucket: Bucket, address: str, **more: bytes) -> Shown:
    """The bucket, reached by ``address``, with more objects where they are named."""
    picture = media.data("coffee.png")
    some = {"a.png": picture, "b.png": picture, "film.bin": FILM, "unseen.bin": b"unseen"}
    for name, body in (some | more).items():
        bucket.client.put_object(Bucket=bucket.name, Key=f"reef/{name}", Body=body)
    made = show(face, f"{address}/reef/", **bucket.keys())
    assert made.status in (201, 202), made.body
    assert face.wait(made.json["job"])["state"] == "succeeded"
    paths = {name: f"/api/v1/items/{one['id']}" for name, one in items(face, made.json["folder"]).items()}
    cached = face.server.data / "cache" / "originals"
    shutil.rmtree(cached, ignore_errors=True)
    return Shown(face, bucket, paths, cached)
