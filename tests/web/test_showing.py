"""Showing a place in one call: what is made, what is used again, and what is said."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from pathlib import Path

from aiohttp import web

from stores.faulty import error, faulty, listing, says
from web.conftest import Face
from web.places import KEYS, Bucket, bucket, refused, registered, show

__all__ = ["bucket"]


def test_a_directory_is_shown_by_its_path_alone(face: Face, tmp_path: Path) -> None:
    root = tmp_path / f"photos {secrets.token_hex(3)}"
    (root / "below").mkdir(parents=True)
    (root / "below" / "a.txt").write_bytes(b"a")
    suggested = face("POST", "/api/v1/mirrors/suggest", {"address": str(root)}).json
    store = root.name.replace(" ", "-")
    assert suggested == {
        "provider": "disk", "place": str(root), "store": None, "store_name": store, "project": root.name,
        "needs_credentials": False, "mirror": None, "folder": None,
    }  # fmt: skip
    made = show(face, str(root))
    assert made.status == 202, made.body
    shown = made.json
    assert (shown["project_name"], shown["store"], shown["made"], shown["note"]) == (
        root.name,
        store,
        ["store", "project"],
        "",
    )
    assert face.wait(shown["job"])["outcome"]["added"] == 1
    mirror = face("GET", f"/api/v1/mirrors/{shown['id']}").json
    assert (mirror["path"], mirror["store"], mirror["folder"]) == (root.name, store, shown["folder"])
    again = face("POST", "/api/v1/mirrors/suggest", {"address": str(root)}).json
    assert (again["store"], again["mirror"], again["folder"]) == (store, shown["id"], shown["folder"])


def test_a_bucket_is_shown_by_its_address_and_keys(face: Face, bucket: Bucket) -> None:
    made = show(face, f"{bucket.address}/2021", **bucket.keys(), project=f"P {bucket.name}", folder="a/b")
    assert made.status == 202, made.body
    assert (made.json["store"], made.json["made"], made.json["note"]) == (bucket.name, ["store", "project"], "")
    assert face.wait(made.json["job"])["outcome"]["seen"] == 2
    store = face("GET", f"/api/v1/stores/{bucket.name}").json
    assert (store["prefix"], store["read_only"], store["check"]["passed"]) == ("", True, True)
    more = show(face, f"s3://{bucket.name}/2022/", endpoint=bucket.server.endpoint, project=f"P {bucket.name}")
    assert (more.json["store"], more.json["made"]) == (bucket.name, [])
    assert face("GET", f"/api/v1/mirrors/{more.json['id']}").json["path"] == "2022"


async def test_keys_that_reach_a_prefix_only_show_that_prefix(face: Face) -> None:
    """As AWS answers under a policy with the condition s3:prefix, which Ceph passes over where there is no prefix."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        below = "prefix=2021%2F" in request.raw_path
        return await (says(200, listing("2021/a.txt")) if below else error(403, "AccessDenied"))(request)

    async def body(request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith("/reef/2021/a.txt"):
            return web.Response(status=206, body=b"x", headers={"ETag": '"e"', "Content-Range": "bytes 0-0/1"})
        return await answer(request)

    async with faulty(body) as server:
        made = await asyncio.to_thread(show, face, f"{server.endpoint}/reef/2021", **KEYS)
        assert made.status == 202, made.body
        assert face("GET", f"/api/v1/stores/{made.json['store']}").json["prefix"] == "2021/"
        await asyncio.to_thread(face.wait, made.json["job"])


def test_the_same_request_again_is_done_once(face: Face, tmp_path: Path) -> None:
    key = uuid.uuid4().hex
    body = {"address": str(tmp_path)}
    first, again = (face("POST", "/api/v1/mirrors", body, Idempotency_Key=key) for _ in range(2))
    assert (first.status, again.body) == (202, first.body)
    assert again.headers["idempotent-replay"] == "true"


def test_a_place_that_is_shown_is_named_and_not_shown_again(face: Face, tmp_path: Path) -> None:
    shown = show(face, str(tmp_path)).json
    before = registered(face)
    refused(
        face, show(face, str(tmp_path)), before, 409, f"as mirror {shown['id']}", "moorage mirror reindex", "--project"
    )
    same = show(face, str(tmp_path), project=shown["project"])
    refused(face, same, before, 409, "in use already", "Choose another name")


def test_an_empty_place_is_shown_and_said_to_be_empty(face: Face, bucket: Bucket, tmp_path: Path) -> None:
    empty = show(face, str(tmp_path)).json
    assert empty["note"] == f"Nothing lies in {tmp_path}/ yet."
    assert face.wait(empty["job"])["message"].startswith("Nothing lies below fs://")
    prefix = show(face, f"{bucket.address}/2012", **bucket.keys()).json
    note = f"Nothing lies below s3://{bucket.name}/2012/ yet. Is the prefix right?"
    assert prefix["note"] == f"{note} Beside it lie 2021/, 2022/."
    assert face.wait(prefix["job"])["message"] == note
    other = Bucket(bucket.server)
    try:
        shown = show(face, f"s3://{other.name}", endpoint=other.server.endpoint, **other.keys()).json
        assert shown["note"] == f"Nothing lies in s3://{other.name}/ yet."
    finally:
        other.remove()


async def test_a_suggestion_asks_nothing_of_the_store(face: Face) -> None:
    async with faulty(says(200, listing("a"))) as server:
        body = {"address": f"{server.endpoint}/reef/2021"}
        got = await asyncio.to_thread(face, "POST", "/api/v1/mirrors/suggest", body)
        assert (got.json["place"], got.json["needs_credentials"]) == (f"{server.endpoint}/reef/2021/", True)
        assert server.asked == []
