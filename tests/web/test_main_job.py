"""The main job over HTTP, on a real object store: connect, mirror, browse, serve; and nothing in the bucket changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.store_keys import ODD_KEYS
from moorage.model.keys import unescape
from moorage.model.probe import CORE
from servers import Server, ceph
from stores.s3_bucket import admin
from web.conftest import Face

S3_KEYS = [key for key in ODD_KEYS if len(key.encode("utf-8", "surrogateescape")) <= 1024]


class Bucket:
    """A bucket on Ceph, seen by another program."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.client = admin(server)

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def state(self) -> dict[str, tuple[str, int, str]]:
        """Every object with its tag, size and time; each page begins after the last key (Ceph's tokens break XML)."""
        found: dict[str, tuple[str, int, str]] = {}
        last = ""
        while True:
            page = self.client.list_objects_v2(Bucket=self.name, StartAfter=last)
            for one in page.get("Contents", []):
                found[one["Key"]] = (one["ETag"], one["Size"], one["LastModified"].isoformat())
                last = one["Key"]
            if not page.get("IsTruncated"):
                return found

    def body(self) -> dict[str, Any]:
        """The request that registers it."""
        return {
            "name": self.name,
            "provider": "s3",
            "endpoint": self.server.endpoint,
            "region": self.server.region,
            "bucket": self.name,
            "credentials": {"kind": "keys", "access_key": self.server.access_key, "secret_key": self.server.secret_key},
        }


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    import secrets

    server = ceph()
    one = Bucket(server, f"main-{secrets.token_hex(6)}")
    one.client.create_bucket(Bucket=one.name)
    yield one
    for key in one.state():
        one.remove(key)
    one.client.delete_bucket(Bucket=one.name)
    one.client.close()


def mirrored(face: Face, bucket: Bucket, **more: Any) -> Any:
    made = face("POST", "/api/v1/stores", bucket.body())
    assert made.status == 201, made.body
    body = {"store": bucket.name, "project": bucket.name, "create_project": True, **more}
    started = face("POST", "/api/v1/mirrors", body)
    assert started.status == 202, started.body
    return started.json


def walked(face: Face, project: str) -> dict[str, Any]:
    """Every item of a project by its key."""
    lines = face("GET", f"/api/v1/projects/{project}/items", Accept="application/x-ndjson").body.splitlines()
    found = [json.loads(line) for line in lines]
    return {unescape(one["key"]) if one.get("key_encoding") else one["key"]: one for one in found}


