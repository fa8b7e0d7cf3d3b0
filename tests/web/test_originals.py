"""What was fetched from a bucket once is served from the cache: to others, to previews, and without the bucket."""

from __future__ import annotations

from pathlib import Path

import media
from imaging import raws
from imaging.tiffs import photograph, saved
from servers.moorage import Moorage, ask
from web.conftest import Face, items
from web.kept import FILM, Shown, mirrored, shown
from web.places import Bucket, bucket, show

__all__ = ["bucket", "shown"]


def test_a_second_reader_needs_no_bucket(shown: Shown) -> None:
    path = f"{shown.paths['film.bin']}/content"
    assert shown.face("GET", path).body == FILM
    shown.holds(len(FILM))
    shown.gone("film.bin")
    assert shown.face("GET", path).body == FILM
    got = shown.face("GET", path, Range="bytes=1048570-1048590")
    assert (got.status, got.body) == (206, FILM[1_048_570:1_048_591])
    assert shown.face("GET", path, Range="bytes=-5").body == FILM[-5:]


def test_a_preview_of_an_original_that_is_cached_is_made_without_the_bucket(shown: Shown) -> None:
    assert shown.face("GET", f"{shown.paths['a.png']}/content").body == media.data("coffee.png")
    shown.holds(len(media.data("coffee.png")))
    shown.gone("a.png")
    got = shown.face("GET", f"{shown.paths['a.png']}/preview?width=256")
    assert (got.status, got.headers["content-type"]) == (200, "image/webp")
    shown.gone("b.png")
    assert shown.face("GET", f"{shown.paths['b.png']}/preview?width=256").status == 404


def test_the_tag_of_a_preview_is_that_of_the_version_that_it_shows(shown: Shown, tmp_path: Path) -> None:
    media.quarters(300, 200).save(tmp_path / "other.png")
    body = (tmp_path / "other.png").read_bytes()
    shown.bucket.client.put_object(Bucket=shown.bucket.name, Key="reef/b.png", Body=body)
    first, again = (shown.face("GET", f"{shown.paths['b.png']}/preview?width=64") for _ in range(2))
    assert (first.body, first.headers["etag"]) == (again.body, again.headers["etag"])


def test_a_preview_fills_the_cache_for_whoever_looks_at_the_original(shown: Shown) -> None:
    assert shown.face("GET", f"{shown.paths['b.png']}/preview?width=256").status == 200
    shown.holds(len(media.data("coffee.png")))
    shown.gone("b.png")
    assert shown.face("GET", f"{shown.paths['b.png']}/content").body == media.data("coffee.png")


def test_what_was_never_read_is_gone_with_its_object(shown: Shown) -> None:
    shown.gone("unseen.bin")
    assert shown.face("GET", f"{shown.paths['unseen.bin']}/content").status == 404


def test_with_no_time_to_keep_every_read_asks_whether_the_object_is_another(tmp_path: Path, bucket: Bucket) -> None:
    with Moorage(tmp_path / "data", {"CACHE_STORAGE_EXPIRES": "0s"}) as server:
        face = Face(server, server.token())
        bucket.client.put_object(Bucket=bucket.name, Key="reef/film.bin", Body=FILM)
        made = show(face, f"{bucket.address}/reef/", **bucket.keys())
        assert face.wait(made.json["job"])["state"] == "succeeded"
        path = f"/api/v1/items/{items(face, made.json['folder'])['film.bin']['id']}/content"
        assert face("GET", path).body == FILM
        bucket.client.put_object(Bucket=bucket.name, Key="reef/film.bin", Body=FILM[::-1])
        assert face("GET", path).body == FILM[::-1]
        assert ask("GET", f"{server.address}{path}").status == 401


def test_of_a_pyramid_and_of_a_camera_file_a_preview_fetches_a_small_part(face: Face, bucket: Bucket) -> None:
    pyramid = saved(photograph(2048), tile=True, pyramid=True)
    camera = raws.dng(raws.jpeg()) + bytes(9_000_000)
    shown = mirrored(face, bucket, bucket.address, **{"slide.tif": pyramid, "camera.dng": camera})
    assert min(len(pyramid), len(camera)) > 12_000_000
    for name, most in (("slide.tif", len(pyramid) // 3), ("camera.dng", len(camera) // 3)):
        before = sum(one.stat().st_size for one in shown.cached.glob("*/[!.]*"))
        got = shown.face("GET", f"{shown.paths[name]}/preview?width=256&height=256")
        assert (got.status, got.headers["content-type"]) == (200, "image/webp")
        shown.holds(before + 1)
        fetched = sum(one.stat().st_size for one in shown.cached.glob("*/[!.]*")) - before
        assert 0 < fetched < most
