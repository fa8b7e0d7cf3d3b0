"""What the caches hold is told, and leaves them when it is asked to."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

import media
from moorage.client import Client
from moorage.model.errors import Invalid, NotFound
from web.conftest import Face
from web.kept import FILM, Shown, shown
from web.linked import add_bucket
from web.places import Bucket, bucket

__all__ = ["bucket", "shown"]

PICTURE = len(media.data("coffee.png"))


def caches(face: Face) -> dict[str, Any]:
    got = face("GET", "/api/v1/cache")
    assert got.status == 200, got.body
    return {one["name"]: one for one in got.json["caches"]}


def test_they_tell_what_they_hold_and_how_often_it_was_there(shown: Shown) -> None:
    shown.face("DELETE", "/api/v1/cache/storage")
    before = caches(shown.face)
    assert (before["storage"]["entries"], before["storage"]["bytes"]) == (0, 0)
    assert (before["storage"]["max_bytes"], before["storage"]["expires_s"]) == (10 << 30, 7 * 86_400)
    path = f"{shown.paths['film.bin']}/content"
    assert shown.face("GET", path).body == FILM
    shown.holds(len(FILM))
    assert shown.face("GET", path).body == FILM
    after = caches(shown.face)["storage"]
    assert after["entries"] == 6
    assert len(FILM) < after["bytes"] < len(FILM) + 6 * 400
    hits, misses = (after[name] - before["storage"][name] for name in ("hits", "misses"))
    assert hits >= 6
    assert misses >= 1  # later chunks of the first read may be there before they are looked for
    assert hits + misses >= 12


def test_an_item_a_prefix_and_a_store_are_taken_out_alone(shown: Shown) -> None:
    face = shown.face
    face("DELETE", "/api/v1/cache/storage")
    for name in ("a.png", "b.png", "film.bin"):
        assert face("GET", f"{shown.paths[name]}/content").status == 200
    shown.holds(len(FILM) + 2 * PICTURE)
    item = shown.paths["a.png"].rpartition("/")[2]
    store = face("GET", shown.paths["a.png"]).json["store"]
    with Client(face.server.address, face.token) as client:
        assert client.purge_cache("storage", item=item).entries == 1
        assert client.purge_cache("storage", item=item).entries == 0
        assert client.purge_cache("storage", store=store, prefix="reef/b").entries == 1
        assert client.purge_cache("storage", store=store, prefix="reef/zzz").entries == 0
        gone = client.purge_cache("storage", store=store)
        assert (gone.name, gone.entries) == ("storage", 6)
        assert gone.bytes > len(FILM)
        assert [one.entries for one in client.caches() if one.name == "storage"] == [0]
    assert not [one for one in shown.cached.rglob("*") if one.is_file()]
    assert face("GET", f"{shown.paths['film.bin']}/content").body == FILM


def test_previews_are_made_anew_once_they_were_taken_out(shown: Shown) -> None:
    path = f"{shown.paths['a.png']}/preview?width=256"
    first = shown.face("GET", path).body
    with Client(shown.face.server.address, shown.face.token) as client:
        assert client.purge_cache("previews", item=shown.paths["a.png"].rpartition("/")[2]).entries == 1
    assert shown.face("GET", path).body == first


def test_the_command_line_tells_and_takes_out(shown: Shown) -> None:
    server = shown.face.server
    assert shown.face("GET", f"{shown.paths['a.png']}/content").status == 200
    shown.holds(PICTURE)
    token = shown.face.token
    rows = [line.split("\t") for line in server.run("cache", "stats", MOORAGE_TOKEN=token).stdout.splitlines()]
    lines = {row[0]: row[1:] for row in rows}
    assert set(lines) >= {"previews", "originals", "conversions"}
    assert lines["originals"][1].endswith("of 10.7 GB")
    assert "entries went" in server.run("cache", "purge", "all", MOORAGE_TOKEN=token).stderr
    assert caches(shown.face)["storage"]["entries"] == 0
    wrong = server.run("cache", "purge", "everything", check=False, MOORAGE_TOKEN=token)
    assert (wrong.returncode, "Name previews, storage, converted or all." in wrong.stderr) == (2, True)


def test_what_cannot_be_meant_is_refused_and_takes_nothing_out(shown: Shown, bucket: Bucket) -> None:
    assert shown.face("GET", f"{shown.paths['a.png']}/content").status == 200
    shown.holds(PICTURE)
    with Client(shown.face.server.address, shown.face.token) as client:
        with pytest.raises(Invalid, match="without its store"):
            client.purge_cache("storage", prefix="reef/")
        with pytest.raises(Invalid, match="An item was named"):
            client.purge_cache("storage", item="1", store="x")
        with pytest.raises(NotFound):
            client.purge_cache("storage", store="nowhere")
        assert [one.entries for one in client.caches() if one.name == "storage"] != [0]
    assert shown.face("DELETE", "/api/v1/cache/nothing").status in (400, 404, 422)


def page(shown: Shown, query: str = "") -> str:
    got = shown.face("GET", f"/cache{query}", Accept="text/html")
    assert got.status == 200
    return got.body.decode()


def test_the_page_shows_a_store_by_day_once_there_is_something_to_count(shown: Shown, bucket: Bucket) -> None:
    store = shown.face("GET", shown.paths["a.png"]).json["store"]
    empty = add_bucket(shown.face, bucket, f"empty-{bucket.name}")
    assert "Nothing to count yet" in page(shown, f"?store={empty}")
    for _ in range(2):
        assert shown.face("GET", f"{shown.paths['film.bin']}/content").body == FILM
        shown.holds(len(FILM))
    told = page(shown, f"?store={store}")
    assert re.search(r"Saved by the caches <b class=\"num\">5\.3 MB</b>", told)
    today = datetime.now(UTC)
    assert f"<title>{today.day} {today:%b}: " in told
    assert told.count("<title>") == 31  # its own, and one for each day
    assert f"/api/v1/cache/days?format=csv&amp;store={store}" in told
    assert "about $" not in told  # the price of this bucket is not known
    whole = page(shown)
    assert f'href="/cache?store={store}#costs"' in whole
    assert whole.count("<progress") == 3
    assert shown.face("GET", "/cache?store=nowhere", Accept="text/html").status == 404
    assert f"No price is known for {urlsplit(bucket.address).netloc}." in (
        shown.face("GET", f"/stores/{store}", Accept="text/html").body.decode()
    )


def test_a_store_is_taken_out_of_all_caches_at_once(shown: Shown) -> None:
    store = shown.face("GET", shown.paths["a.png"]).json["store"]
    assert shown.face("GET", f"{shown.paths['a.png']}/preview?width=256").status == 200
    shown.holds(PICTURE)
    none = shown.face("POST", "/api/v1/cache/purge", {"store": store, "prefix": "reef/b"}).json
    assert none["note"] == "0 entries went."
    gone = shown.face("POST", "/api/v1/cache/purge", {"store": store, "prefix": "reef/a"}).json
    assert (gone["note"], [one["entries"] for one in gone["caches"]]) == ("2 entries went.", [1, 1, 0])
    assert shown.face("POST", "/api/v1/cache/purge", {"store": "nowhere"}).status == 404
