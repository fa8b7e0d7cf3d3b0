"""Signed expiring URLs: they admit to exactly what they name."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import media
from servers.moorage import ask
from web.conftest import Face, Moored, items, moor


def signed(face: Face, item: str, **body: object) -> str:
    return str(face("POST", f"/api/v1/items/{item}/url", {"expires_in": 600, **body}).json["url"])


def test_a_signed_url_needs_nothing_else(face: Face, moored: Moored) -> None:
    found = items(face, moored.folder)
    got = ask("GET", signed(face, found["hello.txt"]["id"]))
    assert (got.status, got.body[:3]) == (200, b"012")
    assert ask("HEAD", signed(face, found["hello.txt"]["id"])).status == 200


def test_it_binds_item_variant_expiry_and_disposition(face: Face, moored: Moored) -> None:
    found = items(face, moored.folder)
    mine, other = found["hello.txt"]["id"], found["empty.bin"]["id"]
    url = signed(face, mine)
    expires = parse_qs(urlsplit(url).query)["expires"][0]
    for tampered in (
        url.replace(f"/items/{mine}/", f"/items/{other}/"),
        url.replace("/content?", "/preview?"),
        url.replace(f"expires={expires}", f"expires={int(expires) + 1}"),
        url + "&disposition=inline",
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        url.replace("kid=", "kid=x"),
    ):
        assert ask("GET", tampered).status == 401, tampered


def test_it_binds_the_size_of_a_preview(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    url = signed(face, item, variant="preview", width=128)
    assert "width=128" in url
    assert ask("GET", url.replace("width=128", "width=4096")).status == 401
    assert ask("GET", url).status == 422  # admitted: a text has no preview


def test_it_expires(face: Face, moored: Moored) -> None:
    url = signed(face, items(face, moored.folder)["hello.txt"]["id"], expires_in=1)
    assert ask("GET", url).status == 200
    time.sleep(2.1)
    assert ask("GET", url).status == 401


def test_it_lives_a_week_at_most(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    got = face("POST", f"/api/v1/items/{item}/url", {"expires_in": 8 * 86400})
    assert got.status == 400
    assert got.json["field"] == "expires_in"


def test_it_is_redacted_in_the_log(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    url = f"{signed(face, item)}&asked=just-now"
    ask("GET", url)
    secret = parse_qs(urlsplit(url).query)["signature"][0]
    log = face.server.data / "moorage.log"
    for _ in range(100):
        if "asked=just-now" in log.read_text():
            break
        time.sleep(0.05)
    assert "asked=just-now" in log.read_text()
    assert secret not in face.server.log() + log.read_text()


def test_a_project_gives_one_url_a_line(face: Face, moored: Moored) -> None:
    import json

    got = face("POST", f"/api/v1/projects/{moored.project}/urls", {"expires_in": 60})
    lines = [json.loads(line) for line in got.body.splitlines()]
    assert {line["name"] for line in lines} == {"hello.txt", "empty.bin", "ünï #100%.txt", "deep.txt"}
    assert ask("GET", next(line["url"] for line in lines if line["name"] == "deep.txt")).body == b"deep"


def test_a_hidden_item_shows_no_preview_though_one_was_kept(face: Face, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    media.quarters(64, 64).save(tmp_path / "pictures" / "one.png")
    moored = moor(face, tmp_path / "pictures")
    item = items(face, moored.folder)["one.png"]["id"]
    body = {"variant": "preview", "width": 128}
    url = face("POST", f"/api/v1/items/{item}/url", body).json["url"]
    assert ask("GET", url).status == 200
    assert face("DELETE", f"/api/v1/items/{item}").json["state"] == "hidden"
    assert ask("GET", url).status == 404
    face("POST", f"/api/v1/items/{item}/restore")
    assert ask("GET", url).status == 200


def test_pages_elsewhere_may_show_what_a_signed_url_names_and_nothing_else(face: Face, moored: Moored) -> None:
    """An annotation tool draws the picture on a canvas of its own site, by ranges too."""
    item = items(face, moored.folder)["hello.txt"]["id"]
    url = signed(face, item)
    got = ask("GET", url, Origin="https://tool.example", Range="bytes=0-1")
    assert (got.status, got.headers["access-control-allow-origin"]) == (206, "*")
    assert got.headers["cross-origin-resource-policy"] == "cross-origin"
    before = ask("OPTIONS", url, Origin="https://tool.example")
    assert (before.status, before.headers["access-control-allow-methods"]) == (204, "GET, HEAD")
    plain = face("GET", f"/api/v1/items/{item}/content")
    assert plain.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in plain.headers
    assert ask("OPTIONS", url.partition("?")[0]).status == 405
