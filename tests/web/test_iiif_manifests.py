"""Manifests of folders and items hold what Presentation 3 requires, and lead to images that are there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import media
from servers.moorage import ask
from web.conftest import Face, items, moor

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
PART = 500


@pytest.fixture(scope="module")
def folder(face: Face, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two images, a film, a broken image and a text."""
    root = tmp_path_factory.mktemp("book") / "leaves"
    root.mkdir()
    for name in ("astronaut.png", "orientation-6.jpg", "text.jpg", "faststart.mp4"):
        shutil.copy(media.picture(name), root / name)
    (root / "notes.txt").write_text("words")
    return moor(face, root).folder


def got(face: Face, path: str) -> Any:
    answer = face("GET", path)
    assert answer.status == 200, answer.body[:300]
    assert answer.headers["content-type"] == f'application/ld+json;profile="{CONTEXT}"'
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.json


def is_label(value: Any) -> bool:
    """A map of languages to lists of texts."""
    return isinstance(value, dict) and all(isinstance(one, list) and all(map(str, one)) for one in value.values())


def check(manifest: Any) -> list[Any]:
    """What the specification requires of a manifest and of all in it; its canvases."""
    assert manifest["@context"] == CONTEXT
    assert manifest["type"] == "Manifest"
    assert is_label(manifest["label"])
    assert is_label(manifest.get("summary", {}))
    ids = [manifest["id"]]
    for canvas in manifest["items"]:
        assert canvas["type"] == "Canvas"
        assert is_label(canvas["label"])
        assert all(isinstance(canvas[side], int) and canvas[side] > 0 for side in ("width", "height"))
        (page,) = canvas["items"]
        (painting,) = page["items"]
        assert (page["type"], painting["type"], painting["motivation"]) == ("AnnotationPage", "Annotation", "painting")
        assert painting["target"] == canvas["id"]
        body = painting["body"]
        assert body["type"] in ("Image", "Video")
        assert "/" in body["format"]
        ids += [canvas["id"], page["id"], painting["id"], body["id"]]
        for service in body.get("service", []):
            assert (service["type"], service["profile"]) == ("ImageService3", "level2")
            assert body["id"].startswith(service["id"] + "/")
        assert ("duration" in canvas) == (body["type"] == "Video")
    assert len(ids) == len(set(ids))
    assert all(one.startswith("http://") and "#" not in one for one in ids)
    return list(manifest["items"])


def body_of(canvas: Any) -> Any:
    return canvas["items"][0]["items"][0]["body"]


def test_a_folder_is_a_manifest_of_its_images_and_films(face: Face, folder: str) -> None:
    path = f"/iiif/presentation/3/folders/{folder}/manifest.json"
    film = items(face, folder)["faststart.mp4"]
    assert face("GET", f"/api/v1/items/{film['id']}/poster").status == 200  # looked at once, its length is known
    shown = got(face, path)
    canvases = check(shown)
    assert shown["id"] == face.server.address + path
    names = [canvas["label"]["none"][0] for canvas in canvases]
    assert names == ["astronaut.png", "faststart.mp4", "orientation-6.jpg"]
    assert shown["summary"]["none"] == ["1 image is left out: it cannot be opened."]
    picture, video, turned = canvases
    assert (turned["width"], turned["height"]) == (320, 240)
    assert body_of(video)["format"] == "video/mp4"
    assert video["duration"] > 0
    for place in (body_of(picture)["id"], picture["thumbnail"][0]["id"], body_of(video)["id"]):
        assert face("GET", urlsplit(place).path).status == 200


def test_an_item_has_a_manifest_of_its_own(face: Face, folder: str) -> None:
    known = items(face, folder)
    shown = got(face, f"/iiif/presentation/3/items/{known['astronaut.png']['id']}/manifest.json")
    (canvas,) = check(shown)
    assert (canvas["width"], body_of(canvas)["width"]) == (512, 512)
    assert face("GET", f"/iiif/presentation/3/items/{known['notes.txt']['id']}/manifest.json").status == 404
    assert face("GET", f"/iiif/presentation/3/items/{known['text.jpg']['id']}/manifest.json").status == 422


def test_a_signed_manifest_leads_to_signed_images_only(face: Face, folder: str) -> None:
    made = face("POST", f"/api/v1/folders/{folder}/url", {"expires_in": 600}).json
    assert set(made) == {"folder", "url", "expires"}
    shown = ask("GET", made["url"])
    assert shown.headers["cross-origin-resource-policy"] == "cross-origin"
    assert shown.json["id"] == made["url"]
    for canvas in check(shown.json):
        assert ask("GET", body_of(canvas)["id"]).status == 200
        for service in body_of(canvas).get("service", []):
            assert ask("GET", f"{service['id']}/info.json").json["id"] == service["id"]
    assert ask("GET", made["url"].replace(f"/{folder}~", "/1~")).status == 401
    image = body_of(shown.json["items"][0])["service"][0]["id"]
    signature = image.split("/iiif/3/")[1]
    assert ask("GET", f"{face.server.address}/iiif/presentation/3/items/{signature}/manifest.json").status == 200
    assert ask("GET", f"{face.server.address}/iiif/presentation/3/folders/{signature}/manifest.json").status == 401


def test_a_large_folder_is_a_collection_of_manifests(face: Face, tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    picture = media.data("orientation-1.jpg")
    for number in range(PART + 3):
        (root / f"{number:04d}.jpg").write_bytes(picture)
    path = f"/iiif/presentation/3/folders/{moor(face, root).folder}/manifest.json"
    shown = got(face, path)
    assert shown["type"] == "Collection"
    assert is_label(shown["label"])
    assert [one["id"] for one in shown["items"]] == [f"{face.server.address}{path}?at={at}" for at in (0, PART)]
    assert all(one["type"] == "Manifest" and is_label(one["label"]) for one in shown["items"])
    last = got(face, f"{path}?at={PART}")
    assert last["id"] == shown["items"][1]["id"]
    assert [one["label"]["none"][0] for one in check(last)] == [f"{number:04d}.jpg" for number in range(PART, PART + 3)]
    first = got(face, f"{path}?at=0")
    assert len(check(first)) == 50
    assert first["summary"]["none"][0].startswith("450 images are left out: their size is not known yet.")
    assert len(check(got(face, f"{path}?at=0"))) == 100
    for wrong in ("-1", "x", "9" * 20):
        assert face("GET", f"{path}?at={wrong}").status == 400
