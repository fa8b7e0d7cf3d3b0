"""Answers at once: the same, header by header and byte by byte, as those that wait; whatever else the line carries."""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import pytest

import media
from moorage.model.objects import Piece
from moorage.web.pieces import PieceSender
from web.conftest import Face, Moored, items, moor
from web.kept import FILM, Shown, shown
from web.places import bucket

__all__ = ["bucket", "shown"]  # fixtures
ODD = 'a;"ü.bin'
OWN = ("date", "x-request-id", "connection")


class Line:
    """One connection to the server, kept open."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._line = http.client.HTTPConnection("127.0.0.1", face.server.port, timeout=20)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers but those of one answer alone, and body."""
        sent = {"Authorization": f"Bearer {self._face.token}"} | headers
        if "signature=" in path:
            del sent["Authorization"]
        self._line.request("GET", path, headers={name.replace("_", "-"): value for name, value in sent.items()})
        answer = self._line.getresponse()
        told = sorted((name.lower(), value) for name, value in answer.getheaders())
        return answer.status, {name: value for name, value in told if name not in OWN}, answer.read()

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def line(face: Face) -> Iterator[Line]:
    made = Line(face)
    yield made
    made.close()


def at_once(face: Face) -> int:
    """How many requests the server has answered at once so far."""
    found = re.search(r"^moorage_requests_at_once_total (\S+)$", face("GET", "/metrics").body.decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def same_both_ways(face: Face, line: Line, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask until the answer comes at once, and compare it with one for which the server takes its time."""
    waited = Line(face)
    slow = waited.get(path, Connection="close", **headers)
    waited.close()
    for _ in range(3):
        before = at_once(face)
        quick = line.get(path, **headers)
        if at_once(face) > before:
            assert quick == slow
            return quick
        time.sleep(0.1)
    raise AssertionError(f"{path} was never answered at once")


@pytest.fixture
def pictures(face: Face, tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    media.quarters(300, 200).save(folder / "one.png")
    (folder / ODD).write_bytes(os.urandom(3_000_000))
    return {name: f"/api/v1/items/{one['id']}" for name, one in items(face, moor(face, folder).folder).items()}


def test_a_preview_and_its_304(face: Face, line: Line, pictures: dict[str, str]) -> None:
    path = f"{pictures['one.png']}/preview?width=128"
    _, headers, body = same_both_ways(face, line, path)
    assert len(body) == int(headers["content-length"])
    status, _, nothing = same_both_ways(face, line, path, If_None_Match=headers["etag"])
    assert (status, nothing) == (304, b"")
    assert same_both_ways(face, line, path + "&format=jpeg")[1]["content-type"] == "image/jpeg"


def test_a_query_of_any_length_is_not_kept_in_memory(face: Face, line: Line, pictures: dict[str, str]) -> None:
    path = f"{pictures['one.png']}/preview?width=128"
    same_both_ways(face, line, path)
    before = at_once(face)
    for more, headers in ((f"&more={'x' * 3000}", {}), ("", {"Accept": f"image/webp, {'x' * 3000}"})):
        assert line.get(path + more, **headers)[0] == 200
    assert at_once(face) == before


@pytest.mark.parametrize("body", [{"variant": "preview", "width": 128}, {"variant": "content"}])
def test_a_signed_url(face: Face, line: Line, pictures: dict[str, str], body: dict[str, object]) -> None:
    url = face("POST", f"{pictures['one.png']}/url", body).json["url"]
    path = url.removeprefix(face.server.address)
    wanted = {"Range": "bytes=0-99"} if body["variant"] == "content" else {}
    assert same_both_ways(face, line, path, **wanted)[1]["access-control-allow-origin"] == "*"
    assert line.get(path[:-3] + "AAA")[0] == 401


def test_a_range_of_a_file(face: Face, line: Line, pictures: dict[str, str]) -> None:
    path = f"{pictures[ODD]}/content"
    status, headers, body = same_both_ways(face, line, path, Range="bytes=1000000-2999998")
    assert (status, len(body), headers["content-range"]) == (206, 1_999_999, "bytes 1000000-2999998/3000000")
    assert same_both_ways(face, line, path, If_None_Match=headers["etag"])[0] == 304


def test_a_range_of_an_object_over_three_chunks(face: Face, line: Line, shown: Shown) -> None:
    path = f"{shown.paths['film.bin']}/content"
    assert face("GET", path).body == FILM
    shown.holds(len(FILM))
    _, _, body = same_both_ways(face, line, path, Range="bytes=900000-3500000")
    assert body == FILM[900_000:3_500_001]
    assert same_both_ways(face, line, f"{shown.paths['b.png']}/content")[2] == media.data("coffee.png")


def test_what_is_sent_at_once_is_counted_as_what_waits(face: Face, line: Line, shown: Shown) -> None:
    path = f"{shown.paths['film.bin']}/content"
    assert face("GET", path).body == FILM
    shown.holds(len(FILM))
    same_both_ways(face, line, path, Range="bytes=0-3999999")
    store = face("GET", shown.paths["film.bin"]).json["store"]

    def counted() -> tuple[int, ...]:
        days = face("GET", f"/api/v1/cache/days?store={store}").json["days"]
        return tuple(sum(day[name] for day in days) for name in ("received", "served", "saved", "hits"))

    before, quick = counted(), at_once(face)
    assert len(line.get(path, Range="bytes=0-3999999")[2]) == 4_000_000
    assert at_once(face) == quick + 1
    assert tuple(now - then for now, then in zip(counted(), before, strict=True)) == (0, 4_000_000, 4_000_000, 1)


def test_pieces_are_closed_where_they_cannot_be_sent(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"0123456789")
    descriptor = os.open(tmp_path / "short", os.O_RDONLY)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = PieceSender(ours, b"head", [Piece(descriptor, 0, 11)])
        with pytest.raises(OSError, match="shorter"):
            sender.send()
        assert (sender.sent, theirs.recv(100)) == (10, b"head0123456789")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_file_that_was_changed_is_not_served_as_what_it_was(face: Face, line: Line, moored: Moored) -> None:
    path = f"/api/v1/items/{items(face, moored.folder)['hello.txt']['id']}/content"
    old = same_both_ways(face, line, path, Range="bytes=0-9")
    (moored.root / "hello.txt").write_bytes(b"x" * 100)
    status, headers, body = line.get(path, Range="bytes=0-9")
    assert (status, body) == (206, b"x" * 10)
    assert headers["etag"] != old[1]["etag"]


def test_requests_sent_one_behind_the_other_are_answered_in_order(face: Face, line: Line, shown: Shown) -> None:
    film, picture = f"{shown.paths['film.bin']}/content", f"{shown.paths['b.png']}/preview?width=64"
    assert face("GET", film).body == FILM
    shown.holds(len(FILM))
    same_both_ways(face, line, film, Range="bytes=0-3999999")
    small = same_both_ways(face, line, picture)[2]
    request = "GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n"
    wanted = [(film, "Range: bytes=0-3999999\r\n"), (picture, ""), ("/healthz", ""), (picture, "Connection: close\r\n")]
    with socket.create_connection(("127.0.0.1", face.server.port), timeout=20) as raw:
        raw.sendall("".join(request.format(path, face.token, more) for path, more in wanted).encode())
        stream = b""
        while block := raw.recv(1 << 20):
            stream += block
    bodies = []
    for _ in wanted:
        head, _, stream = stream.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length is not None, head
        bodies.append(stream[: int(length[1])])
        stream = stream[int(length[1]) :]
    assert stream == b""
    assert bodies[0] == FILM[:4_000_000]
    assert (bodies[1], bodies[3]) == (small, small)


def test_a_reader_who_is_slow_gets_all_and_one_who_leaves_leaves_nothing(face: Face, line: Line, shown: Shown) -> None:
    path = f"{shown.paths['film.bin']}/content"
    assert face("GET", path).body == FILM
    shown.holds(len(FILM))
    same_both_ways(face, line, path, Range="bytes=0-3999999")
    assert face.server.process is not None
    opened = Path(f"/proc/{face.server.process.pid}/fd")
    before = len(list(opened.iterdir()))
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3999999\r\nAuthorization: Bearer {face.token}\r\n\r\n"
    for leaves in (True, False):
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            raw.connect(("127.0.0.1", face.server.port))
            raw.sendall(request.encode())
            got = raw.recv(4096)
            while not leaves and len(got) < 4_000_000:
                got += raw.recv(1 << 16)
            if not leaves:
                head, _, body = got.partition(b"\r\n\r\n")
                while len(body) < 4_000_000:
                    body += raw.recv(1 << 16)
                assert (head[:12], body) == (b"HTTP/1.1 206", FILM[:4_000_000])
    for _ in range(100):
        if len(list(opened.iterdir())) <= before + 1:
            break
        time.sleep(0.05)
    assert len(list(opened.iterdir())) <= before + 1


def conditions(dice: random.Random, etag: str, modified: str, size: int) -> dict[str, str]:
    """Some of the headers that ask for a part, or under a condition; right, wrong and odd ones."""
    at = parsedate_to_datetime(modified).timestamp() if modified else 0.0
    dates = [formatdate(at + more, usegmt=True) for more in (-3600, -1, 0, 1, 3600)] + ["nonsense"]
    tags = [etag, f"W/{etag}", '"other"', "*", f'"a", {etag}', f'W/"x",W/{etag}', '"', etag.strip('"')]
    ranges = [
        "0-0",
        "0-",
        "-1",
        "-0",
        f"{size - 1}-",
        f"{size}-",
        "5-2",
        "0-1,5-6",
        "0-1, 0-1",
        ",0-9",
        " 0-9",
        "-" + "9" * 11,
    ]
    asked = {
        "Range": [f"bytes={one}" for one in ranges] + ["items=0-1", "bytes", "bytes=1-3;x", "bytes=0-" + "9" * 19],
        "If-Range": tags + dates,
        "If-Match": tags,
        "If-None-Match": tags,
        "If-Modified-Since": dates,
        "If-Unmodified-Since": dates,
    }
    chosen = [name for name in asked if dice.random() < (0.7 if name == "Range" else 0.25)]
    return {name if dice.random() < 0.7 else name.lower(): dice.choice(asked[name]) for name in chosen}


def test_both_ways_agree_on_all_conditions(face: Face, line: Line, pictures: dict[str, str]) -> None:
    dice, odd, one = random.Random(1), pictures[ODD], pictures["one.png"]
    url = face("POST", f"{one}/url", {"variant": "content"}).json["url"].removeprefix(face.server.address)
    facts, before = {}, at_once(face)
    for path in (
        f"{odd}/content",
        f"{one}/content",
        f"{one}/preview?width=64",
        f"{one}/content?disposition=attachment#x",
        url,
    ):
        _, headers, body = line.get(path)
        facts[path] = headers["etag"], headers.get("last-modified", ""), len(body)
    statuses = set()
    for _ in range(120):
        path = dice.choice([*facts])
        headers = conditions(dice, *facts[path])
        waited = Line(face)
        slow, _, quick = (
            waited.get(path, Connection="close", **headers),
            line.get(path, **headers),
            line.get(path, **headers),
        )
        waited.close()
        assert without_marks(quick) == without_marks(slow), (path, headers)
        statuses.add(quick[0])
    assert statuses == {200, 206, 304, 412, 416}
    assert at_once(face) - before > 50


def without_marks(told: tuple[int, dict[str, str], bytes]) -> tuple[int, dict[str, str], bytes]:
    """An answer without what is another each time: boundaries of parts, and the names of requests that failed."""
    status, headers, body = told
    kind = headers.get("content-type", "")
    if "boundary=" in kind:
        mark = kind.partition("boundary=")[2]
        return status, headers | {"content-type": kind.replace(mark, "")}, body.replace(mark.encode(), b"")
    return status, headers, re.sub(rb'"request[^,}]*', b"", body) if status >= 400 else body
