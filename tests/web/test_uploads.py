"""Putting files in, over HTTP."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from servers.moorage import Answer, Moorage, ask
from web.conftest import Face, items
from web.sending import answer_on, in_catalogue, raw, send_blindly, stored, unfinished
from web.test_people import enter

MIB = 1 << 20


@pytest.fixture
def root(face: Face, tmp_path: Path) -> str:
    """The topmost folder of a new project."""
    made = face("POST", "/api/v1/projects", {"name": f"up-{tmp_path.parent.name}-{tmp_path.name}"})
    assert made.status == 201, made.body
    return str(made.json["root"])


def put(face: Face, folder: str, name: str, data: bytes, query: str = "", **headers: str) -> Answer:
    return face("PUT", f"/api/v1/folders/{folder}/items?name={quote(name)}{query}", data, **headers)


def until(done: Callable[[], bool]) -> None:
    for _ in range(1200):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError


def test_a_file_is_an_item_with_its_bytes(face: Face, root: str) -> None:
    data = bytes(range(256)) * 5000
    made = put(face, root, "a b#ü%.JPG", data)
    assert made.status == 201, made.body
    item = made.json
    assert (item["name"], item["size"], item["kind"], item["media_type"]) == (
        "a b#ü%.JPG",
        len(data),
        "image",
        "image/jpeg",
    )
    assert (item["linked"], item["state"], item["store"]) == (False, "live", "primary")
    got = face("GET", f"/api/v1/items/{item['id']}/content", Range="bytes=1000-1999")
    assert (got.status, got.body) == (206, data[1000:2000])
    assert face("GET", f"/api/v1/items/{item['id']}").json == item
    assert items(face, root) == {"a b#ü%.JPG": item}
    counts = face("GET", f"/api/v1/folders/{root}").json["counts"]
    assert (counts["items"], counts["bytes"]) == (1, len(data))
    store = face("GET", "/api/v1/stores/primary").json
    assert (store["root"], store["bucket"], store["read_only"]) == (
        str(face.server.data / "storage"),
        "moorage-public",
        False,
    )


def test_an_empty_file_is_an_item_too(face: Face, root: str) -> None:
    assert put(face, root, "empty", b"").json["size"] == 0


def test_a_sender_tells_the_type_where_the_name_does_not(face: Face, root: str) -> None:
    told = put(face, root, "scan", b"x", Content_Type="image/tiff").json
    assert (told["kind"], told["media_type"]) == ("image", "image/tiff")
    lied = put(face, root, "a.jpg", b"x", Content_Type="text/html").json
    assert lied["media_type"] == "image/jpeg"
    page = put(face, root, "page", b"<script>", Content_Type="text/html").json
    got = face("GET", f"/api/v1/items/{page['id']}/content")
    assert got.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("query", "name", "key"),
    [("name=%FFodd", b"\xffodd", "\\xffodd"), ("name=%5CxFFodd&key_encoding=escaped", b"\xffodd", "\\xffodd")],
)
def test_any_bytes_but_a_slash_and_nul_are_a_name(face: Face, root: str, query: str, name: bytes, key: str) -> None:
    made = face("PUT", f"/api/v1/folders/{root}/items?{query}", b"x")
    assert (made.status, made.json["name"], made.json["key_encoding"]) == (201, key, "escaped")
    taken = {"names": ["\\xFFodd", "\\xFEodd"], "key_encoding": "escaped"}
    answered = face("POST", f"/api/v1/folders/{root}/taken", taken).json
    assert answered == {"taken": [key], "key_encoding": "escaped"}


@pytest.mark.parametrize(
    "query", ["", "name=", "name=..", "name=a/b", "name=a%2Fb", "name=a%00", "name=a&if_exists=maybe"]
)
def test_what_cannot_be_is_refused_with_the_field_at_fault(face: Face, root: str, query: str) -> None:
    refused = face("PUT", f"/api/v1/folders/{root}/items?{query}", b"x")
    assert (refused.status, refused.json["type"]) == (400, "/problems/invalid")
    assert refused.json["field"] in ("name", "if_exists")
    assert "Nothing was stored" in refused.json["detail"]


def test_a_taken_name_is_asked_about(face: Face, root: str) -> None:
    first = put(face, root, "a.jpg", b"first").json
    refused = put(face, root, "a.jpg", b"second")
    assert (refused.status, refused.json["type"]) == (409, "/problems/already-exists")
    assert "if_exists=replace" in refused.json["advice"]
    assert face("POST", f"/api/v1/folders/{root}/taken", {"names": ["b", "a.jpg"]}).json == {"taken": ["a.jpg"]}
    both = put(face, root, "a.jpg", b"third", "&if_exists=both")
    assert (both.status, both.json["name"]) == (201, "a (2).jpg")
    before = face("GET", f"/api/v1/items/{first['id']}/content").body
    replaced = put(face, root, "a.jpg", b"fourth", "&if_exists=replace")
    assert (replaced.status, replaced.json["id"]) == (200, first["id"])
    assert (before, face("GET", f"/api/v1/items/{first['id']}/content").body) == (b"first", b"fourth")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PATCH"])
def test_nothing_but_put_is_answered_there(face: Face, root: str, method: str) -> None:
    refused = face(method, f"/api/v1/folders/{root}/items?name=a")
    assert (refused.status, refused.headers["allow"]) == (405, "PUT")


def test_the_trash_gives_back_what_was_put_in(face: Face, root: str) -> None:
    item = put(face, root, "a.jpg", b"first").json
    here = f"/api/v1/items/{item['id']}"
    assert face("DELETE", here).json == {"kept_object": False, "state": "trashed"}
    assert face("GET", f"{here}/content").status == 404
    assert face("GET", here).json["state"] == "trashed"
    other = put(face, root, "a.jpg", b"other").json
    refused = face("POST", f"{here}/restore")
    assert (refused.status, refused.json["type"]) == (409, "/problems/conflict")
    assert "restore this one" in refused.json["advice"]
    face("DELETE", f"/api/v1/items/{other['id']}")
    back = face("POST", f"{here}/restore").json
    assert (back["state"], back["key"], back["linked"]) == ("live", item["key"], False)
    assert face("GET", f"{here}/content").body == b"first"


def test_a_project_with_uploads_is_removed_only_when_that_is_meant(face: Face, root: str) -> None:
    project = face("GET", f"/api/v1/folders/{root}").json["project"]
    for number in range(3):
        item = put(face, root, f"{number}", b"x").json
    face("DELETE", f"/api/v1/items/{item['id']}")
    refused = face("DELETE", f"/api/v1/projects/{project}")
    assert (refused.status, refused.json["users"]) == (409, ["uploaded items 3"])
    kept = [path for path in stored(face.server) if f"/{project}/" in str(path)]
    assert len(kept) == 3
    ran = face.server.run("project", "rm", project, "--yes", check=False, MOORAGE_TOKEN=face.token)
    assert (ran.returncode, "--with-uploads" in ran.stderr) == (8, True)
    gone = face.server.run("project", "rm", project, "--yes", "--with-uploads", MOORAGE_TOKEN=face.token)
    assert "is being deleted" in gone.stderr
    until(lambda: not any(path.exists() for path in kept))
    until(lambda: [one["action"] for one in face("GET", "/api/v1/audit").json["audit"]].count("object.delete") >= 3)


def test_only_an_editor_may_put_something_in(face: Face, root: str) -> None:
    assert ask("PUT", f"{face.server.address}/api/v1/folders/{root}/items?name=a", b"x").status == 401
    made = face("POST", "/api/v1/tokens", {"name": f"viewer-{root}", "role": "viewer"}).json["token"]
    viewer = Face(face.server, made)
    refused = put(viewer, root, "a", b"x")
    assert (refused.status, refused.json["role_needed"]) == (403, "editor")
    assert put(face, "123", "a", b"x").status == 404


def test_a_browser_may_from_our_own_pages_only(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        cookie = enter(server)
        made = ask("POST", f"{server.address}/api/v1/projects", {"name": "P"}, Cookie=cookie, Origin=server.address)
        where = f"{server.address}/api/v1/folders/{made.json['root']}/items?name=a"
        assert ask("PUT", where, b"x", Cookie=cookie).status == 403
        assert ask("PUT", where, b"x", Cookie=cookie, Origin="https://elsewhere.example").status == 403
        assert ask("PUT", where, b"x", Cookie=cookie, Origin=server.address).status == 201


def test_more_than_five_gib_are_refused_at_once(face: Face, root: str) -> None:
    with raw(face, f"/api/v1/folders/{root}/items?name=a", (5 << 30) + 1) as connection:
        status, problem = answer_on(connection)
        assert (status, problem["type"]) == (413, "/problems/too-large")


def test_who_is_refused_and_still_sends_hears_why(face: Face, root: str) -> None:
    put(face, root, "a", b"x")
    here = f"/api/v1/folders/{root}/items?name=a"
    for length in (40 * MIB, 3 << 30):
        with raw(face, here, length) as connection:
            send_blindly(connection, length)
            status, problem = answer_on(connection)
        assert (status, problem["type"]) == (409, "/problems/already-exists")
    with raw(face, f"/api/v1/folders/{root}/items?name=..", 40 * MIB) as connection:
        send_blindly(connection, 40 * MIB)
        assert answer_on(connection)[0] == 400


def test_curl_hears_why_too(face: Face, root: str, tmp_path: Path) -> None:
    put(face, root, "a", b"x")
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 * MIB)
    here = f"{face.server.address}/api/v1/folders/{root}/items?name=a"
    for expect in ("", "100-continue"):
        words = ["curl", "-s", "-T", str(large), "-H", f"Expect: {expect}", "-H", f"Authorization: Bearer {face.token}"]
        said = subprocess.run([*words, "-w", "%{http_code}", here], capture_output=True, text=True, check=False)
        assert said.stdout.endswith("409"), said
        assert "already-exists" in said.stdout


def test_a_connection_goes_on_after_a_small_body_was_refused(face: Face, root: str) -> None:
    put(face, root, "a", b"x")
    head = f"PUT /api/v1/folders/{root}/items?name=b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {face.token}\r\n"
    with raw(face, f"/api/v1/folders/{root}/items?name=a", 1 * MIB) as connection:
        connection.sendall(bytes(MIB))
        assert answer_on(connection)[0] == 409
        connection.sendall(f"{head}Content-Length: 3\r\n\r\nabc".encode())
        status, item = answer_on(connection)
    assert (status, item["size"]) == (201, 3)


def test_a_sender_that_leaves_leaves_nothing(face: Face, root: str) -> None:
    before = stored(face.server)
    for length, sent in ((1000, 10), (100 * MIB, 20 * MIB), (None, MIB)):
        chunked = ["Transfer-Encoding: chunked"] if length is None else []
        with raw(face, f"/api/v1/folders/{root}/items?name=a", length, *chunked) as connection:
            connection.sendall(b"%x\r\n" % (2 * sent) + bytes(sent) if length is None else bytes(sent))
    until(lambda: not unfinished(face.server))
    assert items(face, root) == {}
    assert stored(face.server) == before
    assert put(face, root, "a", b"whole").status == 201


def test_a_slow_sender_is_waited_for(face: Face, root: str) -> None:
    with raw(face, f"/api/v1/folders/{root}/items?name=a", 50) as connection:
        for _ in range(9):
            connection.sendall(b"12345")
            assert items(face, root) == {}
            time.sleep(0.05)
        connection.sendall(b"12345")
        status, item = answer_on(connection)
    assert (status, item["size"]) == (201, 50)


def test_a_body_without_a_length_is_taken_to_its_end(face: Face, root: str) -> None:
    with raw(face, f"/api/v1/folders/{root}/items?name=a", None, "Transfer-Encoding: chunked") as connection:
        for number in range(1, 40):
            block = bytes([number]) * (number * 1000)
            connection.sendall(b"%x\r\n%s\r\n" % (len(block), block))
        connection.sendall(b"0\r\n\r\n")
        status, item = answer_on(connection)
    assert (status, item["size"]) == (201, sum(number * 1000 for number in range(1, 40)))


def test_two_that_send_one_name_at_once_do_not_mix(face: Face, root: str) -> None:
    where = f"/api/v1/folders/{root}/items?name=a"
    with raw(face, where, 2 * MIB) as one, raw(face, where, 2 * MIB) as two:
        for _ in range(2):
            one.sendall(b"1" * MIB)
            two.sendall(b"2" * MIB)
        statuses = sorted((answer_on(one)[0], answer_on(two)[0]))
    assert statuses == [201, 409]
    got = face("GET", f"/api/v1/items/{items(face, root)['a']['id']}/content").body
    assert got in (b"1" * 2 * MIB, b"2" * 2 * MIB)


def test_a_hundred_files_side_by_side_all_arrive(face: Face, root: str) -> None:
    sent = {f"{number:03}.bin": bytes([number]) * (number * 997) for number in range(100)}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: put(face, root, *one).status, sent.items()))
    assert answers == [201] * 100
    found = items(face, root)
    assert {name: item["size"] for name, item in found.items()} == {name: len(data) for name, data in sent.items()}
    for name in ("000.bin", "042.bin", "099.bin"):
        assert face("GET", f"/api/v1/items/{found[name]['id']}/content").body == sent[name]
    counts = face("GET", f"/api/v1/folders/{root}").json["counts"]
    assert (counts["items"], counts["bytes"]) == (100, sum(map(len, sent.values())))


def test_what_uploads_need_is_made_once_however_many_come_first(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        root = face("POST", "/api/v1/projects", {"name": "P"}).json["root"]
        start = threading.Barrier(8)

        def send(number: int) -> int:
            start.wait()
            return put(face, root, str(number), b"x").status

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(send, range(8))) == [201] * 8
        assert [store["name"] for store in face("GET", "/api/v1/stores").json["stores"]] == ["primary"]


def test_a_full_disk_is_told_in_words_and_keeps_nothing(tmp_path: Path) -> None:
    storage = tmp_path / "data" / "storage"
    if os.geteuid():
        return  # only root can mount a small disk
    with small_disk(storage), Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        root = face("POST", "/api/v1/projects", {"name": "P"}).json["root"]
        assert put(face, root, "small", b"x").status == 201
        refused = put(face, root, "large", bytes(8 * MIB))
        assert (refused.status, refused.json["type"], refused.json["cause"]) == (
            503,
            "/problems/store-unreachable",
            "disk_full",
        )
        assert refused.json["detail"] == f"No space is left where uploads go: {storage}. Nothing was stored."
        assert "Free some space" in refused.json["advice"]
        assert list(items(face, root)) == ["small"]
        assert unfinished(server) == []
        assert put(face, root, "other", b"x").status == 201


@contextmanager
def small_disk(where: Path) -> Iterator[None]:
    """A file system of 4 MiB at a folder."""
    where.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(where)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


def test_a_mirrors_folder_takes_files_where_its_store_is_writable(face: Face, tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "below").mkdir(parents=True)
    (media / "old.txt").write_bytes(b"old")
    (media / "below" / "deep.txt").write_bytes(b"deep")
    name = f"w-{tmp_path.parent.name}-{tmp_path.name}".replace("_", "-")[:60]
    store: dict[str, Any] = {"name": name, "provider": "disk", "root": str(media)}
    assert face("POST", "/api/v1/stores", store).status == 201
    started = face("POST", "/api/v1/mirrors", {"store": name, "project": name, "create_project": True}).json
    assert face.wait(started["job"])["state"] == "succeeded"
    refused = put(face, started["folder"], "new.txt", b"new")
    assert (refused.status, refused.json["type"]) == (403, "/problems/read-only")
    assert f"moorage store change {name} --writable" in refused.json["advice"]
    face.server.run("store", "change", name, "--writable", MOORAGE_TOKEN=face.token)
    made = put(face, started["folder"], "new.txt", b"new")
    assert (made.status, made.json["key"], made.json["linked"]) == (201, "new.txt", True)
    assert (media / "new.txt").read_bytes() == b"new"
    below = face("GET", f"/api/v1/folders/{started['folder']}/children").json["folders"][0]["id"]
    assert put(face, below, "ü.txt", b"below").json["key"] == "below/ü.txt"
    assert (media / "below" / "ü.txt").read_bytes() == b"below"
    assert put(face, started["folder"], "old.txt", b"x").status == 409
    replaced = put(face, started["folder"], "old.txt", b"newer", "&if_exists=replace")
    assert (replaced.status, (media / "old.txt").read_bytes()) == (200, b"newer")
    again = face("POST", f"/api/v1/mirrors/{started['id']}/reindex").json["job"]
    outcome = face.wait(again)["outcome"]
    assert (outcome["added"], outcome["changed"], outcome["vanished"], outcome["seen"]) == (0, 0, 0, 4)


def test_a_store_for_uploads_that_was_made_read_only_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        own = {"name": "primary", "provider": "disk", "root": str(tmp_path / "own")}
        assert face("POST", "/api/v1/stores", own).status == 201
        root = face("POST", "/api/v1/projects", {"name": "P"}).json["root"]
        refused = put(face, root, "a", b"x")
        assert (refused.status, refused.json["type"]) == (403, "/problems/read-only")
        assert "moorage store change primary --writable" in refused.json["advice"]
        server.run("store", "change", "primary", "--writable", MOORAGE_TOKEN=face.token)
        assert put(face, root, "a", b"x").status == 201
        assert [path.name for path in (tmp_path / "own").rglob("a")] == ["a"]


def test_the_data_directory_may_move_with_what_was_uploaded(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        root = face("POST", "/api/v1/projects", {"name": "P"}).json["root"]
        item = put(face, root, "a", b"kept").json
    (tmp_path / "data").rename(tmp_path / "moved")
    with Moorage(tmp_path / "moved") as server:
        face = Face(server, face.token)
        assert face("GET", f"/api/v1/items/{item['id']}/content").body == b"kept"
        assert put(face, root, "b", b"new").status == 201
        assert in_catalogue(server, "SELECT COUNT(*) FROM loose") == [(0,)]
