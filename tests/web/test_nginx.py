"""nginx in front, as `moorage deploy nginx` sets it up: it keeps answers, and hands none out that it may not."""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import media
from servers.moorage import Answer, Moorage, ask
from servers.nginx import free_port, included
from web.conftest import Face, Moored, items, moor
from web.kept import FILM, mirrored
from web.places import Bucket, bucket

__all__ = ["bucket"]

LARGE = secrets.token_bytes(3_500_000)


@dataclass
class Site:
    """A server behind nginx, below a path. ``direct``: the server itself."""

    direct: Face
    front: str
    moored: Moored
    home: Path

    def path(self, name: str) -> str:
        return f"/api/v1/items/{items(self.direct, self.moored.folder)[name]['id']}"

    def __call__(self, path: str, token: str = "", **headers: str) -> Answer:
        """A GET through nginx."""
        return ask("GET", self.front + path, Authorization=f"Bearer {token or self.direct.token}", **headers)

    def signed(self, name: str, **wanted: object) -> str:
        """A signed URL, which leads through nginx."""
        url: str = self.direct("POST", f"{self.path(name)}/url", wanted).json["url"]
        assert url.startswith(self.front)
        return url

    def answered(self) -> int:
        """How many requests for bytes the server itself has answered."""
        told = self.direct("GET", "/metrics").body.decode()
        return sum(
            int(float(one)) for one in re.findall(r'^moorage_requests_total\{face="bytes".* (\S+)$', told, re.MULTILINE)
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("nginx")
    if os.geteuid() == 0:
        home.chmod(0o755)
    files, port, behind = home / "media", free_port(), free_port()
    files.mkdir()
    media.quarters(300, 200).save(files / "one.png")
    media.quarters(200, 300).save(files / "two.png")
    (files / "large.bin").write_bytes(LARGE)
    (files / "empty.bin").touch()
    front = f"http://localhost:{port}/moorage"
    settings = {"MOORAGE_PUBLIC_URL": front, "MOORAGE_NGINX_SEALS": "true"}
    with Moorage(home / "data", settings, port=behind) as server:
        made = server.run(
            *("deploy", "nginx", "--listen", f"127.0.0.1:{port}", "--cache", str(home / "kept")),
            MOORAGE_PORT=str(behind),
        )
        direct = Face(server, server.token())
        with included(home, made.stdout, port):
            yield Site(direct, front, moor(direct, files), home)


def test_an_original_is_kept_in_slices_and_served_byte_for_byte(site: Site) -> None:
    path = f"{site.path('large.bin')}/content"
    for expected in ("MISS", "HIT"):
        got = site(path, Range="bytes=900000-3200000")
        assert (got.status, got.body) == (206, LARGE[900_000:3_200_001])
        assert got.headers["x-cache-status"] == expected
    assert site(path).body == LARGE
    assert site(path, If_None_Match=got.headers["etag"]).status in (200, 304)
    assert site(f"{site.path('empty.bin')}/content").body == b""


def test_what_is_kept_is_for_nobody_who_may_not_see_it(site: Site) -> None:
    paths = [f"{site.path('two.png')}/{route}" for route in ("content", "preview?width=128")]
    assert [site(path).status for path in (*paths, *paths)] == [200] * 4
    email = f"{time.monotonic_ns()}@example.org"
    made = site.direct("POST", "/api/v1/projects", {"name": "elsewhere"})
    assert made.status == 201, made.body
    made = site.direct("POST", "/api/v1/users", {"email": email, "role": "viewer", "project": "elsewhere"})
    assert made.status == 201, made.body
    token = site.direct.server.token("stranger", email)
    for path in paths:
        refused = site(path, token=token)
        assert (refused.status, refused.headers["content-type"]) == (404, "application/problem+json")
        assert ask("GET", site.front + path).status == 401


def test_a_changed_file_is_a_new_answer(site: Site) -> None:
    path = f"{site.path('large.bin')}/content"
    before = site(path, Range="bytes=0-9")
    (site.moored.root / "large.bin").write_bytes(LARGE[::-1])
    try:
        for _ in range(80):
            got = site(path, Range="bytes=0-9")
            if got.headers["etag"] != before.headers["etag"]:
                break
            time.sleep(0.1)
        assert got.body == LARGE[::-1][:10]
        assert site(path).body == LARGE[::-1]
    finally:
        (site.moored.root / "large.bin").write_bytes(LARGE)


def test_an_object_that_becomes_what_it_was_is_not_served_as_what_it_was_between(site: Site, bucket: Bucket) -> None:
    shown, key = mirrored(site.direct, bucket, bucket.address), {"Bucket": bucket.name, "Key": "reef/film.bin"}
    film, store = f"{shown.paths['film.bin']}/content", site.direct("GET", shown.paths["film.bin"]).json["store"]
    bucket.client.put_object(**key, Body=FILM[::-1])
    assert site(film, Range="bytes=0-99").body == FILM[::-1][:100]
    bucket.client.put_object(**key, Body=FILM)
    mirrors = site.direct("GET", "/api/v1/mirrors").json["mirrors"]
    (mirror,) = [one["id"] for one in mirrors if one["store"] == store]
    site.direct.wait(site.direct("POST", f"/api/v1/mirrors/{mirror}/reindex").json["job"])
    for _ in range(2):
        assert site(film, Range="bytes=0-99").body == FILM[:100]


def test_a_preview_by_a_sealed_url_is_handed_out_without_asking(site: Site) -> None:
    url = site.signed("one.png", variant="preview", width=128)
    first = ask("GET", url)
    before = site.answered()
    again = ask("GET", url)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert (again.headers["x-cache-status"], again.headers["access-control-allow-origin"]) == ("HIT", "*")
    assert site.answered() == before


def test_a_seal_is_good_for_one_preview_until_it_expires(site: Site) -> None:
    url = site.signed("one.png", variant="preview", width=128)
    assert ask("GET", url).status == 200
    other = site.path("two.png").rpartition("/")[2]
    forged = [
        url.replace("width=128", "width=256"),
        re.sub(r"expires=\d+", "expires=9999999999", url),
        re.sub(r"items/\d+", f"items/{other}", url),
        re.sub(r"seal=[^&]+", "seal=AAAAAAAAAAAAAAAAAAAAAA", url).replace("signature=", "signature=A"),
        url.replace("?seal=", "?page=2&seal="),
        f"{url}&page=2",
    ]
    answers = [ask("GET", one) for one in forged]
    assert [one.status for one in answers] == [401] * len(forged)
    assert ask("GET", f"{url}&width=256").status == 400
    short = site.signed("two.png", variant="preview", width=64, expires_in=1)
    time.sleep(2.1)
    assert ask("GET", short).status == 401
    assert json.loads(ask("GET", short).body)["advice"] == "Ask for a new one."


def test_a_seal_with_a_false_signature_keeps_nothing(site: Site) -> None:
    url = site.signed("two.png", variant="preview", width=160)
    for false in ("signature=_", "page=2&signature=", "signature=x&page=2&signature="):
        assert site(re.sub("signature=.?", false, url).removeprefix(site.front)).status in (400, 401)
    first, again = ask("GET", url), ask("GET", url)
    assert [one.headers["x-cache-status"] for one in (first, again)] == ["MISS", "HIT"]
    assert first.body == again.body == site(f"{site.path('two.png')}/preview?width=160&format=webp").body


def test_two_sealed_urls_cannot_be_mixed_into_one(site: Site) -> None:
    small, large = (site.signed("two.png", variant="preview", width=width) for width in (96, 192))
    assert ask("GET", f"{small}&{large.partition('?')[2]}").status == 400
    assert ask("GET", small.replace("width=", "Width=")).status == 400
    assert ask("GET", small).body != ask("GET", large).body


def test_an_unsealed_signed_url_is_asked_about_and_kept_too(site: Site) -> None:
    url = re.sub(r"seal=[^&]+&", "", site.signed("two.png", variant="preview", width=256))
    assert [ask("GET", url).headers["x-cache-status"] for _ in range(2)] == ["MISS", "HIT"]
    assert ask("GET", re.sub("signature=.", "signature=_", url)).status == 401


def test_all_else_passes_through(site: Site) -> None:
    assert ask("GET", f"{site.front}/sign-in").status == 200
    assert site("/api/v1/projects").status == 200
    path = site.path("one.png")
    assert site(path).json["name"] == "one.png"
    token = {"Authorization": f"Bearer {site.direct.token}"}
    made = ask("POST", f"{site.front}{path}/url", {"variant": "content"}, **token)
    assert ask("GET", made.json["url"]).body == (site.moored.root / "one.png").read_bytes()
    assert site(f"{path}/nothing").headers["content-type"] == "application/problem+json"


def test_what_nginx_uses_by_itself_is_nothing_to_ask_for(site: Site) -> None:
    origin = site.front.removesuffix("/moorage")
    for path in ("_moorage_authorized", f"_moorage/moorage{site.path('one.png')}/content"):
        answer = ask("GET", f"{origin}/{path}", Authorization=f"Bearer {site.direct.token}")
        assert (answer.status, answer.headers["server"].partition("/")[0]) == (404, "nginx")
