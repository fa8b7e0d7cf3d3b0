"""What the origin is asked for, counted at a door before it: nothing twice, and nothing again that it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

import pytest

import media
from servers import ceph
from servers.moorage import Answer
from stores.counting import Counting, counting_beside
from web.conftest import Face
from web.kept import FILM, Shown, mirrored
from web.places import Bucket, bucket

__all__ = ["bucket"]


@dataclass
class Counted:
    """A mirror whose bucket stands behind a door."""

    shown: Shown
    door: Counting
    store: str

    def __call__(self, path: str, **headers: str) -> Answer:
        return self.shown.face("GET", path, **headers)

    def path(self, name: str, what: str = "content") -> str:
        return f"{self.shown.paths[name]}/{what}"

    def asks(self, path: str, times: int = 1) -> tuple[set[int], int]:
        """Statuses of as many answers at once, and the requests for objects that the bucket got meanwhile.

        A refusal has the store checked besides, by requests for other keys.
        """
        before = self.door.asked
        with ThreadPoolExecutor(10) as threads:
            statuses = {got.status for got in threads.map(lambda _: self(path), range(times))}
        return statuses, sum(b"/reef/" in line for line in self.door.lines[before:])


@pytest.fixture(scope="module")
def door() -> Iterator[Counting]:
    with counting_beside(ceph().endpoint) as one:
        yield one


@pytest.fixture
def counted(face: Face, bucket: Bucket, door: Counting) -> Counted:
    film = media.data("moov-at-end.mp4")
    shown = mirrored(face, bucket, f"{door.endpoint}/{bucket.name}", **{"film.mp4": film})
    return Counted(shown, door, face("GET", shown.paths["film.bin"]).json["store"])


def test_a_second_viewer_of_an_image_a_poster_or_a_range_costs_the_origin_nothing(counted: Counted) -> None:
    picture, poster = counted.path("a.png", "preview?width=256"), counted.path("film.mp4", "poster?width=256")
    first = [counted(picture), counted(poster), counted(counted.path("film.bin"), Range="bytes=100-3000000")]
    assert [got.status for got in first] == [200, 200, 206]
    counted.shown.holds(4 << 20)
    before = counted.door.asked
    again = [counted(picture), counted(poster), counted(counted.path("film.bin"), Range="bytes=200-2999999")]
    assert [got.body for got in again] == [first[0].body, first[1].body, FILM[200:3_000_000]]
    assert counted(counted.path("a.png")).body == media.data("coffee.png")
    assert counted.door.asked == before


def test_previews_and_posters_of_what_is_cached_are_made_without_the_origin(counted: Counted) -> None:
    for name in ("b.png", "film.mp4"):
        assert counted(counted.path(name)).status == 200
    counted.shown.holds(len(media.data("coffee.png")) + len(media.data("moov-at-end.mp4")))
    before = counted.door.asked
    for width in (256, 512):
        assert counted(counted.path("b.png", f"preview?width={width}")).status == 200
        assert counted(counted.path("film.mp4", f"poster?width={width}")).status == 200
    assert counted.door.asked == before


def test_an_object_of_a_store_is_fetched_once_and_only_looked_at_from_then_on(counted: Counted) -> None:
    path = f"/api/v1/stores/{quote(counted.store)}/content?key=reef/film.bin"
    before = counted.door.sent
    statuses, asked = counted.asks(path, 20)
    assert statuses == {200}
    assert asked == 21, "a look for each, and one read"
    assert counted.door.sent - before < len(FILM) * 1.02
    counted.shown.holds(len(FILM))
    assert counted.asks(counted.path("film.bin")) == ({200}, 0)
    counted.shown.bucket.client.put_object(Bucket=counted.shown.bucket.name, Key="reef/film.bin", Body=FILM[::-1])
    assert counted(path).body == FILM[::-1]


def test_a_broken_link_asks_the_origin_once_and_again_when_a_person_looks_into_it(counted: Counted) -> None:
    counted.shown.gone("film.bin")
    path = counted.path("film.bin")
    assert counted.asks(path) == ({404}, 1)
    assert counted.asks(path, 50) == ({404}, 0)
    face = counted.shown.face
    assert face("POST", f"/api/v1/stores/{quote(counted.store)}/check").status == 200
    assert counted.asks(path, 20)[1] >= 1
    assert counted.asks(path, 20) == ({404}, 0)


def test_an_object_that_comes_back_is_served_once_its_mirror_was_indexed_again(counted: Counted) -> None:
    counted.shown.gone("film.bin")
    assert counted.asks(counted.path("film.bin"), 5)[0] == {404}
    again = FILM[:1000]
    counted.shown.bucket.client.put_object(Bucket=counted.shown.bucket.name, Key="reef/film.bin", Body=again)
    assert counted.asks(counted.path("film.bin"), 5) == ({404}, 0)
    face = counted.shown.face
    [mirror] = [one for one in face("GET", "/api/v1/mirrors").json["mirrors"] if one["store"] == counted.store]
    job = face("POST", f"/api/v1/mirrors/{mirror['id']}/reindex").json["job"]
    assert counted(counted.path("film.bin")).body == again
    assert face.wait(job)["state"] == "succeeded"


def test_a_refusal_ends_with_new_credentials(counted: Counted) -> None:
    bucket, face = counted.shown.bucket, counted.shown.face
    bucket.deny("s3:GetObject", "/reef/film.bin")
    path = counted.path("film.bin")
    assert counted.asks(path) == ({403}, 1)
    assert counted.asks(path, 20) == ({403}, 0)
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    changed = face("PATCH", f"/api/v1/stores/{quote(counted.store)}", {"region": "elsewhere", "force": True})
    assert changed.status == 200, changed.body
    assert counted(path).body == FILM