def test_every_key_that_the_store_allows_is_listed_and_served_byte_for_byte(face: Face, bucket: Bucket) -> None:
    for number, key in enumerate(S3_KEYS):
        bucket.put(key, f"body {number} of {key!r}".encode())
    bucket.put("marker/", b"")
    bucket.put("empty", b"")
    bucket.put("a", b"beside")
    bucket.put("a/b", b"below")
    before = bucket.state()

    started = mirrored(face, bucket)
    job = face.wait(started["job"])
    assert job["state"] == "succeeded", job
    items = walked(face, started["project"])
    assert set(items) == set(before) - {"marker/"}
    for number, key in enumerate(S3_KEYS):
        got = face("GET", f"/api/v1/items/{items[key]['id']}/content")
        assert (got.status, got.body) == (200, f"body {number} of {key!r}".encode()), key
    assert face("GET", f"/api/v1/items/{items['empty']['id']}/content").body == b""
    folders = face("GET", f"/api/v1/folders/{started['folder']}/children?limit=500").json["folders"]
    assert "marker" in [folder["name"] for folder in folders]

    again = face.wait(face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"])
    assert {again["outcome"][name] for name in ("added", "changed", "vanished")} == {0}
    assert {key: item["id"] for key, item in walked(face, started["project"]).items()} == {
        key: item["id"] for key, item in items.items()
    }
    assert bucket.state() == before


def test_an_item_keeps_its_id_when_its_object_is_overwritten_gone_or_back(face: Face, bucket: Bucket) -> None:
    for number in range(5):
        bucket.put(f"frames/{number}.txt", b"first")
    started = mirrored(face, bucket)
    face.wait(started["job"])
    first = walked(face, started["project"])

    def reindexed() -> Any:
        job = face.wait(face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"])
        assert job["state"] == "succeeded", job
        return job["outcome"]

    bucket.put("frames/1.txt", b"second, longer")
    assert reindexed()["changed"] == 1
    item = walked(face, started["project"])["frames/1.txt"]
    assert (item["id"], item["size"]) == (first["frames/1.txt"]["id"], 14)

    bucket.remove("frames/1.txt")
    assert reindexed()["vanished"] == 1
    assert "frames/1.txt" not in walked(face, started["project"])
    assert face("GET", f"/api/v1/items/{item['id']}").json["state"] == "vanished"

    bucket.put("frames/1.txt", b"third")
    assert reindexed()["restored"] == 1
    assert walked(face, started["project"])["frames/1.txt"]["id"] == item["id"]


def test_a_guard_asks_before_many_items_are_called_gone(face: Face, bucket: Bucket) -> None:
    for number in range(60):
        bucket.put(f"2021/{number:03}.txt", b"x")
    started = mirrored(face, bucket, prefix="2021/")
    face.wait(started["job"])
    for number in range(25):
        bucket.remove(f"2021/{number:03}.txt")

    job = face.wait(face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"])
    assert job["state"] == "needs_confirmation"
    assert job["question"]["text"].startswith(f"25 of 60 objects are gone from s3://{bucket.name}/2021/")
    assert len(walked(face, started["project"])) == 60
    assert face("GET", f"/api/v1/mirrors/{started['id']}").json["question"] == job["question"]
    shown = face("GET", f"/api/v1/jobs/{job['id']}/missing?limit=20").json
    assert len(shown["items"]) == 20
    assert shown["items"][0]["address"].startswith(f"s3://{bucket.name}/2021/")

    wrong = {"choice": "accept", "figures": dict.fromkeys(job["question"]["figures"], 1)}
    assert face("POST", f"/api/v1/jobs/{job['id']}/confirm", wrong).status == 409
    right = {"choice": "accept", "figures": job["question"]["figures"]}
    assert face("POST", f"/api/v1/jobs/{job['id']}/confirm", right).status == 200
    ended = face.wait(job["id"])
    assert (ended["state"], ended["outcome"]["vanished"]) == ("succeeded", 25)
    assert len(walked(face, started["project"])) == 35


def test_removing_an_item_a_mirror_a_store_and_a_project_leaves_the_bucket_as_it_was(
    face: Face, bucket: Bucket
) -> None:
    for number in range(4):
        bucket.put(f"{number}.txt", b"keep me")
    before = bucket.state()
    started = mirrored(face, bucket)
    face.wait(started["job"])
    item = walked(face, started["project"])["0.txt"]["id"]

    removed = face("DELETE", f"/api/v1/items/{item}").json
    assert removed == {"kept_object": True, "state": "hidden"}
    job = face.wait(face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"])
    assert job["state"] == "succeeded"
    assert "0.txt" not in walked(face, started["project"])
    assert face("POST", f"/api/v1/items/{item}/restore").json["state"] == "live"

    refused = face("DELETE", f"/api/v1/stores/{bucket.name}")
    assert refused.status == 409
    assert refused.json["users"]
    assert face("DELETE", f"/api/v1/mirrors/{started['id']}").status == 204
    kept = walked(face, started["project"])
    assert face("GET", f"/api/v1/items/{kept['0.txt']['id']}/content").body == b"keep me"
    assert face("DELETE", f"/api/v1/stores/{bucket.name}").status == 409
    assert face("DELETE", f"/api/v1/projects/{started['project']}").status == 204
    assert face("GET", f"/api/v1/items/{item}").status == 404
    assert face("DELETE", f"/api/v1/stores/{bucket.name}").status == 204
    assert bucket.state() == before


def test_globs_choose_what_is_mirrored(face: Face, bucket: Bucket) -> None:
    for key in ("a.jpg", "b.txt", "deep/c.jpg", "deep/skip/d.jpg"):
        bucket.put(key, b"x")
    started = mirrored(face, bucket, include=["**/*.jpg"], exclude=["deep/skip/**"])
    face.wait(started["job"])
    assert set(walked(face, started["project"])) == {"a.jpg", "deep/c.jpg"}


@pytest.mark.parametrize(
    ("change", "permission", "finding"),
    [
        ({"credentials": {"kind": "keys", "access_key": "nobody", "secret_key": "x"}}, "list", "missing"),
        ({"credentials": {"kind": "anonymous"}}, "list", "missing"),
        ({"bucket": "there-is-no-such-bucket-here"}, "reach", "unknown"),
        ({"endpoint": "http://127.0.0.1:9"}, "reach", "unknown"),
    ],
)
def test_a_store_that_does_not_work_is_refused_with_what_to_do(
    face: Face, bucket: Bucket, change: dict[str, Any], permission: str, finding: str
) -> None:
    refused = face("POST", "/api/v1/stores", bucket.body() | change)
    assert refused.status == 422
    lines = {line["permission"]: line for line in refused.json["report"]["lines"]}
    assert lines[permission]["finding"] == finding
    assert lines[permission]["advice"]
    assert bucket.server.secret_key.encode() not in refused.body
    assert face("GET", f"/api/v1/stores/{bucket.name}").status == 404
    forced = face("POST", "/api/v1/stores", bucket.body() | change | {"force": True})
    assert forced.status == 201
    assert face("DELETE", f"/api/v1/stores/{bucket.name}").status == 204


def test_the_probe_writes_only_where_it_may_and_leaves_nothing(face: Face, bucket: Bucket) -> None:
    bucket.put("one", b"1")
    before = bucket.state()
    read_only = face("POST", "/api/v1/stores/check", bucket.body()).json
    assert {line["permission"]: line["finding"] for line in read_only["lines"] if line["permission"] in CORE} == {
        "reach": "ok", "sign in": "ok", "list": "ok", "read": "ok", "ranged read": "ok",
        "write": "skipped", "multipart": "skipped", "delete": "skipped",
    }  # fmt: skip
    writable = face("POST", "/api/v1/stores/check", bucket.body() | {"read_only": False}).json
    assert {line["finding"] for line in writable["lines"] if line["required"]} == {"ok"}
    assert {line["finding"] for line in writable["lines"]} <= {"ok", "skipped"}
    assert writable["left_behind"] == ""
    assert bucket.state() == before


def test_no_answer_ever_shows_a_secret(face: Face, bucket: Bucket) -> None:
    face("POST", "/api/v1/stores", bucket.body() | {"force": True})
    for path in ("/api/v1/stores", f"/api/v1/stores/{bucket.name}", "/api/v1/audit", "/api/v1/jobs", "/api/v1/health"):
        assert bucket.server.secret_key.encode() not in face("GET", path).body
    assert bucket.server.secret_key not in face.server.log()
    raw = (face.server.data / "catalogue.db").read_bytes() + (face.server.data / "catalogue.db-wal").read_bytes()
    assert bucket.server.secret_key.encode() not in raw
