"""What stores are asked for is counted as they see it, told by day, and survives a stop."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import media
from servers.moorage import Moorage, ask
from stores.counting import Counting, counting_beside
from web.conftest import Face, items
from web.kept import FILM, Shown, mirrored
from web.places import Bucket, bucket, show

__all__ = ["bucket"]

PICTURE = len(media.data("coffee.png"))
PRICES = """
[clouds.lab]
name = "Lab"
hosts = ["127.0.0.1"]
region = "cellar"
get = 0.4
put = 5.0
same_region = 0.0
other_region = 0.02
internet = 90.0
"""


@dataclass(frozen=True)
class Watched:
    """A mirror of a bucket that is reached through a door which counts."""

    shown: Shown
    door: Counting
    store: str

    def figures(self) -> dict[str, Any]:
        """Those of today; the test begins anew where midnight came between two looks."""
        got = self.shown.face("GET", f"/api/v1/cache/days?store={self.store}")
        assert got.status == 200, got.body
        days = got.json["days"]
        return {
            name: sum(day[name] for day in days) for name in days[0] if name not in ("day", "store", "cost", "saving")
        }

    def asked(self) -> tuple[int, int]:
        """(requests that read, requests that list) as the store saw them."""
        listing = [line for line in self.door.lines if b"list-type=2" in line]
        return len(self.door.lines) - len(listing), len(listing)


@pytest.fixture
def watched(face: Face, bucket: Bucket) -> Iterator[Watched]:
    with counting_beside(bucket.server.endpoint) as door:
        shown = mirrored(face, bucket, f"{door.endpoint}/{bucket.name}")
        store = face("GET", shown.paths["a.png"]).json["store"]
        yield Watched(shown, door, store)


def test_every_request_and_every_byte_is_counted_as_the_store_saw_it(watched: Watched) -> None:
    face, paths, before, seen = watched.shown.face, watched.shown.paths, watched.figures(), watched.asked()
    film, preview = f"{paths['film.bin']}/content", f"{paths['a.png']}/preview?width=256"

    def since() -> tuple[int, ...]:
        now = watched.figures()
        assert (now["gets"] - before["gets"], now["puts"] - before["puts"]) == tuple(
            one - other for one, other in zip(watched.asked(), seen, strict=True)
        )
        return tuple(now[name] - before[name] for name in ("gets", "puts", "received", "served", "saved", "hits"))

    assert face("GET", film).body == FILM
    watched.shown.holds(len(FILM))
    assert since() == (1, 0, len(FILM), len(FILM), 0, 0)  # cold
    assert face("GET", film).body == FILM
    assert since() == (1, 0, len(FILM), 2 * len(FILM), len(FILM), 1)  # warm
    assert face("GET", film, Range="bytes=1048570-1048590").body == FILM[1_048_570:1_048_591]
    sent = 2 * len(FILM) + 21
    assert since() == (1, 0, len(FILM), sent, len(FILM) + 21, 2)
    small = len(face("GET", preview).body)
    assert since() == (2, 0, len(FILM) + PICTURE, sent + small, len(FILM) + 21, 2)  # its original was fetched
    assert len(face("GET", preview).body) == small
    assert since() == (2, 0, len(FILM) + PICTURE, sent + 2 * small, len(FILM) + 21, 3)
    assert face("HEAD", preview).status == 200
    assert since()[3] == sent + 2 * small
    assert face("GET", f"/api/v1/stores/{watched.store}/objects").status == 200
    assert since()[:2] == (2, 1)


def test_figures_come_as_a_table_too_and_a_span_that_is_none_is_refused(watched: Watched) -> None:
    face = watched.shown.face
    assert face("GET", f"{watched.shown.paths['film.bin']}/content").status == 200
    got = face("GET", f"/api/v1/cache/days?store={watched.store}&format=csv")
    assert got.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(got.body.decode()))
    assert (row["store"], row["served"], row["cost"]) == (watched.store, str(len(FILM)), "")
    assert face("GET", "/api/v1/cache/days?from=2026-03-02&to=2026-03-01").status == 400
    assert face("GET", "/api/v1/cache/days?from=1926-03-02").status == 400
    assert face("GET", "/api/v1/cache/days?store=nowhere").status == 404
    assert ask("GET", f"{face.server.address}/api/v1/cache/days").status == 401


def test_what_was_counted_survives_a_stop_and_has_a_price(tmp_path: Path, bucket: Bucket) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    bucket.client.put_object(Bucket=bucket.name, Key="reef/film.bin", Body=FILM)
    settings = {"MOORAGE_PRICES": str(prices)}
    with Moorage(tmp_path / "data", settings) as server:
        face = Face(server, server.token())
        made = show(face, f"{bucket.address}/reef/", **bucket.keys()).json
        assert face.wait(made["job"])["state"] == "succeeded"
        path = f"/api/v1/items/{items(face, made['folder'])['film.bin']['id']}/content"
        assert face("GET", path).body == FILM
    with Moorage(tmp_path / "data", settings | {"MOORAGE_SERVER_REGION": "lab:cellar"}) as server:
        face = Face(server, face.token)
        days = face("GET", "/api/v1/cache/days").json
        (day,) = days["days"]
        assert day["served"] == len(FILM)
        assert day["received"] >= len(FILM)
        assert day["cost"] == pytest.approx(day["gets"] * 0.0004 + day["puts"] * 0.005)
        assert (days["server"], days["currency"]) == ("lab:cellar", "USD")
        told = "This server is in cellar too: it pays nothing for what it reads."
        assert face("GET", f"/api/v1/stores/{made['store']}").json["traffic"] == told
        lines = server.run("store", "show", made["store"], MOORAGE_TOKEN=face.token).stdout
        assert f"traffic\t{told}\n" in lines
        rows = server.run("cache", "stats", "--days", "2", MOORAGE_TOKEN=face.token).stdout.splitlines()
        assert rows[3].split("\t")[:4] == [made["store"], str(day["gets"] + day["puts"]), "5.3 MB", "5.3 MB"]
        metrics = ask("GET", f"{server.address}/metrics").body.decode()
        assert 'moorage_cache_max_bytes{cache="storage"}' in metrics
        assert made["store"] not in metrics


def test_metrics_tell_what_each_store_was_asked_for_by_its_id(watched: Watched) -> None:
    face = watched.shown.face
    assert face("GET", f"{watched.shown.paths['film.bin']}/content").status == 200
    id_ = face("GET", f"/api/v1/stores/{watched.store}").json["id"]
    metrics = ask("GET", f"{face.server.address}/metrics").body.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in metrics if f'store="{id_}"' in line)
    assert float(figures[f'moorage_store_requests_total{{class="get",store="{id_}"}}']) == watched.figures()["gets"]
    assert float(figures[f'moorage_store_served_bytes_total{{store="{id_}"}}']) == len(FILM)
