"""Signed URLs for many items: one line each, with what a program needs to know of the item."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from moorage.client import Client
from moorage.model.errors import Invalid, NotFound
from servers.moorage import ask
from web.conftest import Face, Moored


def lines(face: Face, moored: Moored, **body: object) -> list[dict[str, Any]]:
    got = face("POST", f"/api/v1/projects/{moored.project}/urls", {"expires_in": 600, **body})
    assert (got.status, got.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in got.body.splitlines()]


def paths(face: Face, moored: Moored, **body: object) -> list[str]:
    """Below the folder of the mirror."""
    return [line["path"].removeprefix(f"{moored.store}/") for line in lines(face, moored, **body)]


def test_each_line_names_the_item_where_it_lies_and_a_url_that_reads_it(face: Face, moored: Moored) -> None:
    found = {line["name"]: line for line in lines(face, moored)}
    assert set(found) == {"hello.txt", "empty.bin", "ünï #100%.txt", "deep.txt"}
    deep = found["deep.txt"]
    assert set(deep) == {"item", "name", "path", "kind", "url", "expires"}
    assert (deep["path"], deep["kind"]) == (f"{moored.store}/below/deep.txt", "file")
    assert ask("GET", deep["url"]).body == b"deep"


def test_a_path_a_kind_a_prefix_and_sizes_say_which_items(face: Face, moored: Moored) -> None:
    for name in ("a.jpg", "b.jpg", "a.mp4"):
        (moored.root / "below" / name).write_bytes(b"0" * 10)
    face.wait(face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"])
    below = f"{moored.store}/below"
    assert paths(face, moored, kind="image") == ["below/a.jpg", "below/b.jpg"]
    assert paths(face, moored, path=below, prefix="a") == ["below/a.jpg", "below/a.mp4"]
    assert paths(face, moored, path=f"{below}/", prefix="a", kind="video") == ["below/a.mp4"]
    assert paths(face, moored, path=f"{below}/b.jpg") == ["below/b.jpg"]
    assert paths(face, moored, path=f"{below}/b.jpg", kind="video") == []
    assert paths(face, moored, min_size=4, max_size=10, path=below, kind="file") == ["below/deep.txt"]
    with Client(face.server.address, face.token) as client:
        found = client.sign_urls(moored.project, path=below, kind="image", prefix="b", expires_in=60)
        assert [one.path for one in found] == [f"{moored.store}/below/b.jpg"]
        with pytest.raises(NotFound):
            list(client.sign_urls(moored.project, path="nowhere"))


def test_odd_names_are_escaped_together(face: Face, moored: Moored) -> None:
    odd = os.fsdecode(b"bad\xff")
    (moored.root / odd).mkdir()
    (moored.root / odd / "x.txt").write_bytes(b"odd")
    face.wait(face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"])
    (line,) = lines(face, moored, path=rf"{moored.store}/bad\xff", key_encoding="escaped")
    assert (line["path"], line["key_encoding"]) == (rf"{moored.store}/bad\xff/x.txt", "escaped")
    with Client(face.server.address, face.token) as client:
        (url,) = client.sign_urls(moored.project, path=f"{moored.store}/{odd}")
        assert url.path == f"{moored.store}/{odd}/x.txt"
        assert ask("GET", url.url).body == b"odd"


def test_a_life_that_is_too_long_is_refused_before_the_first_line(face: Face, moored: Moored) -> None:
    got = face("POST", f"/api/v1/projects/{moored.project}/urls", {"expires_in": 8 * 86400})
    assert (got.status, got.json["field"]) == (400, "expires_in")
    with Client(face.server.address, face.token) as client, pytest.raises(Invalid):
        list(client.sign_urls(moored.project, expires_in=8 * 86400))


def test_one_url_tells_the_same_as_a_line(face: Face, moored: Moored) -> None:
    line = next(line for line in lines(face, moored) if line["name"] == "deep.txt")
    one = face("POST", f"/api/v1/items/{line['item']}/url", {"expires_in": 600}).json
    assert {name: one[name] for name in ("item", "name", "path", "kind")} == {
        name: line[name] for name in ("item", "name", "path", "kind")
    }


def test_a_stream_ends_when_its_reader_may_no_longer_see_the_project(face: Face, moored: Moored) -> None:
    email = f"{moored.store}@urls.example"
    made = face("POST", "/api/v1/users", {"email": email}).json
    grant = {"user": made["id"], "role": "viewer", "project": moored.project}
    face("POST", "/api/v1/grants", grant)
    token = face.server.run("token", "add", "narrow", "--user", email).stdout.strip()
    with Client(face.server.address, token) as client:
        assert len(list(client.sign_urls(moored.project))) == 4
        face("DELETE", "/api/v1/grants", {"user": made["id"], "project": moored.project})
        with pytest.raises(NotFound):
            list(client.sign_urls(moored.project))
