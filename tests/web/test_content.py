"""The bytes of items, as a browser, a player and a script ask for them."""

from __future__ import annotations

import os
from email.message import Message
from email.parser import BytesParser

from web.conftest import Face, Moored, items

TEXT = b"0123456789" * 10


def content(moored: Moored, face: Face, name: str = "hello.txt") -> str:
    return f"/api/v1/items/{items(face, moored.folder)[name]['id']}/content"


def test_an_item_is_served_byte_for_byte(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face))
    assert (got.status, got.body) == (200, TEXT)
    assert got.headers["content-length"] == "100"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_an_empty_object_is_served_as_nothing(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face, "empty.bin"))
    assert (got.status, got.body) == (200, b"")


def test_an_odd_name_is_served_under_its_name(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face, "ünï #100%.txt"))
    assert got.body == b"odd"
    assert got.headers["content-disposition"].endswith("filename*=UTF-8''%C3%BCn%C3%AF%20#100%25.txt")


def test_one_range_is_answered_with_its_place(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face), Range="bytes=95-")
    assert (got.status, got.body) == (206, b"56789")
    assert got.headers["content-range"] == "bytes 95-99/100"


def test_several_ranges_come_as_parts(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face), Range="bytes=0-1,-2")
    assert got.status == 206
    whole = b"Content-Type: " + got.headers["content-type"].encode() + b"\r\n\r\n" + got.body
    parts = BytesParser().parsebytes(whole).get_payload()
    assert isinstance(parts, list)
    messages = [part for part in parts if isinstance(part, Message)]
    assert [part.get_payload(decode=True) for part in messages] == [b"01", b"89"]
    assert [part["Content-Range"] for part in messages] == ["bytes 0-1/100", "bytes 98-99/100"]
    assert len(got.body) == int(got.headers["content-length"])


def test_a_range_past_the_end_is_unsatisfiable(face: Face, moored: Moored) -> None:
    got = face("GET", content(moored, face), Range="bytes=100-")
    assert got.status == 416
    assert got.headers["content-range"] == "bytes */100"
    assert got.json["size"] == 100


def test_a_known_version_is_not_sent_again(face: Face, moored: Moored) -> None:
    path = content(moored, face)
    tag = face("GET", path).headers["etag"]
    got = face("GET", path, If_None_Match=tag)
    assert (got.status, got.body) == (304, b"")
    assert got.headers["etag"] == tag


def test_a_head_has_the_headers_of_a_get_and_no_body(face: Face, moored: Moored) -> None:
    path = content(moored, face)
    head, get = face("HEAD", path), face("GET", path)
    assert (head.status, head.body) == (200, b"")
    for name in ("content-length", "etag", "last-modified", "content-type", "accept-ranges"):
        assert head.headers[name] == get.headers[name]


def test_a_file_that_changed_is_served_as_it_is_now(face: Face, moored: Moored) -> None:
    path = content(moored, face)
    old = face("GET", path).headers["etag"]
    (moored.root / "hello.txt").write_bytes(b"a longer text than before" * 10)
    got = face("GET", path, Range="bytes=-6")
    assert (got.status, got.body) == (206, b"before")
    assert got.headers["content-range"].endswith("/250")
    assert got.headers["etag"] != old
    assert face("GET", path, If_Range=old, Range="bytes=0-0").status == 200


def test_a_file_that_is_gone_is_told_so(face: Face, moored: Moored) -> None:
    path = content(moored, face)
    (moored.root / "hello.txt").unlink()
    got = face("GET", path)
    assert got.status == 404
    assert "hello.txt" in got.json["detail"]


def test_nobody_reads_without_a_right(face: Face, moored: Moored) -> None:
    from servers.moorage import ask

    for path in (content(moored, face), content(moored, face).replace("content", "preview")):
        assert ask("GET", face.server.address + path).status == 401


def test_a_large_file_is_streamed_whole(face: Face, moored: Moored) -> None:
    data = os.urandom(5_000_001)
    (moored.root / "large.bin").write_bytes(data)
    face.wait(face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"])
    path = content(moored, face, "large.bin")
    assert face("GET", path).body == data
    assert face("GET", path, Range="bytes=4999999-5000000").body == data[-2:]
