"""Requests that no honest client sends: each is refused by a problem that says what is wrong, none is a fault."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from servers.moorage import ask
from web.conftest import Face, Moored, items

FAR = "9" * 30
VERY_FAR = "9" * 5000
JSON = "application/json"


def raw(face: Face, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    """An exchange in which nothing is corrected on the way; the answer is read."""
    connection = http.client.HTTPConnection(urlsplit(face.server.address).netloc, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return response


@pytest.mark.parametrize("number", [FAR, VERY_FAR, "9223372036854775808", "-1", "%C2%B2", "%00"])
@pytest.mark.parametrize(
    "path",
    [
        "items/{}",
        "folders/{}",
        "folders/{}/children",
        "jobs/{}",
        "mirrors/{}",
        "projects/{}",
        "projects/{}/items",
        "jobs?project={}",
        "mirrors?project={}",
        "lookup?project={}",
    ],
)
def test_a_number_that_is_no_id_is_refused(face: Face, path: str, number: str) -> None:
    assert face("GET", f"/api/v1/{path.format(number)}").status in (400, 404)


@pytest.mark.parametrize("at", [FAR, "9223372036854775808", "-1"])
def test_a_page_beyond_every_end_is_empty_or_the_first(face: Face, moored: Moored, at: str) -> None:
    got = face("GET", f"/api/v1/folders/{moored.folder}/children?at={at}")
    assert got.status == 200
    assert bool(got.json["items"]) is (at == "-1")


@pytest.mark.parametrize("header", ["Origin", "Referer"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/none", "/sign-out", "/api/v1/sign-out"])
def test_an_origin_that_is_no_address_is_refused(face: Face, header: str, path: str) -> None:
    assert ask("POST", face.server.address + path, b"", **{header: "http://["}).status in (401, 403)


@pytest.mark.parametrize("expires", ["%C2%B2", "%D9%A1", "-1", "", "1e9", FAR])
def test_a_signature_with_a_time_that_is_none_is_refused(face: Face, moored: Moored, expires: str) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    url = f"{face.server.address}/api/v1/items/{item}/content?signature=x&kid=x&expires={expires}"
    assert ask("GET", url).status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("folders", {"parent": "1", "name": "a\ud800"}),
        ("mirrors", {"store": "x", "project": "x", "prefix": "a\udc80/"}),
        ("mirrors", {"store": "x", "project": "x", "include": ["\ud800"]}),
        ("stores/check", {"name": "x", "provider": "disk", "root": "/\ud800"}),
        ("projects", {"name": "\ud800"}),
        ("tokens", {"name": "t", "expires_in": 10**30}),
        ("tokens", {"name": "t", "expires_in": 10**13}),
        ("stores/check", {"name": "x", "provider": "disk", "root": "/tmp", "scope": {"projects": [VERY_FAR]}}),
        ("stores/check", {"name": "x", "provider": "s3", "bucket": "a\r\nb"}),
        ("stores/check", {"name": "x", "provider": "s3", "bucket": "b", "region": "r\r\nx: y"}),
    ],
)
def test_a_body_that_cannot_be_is_refused(face: Face, path: str, body: dict[str, Any]) -> None:
    got = face("POST", f"/api/v1/{path}", body)
    assert got.status == 400, got.body
    assert got.json["field"]


def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(face: Face) -> None:
    keys = {"kind": "keys", "access_key": "x", "secret_key": "hush\r\nx: y"}
    body = {"name": "x", "provider": "s3", "bucket": "b", "endpoint": "http://127.0.0.1:1", "credentials": keys}
    got = face("POST", "/api/v1/stores/check", body)
    assert (got.status, got.json["field"]) == (400, "credentials.secret_key")
    assert b"hush" not in got.body


def test_a_method_that_is_not_answered_names_those_that_are(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    for path, allowed in (
        ("/api/v1/projects", "GET, HEAD, POST"),
        (f"/api/v1/items/{item}/content", "GET, HEAD"),
        ("/jobs", "GET, HEAD"),
    ):
        got = face("PUT", path)
        assert (got.status, got.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("path", ["projects", "jobs/events", "jobs", "stores", "me", "projects?limit=x"])
def test_a_head_is_answered_as_a_get_without_its_body(face: Face, path: str) -> None:
    head = face("HEAD", f"/api/v1/{path}")
    assert (head.status, head.body) == (200, b"")
    if "events" not in path:
        assert head.headers["content-length"] == face("GET", f"/api/v1/{path}").headers["content-length"]


def test_a_body_that_is_too_large_is_told_so(face: Face) -> None:
    got = face("POST", "/api/v1/projects", {"name": "x" * (1 << 21)})
    assert (got.status, got.json["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{", JSON), (b"", JSON), (b"<a/>", "application/xml"), (b"name=x", "text/plain")]
)
def test_what_is_no_json_is_told_so(face: Face, body: bytes, kind: str) -> None:
    got = face("POST", "/api/v1/projects", body, Content_Type=kind)
    assert got.status == 400
    assert "JSON" in got.json["detail"]
    assert "field" not in got.json


def test_no_letter_of_a_path_begins_a_line_of_the_log_or_a_header(face: Face) -> None:
    got = raw(face, "GET", "/x%0d%0aforged:%20line", Accept="text/html")
    assert got.getheader("forged") is None
    time.sleep(0.2)
    assert not any(line.startswith("forged") for line in face.server.log().splitlines())


@pytest.mark.parametrize(
    "path", ["//sign-in/a-secret-link", "/moorage/sign-in/a-secret-link", "/sign-in/a-secret-link/"]
)
def test_a_link_at_a_wrong_address_does_not_reach_the_log(face: Face, path: str) -> None:
    raw(face, "GET", path)
    time.sleep(0.2)
    assert "a-secret-link" not in face.server.log()
    assert "a-secret-link" not in (face.server.data / "moorage.log").read_text()


def test_a_prefix_is_taken_as_it_is_written(face: Face, tmp_path: Path) -> None:
    (tmp_path / "photos\\x41").mkdir()
    (tmp_path / "photos\\x41" / "one.txt").write_bytes(b"1")
    name = tmp_path.name.replace("_", "-")[:60]
    assert face("POST", "/api/v1/stores", {"name": name, "provider": "disk", "root": str(tmp_path)}).status == 201
    body = {"store": name, "project": name, "create_project": True}
    plain = face("POST", "/api/v1/mirrors", body | {"prefix": "photos\\x41/"}).json
    assert face.wait(plain["job"])["outcome"]["seen"] == 1
    escaped = body | {"prefix": "photos\\\\x41/", "key_encoding": "escaped", "folder": "again"}
    assert face.wait(face("POST", "/api/v1/mirrors", escaped).json["job"])["outcome"]["seen"] == 1
    listed = face("GET", f"/api/v1/stores/{name}/objects?prefix=photos%5C%5Cx41/&key_encoding=escaped").json
    assert [one["key"] for one in listed["objects"]] == ["photos\\x41/one.txt"]


def test_a_mirror_of_no_store_makes_no_project(face: Face) -> None:
    body = {"store": "misspelt", "project": "never made", "create_project": True}
    assert face("POST", "/api/v1/mirrors", body).status == 404
    assert face("GET", "/api/v1/projects/never%20made").status == 404


def test_a_page_with_a_filter_does_not_claim_to_know_its_total(face: Face, moored: Moored) -> None:
    path = f"/api/v1/folders/{moored.folder}/children"
    assert face("GET", path).json["total"] == 4
    for query in ("kind=file", "prefix=h", "state=gone"):
        assert face("GET", f"{path}?{query}").json["total"] is None


def test_a_changed_store_counts_at_once(face: Face, moored: Moored) -> None:
    """Readers do not go on for seconds with what was registered before."""
    path = f"/api/v1/items/{items(face, moored.folder)['hello.txt']['id']}/content"
    (moored.root / "hello.txt").rename(moored.root / "elsewhere.txt")
    (moored.root / "hello.txt").symlink_to("elsewhere.txt")
    assert face("GET", path).status == 404
    assert face("PATCH", f"/api/v1/stores/{moored.store}", {"follow_symlinks": True}).status == 200
    assert face("GET", path).status == 200


def test_a_change_that_fails_its_check_says_that_nothing_was_changed(face: Face, moored: Moored) -> None:
    moored.root.rename(moored.root.parent / "away")
    got = face("PATCH", f"/api/v1/stores/{moored.store}", {"follow_symlinks": True})
    assert got.status == 422
    assert "was not changed" in got.json["detail"]
    assert json.loads(face("GET", f"/api/v1/stores/{moored.store}").body)["follow_symlinks"] is False
