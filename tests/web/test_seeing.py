"""Who may see what: a viewer of one project learns nothing of another, and nothing once its rights are gone."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

import media
from servers.moorage import Answer, ask
from web.conftest import Face, Moored, items, moor


@dataclass
class Viewer:
    """Somebody who may see one project, and another project that is none of its business."""

    face: Face
    id: str
    token: str
    hidden: Moored
    item: str

    def __call__(self, method: str, path: str, body: dict[str, object] | None = None, **headers: str) -> Answer:
        """An exchange as the viewer."""
        url = self.face.server.address + path
        return ask(method, url, body, Authorization=f"Bearer {self.token}", **headers)


@pytest.fixture
def viewer(face: Face, moored: Moored, tmp_path: Path) -> Viewer:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "hidden.txt").write_bytes(b"hidden")
    hidden = moor(face, tmp_path / "other")
    email = f"{time.monotonic_ns()}@example.org"
    made = face("POST", "/api/v1/users", {"email": email, "role": "viewer", "project": moored.store}).json
    item = items(face, hidden.folder)["hidden.txt"]["id"]
    return Viewer(face, made["id"], face.server.token("viewer", email), hidden, item)


def test_another_project_is_out_of_sight_by_every_way(viewer: Viewer) -> None:
    hidden = viewer.hidden
    job = viewer.face("GET", f"/api/v1/mirrors/{hidden.mirror}").json["last_job"]
    for path in (
        f"/api/v1/projects/{hidden.project}",
        f"/api/v1/projects/{hidden.store}/items",
        f"/api/v1/folders/{hidden.folder}",
        f"/api/v1/folders/{hidden.folder}/children",
        f"/api/v1/items/{viewer.item}",
        f"/api/v1/items/{viewer.item}/content",
        f"/api/v1/items/{viewer.item}/preview",
        f"/api/v1/items/{viewer.item}/poster",
        f"/api/v1/jobs/{job}",
        f"/api/v1/jobs/{job}/events",
        f"/api/v1/jobs/{job}/missing",
        f"/api/v1/jobs?project={hidden.store}",
        f"/api/v1/mirrors/{hidden.mirror}",
        f"/api/v1/mirrors?project={hidden.store}",
        f"/api/v1/stores/{hidden.store}",
        f"/api/v1/stores/{hidden.store}/objects",
        f"/api/v1/lookup?project={hidden.store}",
        f"/items/{viewer.item}",
        f"/folders/{hidden.folder}",
        f"/projects/{hidden.project}",
        f"/jobs/{job}",
        f"/stores/{hidden.store}",
    ):
        assert viewer("GET", path).status == 404, path
    for path in (f"/api/v1/items/{viewer.item}/url", f"/api/v1/projects/{hidden.store}/urls"):
        assert viewer("POST", path, {}).status == 404
    for path in ("/api/v1/projects", "/api/v1/mirrors", "/api/v1/jobs", "/api/v1/stores", "/", "/jobs", "/mirrors"):
        assert hidden.store.encode() not in viewer("GET", path).body


def test_a_hidden_project_and_one_that_is_not_there_look_the_same(viewer: Viewer) -> None:
    for path in ("/api/v1/projects/{}", "/api/v1/lookup?project={}", "/api/v1/mirrors?project={}"):
        hidden, absent = viewer("GET", path.format(viewer.hidden.store)), viewer("GET", path.format("absent"))
        assert hidden.status == absent.status == 404
        assert hidden.json["detail"].replace(viewer.hidden.store, "absent") == absent.json["detail"]


def test_nobody_is_told_of_other_users(viewer: Viewer) -> None:
    got = viewer("PATCH", "/api/v1/users/1", {})
    assert got.status == 403
    assert b"admin@localhost" not in got.body
    assert [one["id"] for one in viewer("GET", "/api/v1/users").json["users"]] == [viewer.id]


def test_a_stream_ends_when_its_reader_is_shut_out(viewer: Viewer) -> None:
    url = f"{viewer.face.server.address}/api/v1/jobs/events"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {viewer.token}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as stream:
        assert stream.readline() == b": \n"
        assert viewer.face("PATCH", f"/api/v1/users/{viewer.id}", {"disabled": True}).status == 200
        began = time.monotonic()
        stream.read()
    assert time.monotonic() - began < 8


def test_a_token_narrowed_to_a_project_sees_no_other(face: Face, moored: Moored, viewer: Viewer) -> None:
    body = {"name": "narrow", "role": "viewer", "project": moored.project}
    token = face("POST", "/api/v1/tokens", body).json["token"]
    here = face.server.address

    def status(method: str, path: str) -> int:
        return ask(method, here + path, {} if method == "POST" else None, Authorization=f"Bearer {token}").status

    assert status("GET", f"/api/v1/projects/{moored.project}") == 200
    assert status("GET", f"/api/v1/items/{viewer.item}/content") == 404
    assert status("GET", f"/api/v1/projects/{viewer.hidden.project}") == 404
    assert status("DELETE", f"/api/v1/projects/{moored.project}") == 403
    assert status("GET", "/api/v1/audit") == 403
    wide = {"name": "wide"}
    assert ask("POST", f"{here}/api/v1/tokens", wide, Authorization=f"Bearer {token}").status == 403


def test_cookies_of_other_programs_on_the_host_do_no_harm(face: Face) -> None:
    for junk in ('theirs={"a": 1}; ', "theirs=a b=c; ", "=; ;", 'theirs="; '):
        got = ask("GET", f"{face.server.address}/api/v1/me", Cookie=f"{junk}moorage_session_{face.server.port}=unknown")
        assert json.loads(got.body)["detail"] == "This session has ended."


def test_nobody_signs_for_others_what_a_store_does_not_show_to_them(viewer: Viewer, moored: Moored) -> None:
    face = viewer.face
    media.quarters(30, 20).save(moored.root / "one.png")
    assert face.wait(face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"])["state"] == "succeeded"
    item = items(face, moored.folder)["one.png"]["id"]
    other = face("POST", "/api/v1/users", {"email": f"{time.monotonic_ns()}@example.org"}).json["id"]
    assert face("PATCH", f"/api/v1/stores/{moored.store}", {"scope": {"users": [other]}}).status == 200
    assert viewer("GET", f"/api/v1/items/{item}/content").status == 403
    bodies: tuple[dict[str, object], ...] = ({}, {"variant": "preview"}, {"variant": "iiif"})
    for body in bodies:
        assert viewer("POST", f"/api/v1/items/{item}/url", body).status == 403, body
    assert viewer("POST", f"/api/v1/projects/{moored.project}/urls", {}).body == b""
    signed = viewer("POST", f"/api/v1/folders/{moored.folder}/url", {}).json["url"]
    for manifest in (ask("GET", signed), viewer("GET", f"/iiif/presentation/3/folders/{moored.folder}/manifest.json")):
        assert (manifest.json["items"], manifest.json["summary"]["none"]) == (
            [], ["1 item is left out: the store is not open to whoever asks."],
        )  # fmt: skip
    assert face("POST", f"/api/v1/items/{item}/url", {}).status == 200
