"""A store that is served by redirect: readers get the bytes from it, and everybody else's way stays as it was."""

from __future__ import annotations

import urllib.error
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

import media
from moorage.client import Client
from web.conftest import Face
from web.kept import FILM, Shown, shown
from web.places import bucket

__all__ = ["bucket", "shown"]  # fixtures


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def first(url: str, token: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    """The answer itself, with lower-case names of headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=sent | ({"Authorization": f"Bearer {token}"} if token else {}))
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}


@pytest.fixture
def redirecting(shown: Shown) -> Shown:
    store = shown.face("GET", shown.paths["film.bin"]).json["store"]
    changed = shown.face("PATCH", f"/api/v1/stores/{store}", {"serve": "redirect"})
    assert changed.status == 200, changed.body
    return shown


def test_readers_are_sent_to_the_bucket_and_need_nothing_else_there(redirecting: Shown) -> None:
    face = redirecting.face
    url = f"{face.server.address}{redirecting.paths['film.bin']}/content"
    status, headers = first(url, face.token, Range="bytes=0-9")
    assert (status, headers["cache-control"]) == (307, "private, max-age=60")
    there = headers["location"]
    assert there.startswith(redirecting.bucket.address)
    with urllib.request.urlopen(urllib.request.Request(there, headers={"Range": "bytes=5-9"})) as answer:
        assert (answer.read(), answer.headers["content-disposition"]) == (FILM[5:10], 'attachment; filename="film.bin"')
    assert first(url)[0] == 401
    assert first(f"{url}?via=server", face.token)[0] == 200


def test_a_signed_url_leads_there_for_no_longer_than_it_lives(redirecting: Shown) -> None:
    body = {"variant": "content", "expires_in": 60}
    url = redirecting.face("POST", f"{redirecting.paths['a.png']}/url", body).json["url"]
    status, headers = first(url)
    assert (status, headers["access-control-allow-origin"]) == (307, "*")
    query = {name.lower(): values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()}
    assert 1 <= int(query["x-amz-expires"]) <= 60
    with urllib.request.urlopen(headers["location"]) as answer:
        assert answer.read() == media.data("coffee.png")


def test_what_is_there_already_previews_heads_and_the_library_come_from_here(redirecting: Shown) -> None:
    face, path = redirecting.face, redirecting.paths["a.png"]
    head = face("HEAD", f"{path}/content")
    assert (head.status, head.headers["content-length"]) == (200, str(len(media.data("coffee.png"))))
    assert face("GET", f"{path}/content", If_None_Match=head.headers["etag"]).status == 304
    assert face("GET", f"{path}/preview?width=64").status == 200
    with Client(face.server.address, face.token) as client:
        assert client.read(path.rpartition("/")[2]) == media.data("coffee.png")


def test_the_page_of_an_item_may_show_what_the_bucket_sends(redirecting: Shown, face: Face) -> None:
    item = redirecting.paths["a.png"].rpartition("/")[2]
    page = face.server.address + f"/items/{item}"
    status, headers = first(page, face.token)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(redirecting.bucket.address))
    assert status == 200
    assert f"media-src 'self' {origin};" in headers["content-security-policy"]
