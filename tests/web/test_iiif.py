"""Images and manifests by IIIF over HTTP: what viewers get, who gets it, and what they are told instead."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import pyvips

import media
from docs.executed import blocks, run
from servers.moorage import Answer, Moorage, ask
from servers.nginx import free_port
from web.conftest import Face, items, moor

NAMES = ("astronaut.png", "animated.gif", "text.jpg", "faststart.mp4", "pyramid16.tif")
SIDES = (2500, 2000)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "iiif.md"


@dataclass
class Gallery:
    """Images of a folder, and addresses of them."""

    face: Face
    project: str
    folder: str
    ids: dict[str, str]

    def __call__(self, name: str, rest: str, version: int = 3, **headers: str) -> Answer:
        """A request of the admin for an image."""
        return self.face("GET", f"/iiif/{version}/{self.ids[name]}/{rest}", **headers)

    def signed(self, name: str, **body: Any) -> str:
        """The signed address of an image, without info.json."""
        made = self.face("POST", f"/api/v1/items/{self.ids[name]}/url", {"variant": "iiif", **body})
        return str(made.json["url"]).removesuffix("/info.json")

    def kept(self) -> int:
        """How many conversions are kept."""
        shown = self.face("GET", "/api/v1/cache").json
        return int(next(one["entries"] for one in shown["caches"] if one["name"] == "converted"))

    def counted(self) -> tuple[int, int]:
        """Bytes that were served, and answers out of a cache, of the store."""
        days = self.face("GET", "/api/v1/cache/days").json["days"]
        mine = [day for day in days if day["store"] == self.project]
        return sum(day["served"] for day in mine), sum(day["hits"] for day in mine)


@pytest.fixture(scope="module")
def gallery(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    root = tmp_path_factory.mktemp("gallery") / "pictures"
    root.mkdir()
    for name in NAMES:
        shutil.copy(media.picture(name), root / name)
    image = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    image.thumbnail_image(SIDES[0], height=SIDES[1], size="force").jpegsave(str(root / "large.jpg"), Q=95)
    (root / "notes.txt").write_text("words")
    moored = moor(face, root)
    return Gallery(
        face, moored.store, moored.folder, {name: one["id"] for name, one in items(face, moored.folder).items()}
    )


def decoded(answer: Answer) -> Any:
    assert answer.status == 200, answer.body[:300]
    return pyvips.Image.new_from_buffer(answer.body, "")


@pytest.mark.parametrize(("version", "key"), [(2, "@id"), (3, "id")])
def test_info_json_tells_size_tiles_and_its_own_address(gallery: Gallery, version: int, key: str) -> None:
    got = gallery("astronaut.png", "info.json", version)
    told = got.json
    assert (told["width"], told["height"]) == (512, 512)
    assert told[key] == f"{gallery.face.server.address}/iiif/{version}/{gallery.ids['astronaut.png']}"
    assert told["@context"] == f"http://iiif.io/api/image/{version}/context.json"
    assert told["tiles"][0]["scaleFactors"] == [1]
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("version", "accept", "kind"),
    [
        (3, "*/*", 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'),
        (3, "application/json", "application/json"),
        (3, "text/html,*/*;q=0.8", "application/json"),
        (2, "*/*", "application/json"),
        (2, "application/ld+json", 'application/ld+json;profile="http://iiif.io/api/image/2/context.json"'),
    ],
)
def test_info_json_comes_as_the_version_says(gallery: Gallery, version: int, accept: str, kind: str) -> None:
    assert gallery("astronaut.png", "info.json", version, Accept=accept).headers["content-type"] == kind


def test_the_address_of_an_image_leads_to_its_info_json(gallery: Gallery) -> None:
    for version in (2, 3):
        place = f"/iiif/{version}/{gallery.ids['astronaut.png']}"
        got = gallery.face("GET", place)
        assert (got.status, got.headers["location"]) == (303, f"{gallery.face.server.address}{place}/info.json")


def test_a_part_is_that_of_the_image_with_its_canonical_address(gallery: Gallery) -> None:
    got = gallery("astronaut.png", "pct:25,25,50,50/128,/360/color.png")
    bare = pyvips.Image.new_from_file(str(media.picture("astronaut.png"))).crop(128, 128, 256, 256)
    assert (decoded(got) - bare.thumbnail_image(128, height=128, size="force")).abs().max() <= 2
    place = f"{gallery.face.server.address}/iiif/3/{gallery.ids['astronaut.png']}"
    canonical, profile = got.headers["link"].split(", ")
    assert canonical == f'<{place}/128,128,256,256/128,128/0/default.png>;rel="canonical"'
    assert profile == '<http://iiif.io/api/image/3/level2.json>;rel="profile"'
    again = "128,128,256,256/128,128/0/default.png"
    same = gallery("astronaut.png", again, 3, **{"If-None-Match": got.headers["etag"]})
    assert same.status == 304
    assert (same.headers["etag"], same.headers["link"]) == (got.headers["etag"], got.headers["link"])
    head = gallery.face("HEAD", urlsplit(f"{place}/128,128,256,256/128,128/0/default.png").path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(got.body)))


def test_tiles_of_a_large_image_are_cut_out_of_one_pyramid(gallery: Gallery) -> None:
    assert gallery("large.jpg", "info.json").json["tiles"][0]["scaleFactors"] == [1, 2, 4, 8]
    before = gallery.kept()
    tiles = ("0,0,512,512/512,512", "1024,0,1024,1024/512,512", "2048,1536,452,464/452,464", "0,0,2048,2000/512,500")
    made = [decoded(gallery("large.jpg", f"{tile}/0/default.png")) for tile in tiles]
    assert gallery.kept() - before == 1 + len(tiles)
    whole = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    whole = whole.thumbnail_image(SIDES[0], height=SIDES[1], size="force")
    for tile, image in zip(tiles, made, strict=True):
        x, y, width, height = map(int, tile.split("/")[0].split(","))
        near = whole.crop(x, y, width, height).thumbnail_image(image.width, height=image.height, size="force")
        assert (near - image).abs().avg() < 4
    assert decoded(gallery("large.jpg", "full/300,/0/default.jpg")).height == 240


def test_parts_that_no_viewer_is_told_of_push_nothing_out_of_the_cache(gallery: Gallery) -> None:
    """Tiles and usual sizes are kept; of all else there would be more than any cache holds."""
    tile = gallery("large.jpg", "0,512,512,512/512,512/0/default.jpg")
    assert gallery("astronaut.png", "full/256,/0/default.jpg").status == tile.status == 200
    before, chance = gallery.kept(), random.Random(7)
    for number in range(200):
        x, y, side, turn = chance.randrange(1, 400), chance.randrange(400), chance.randrange(9, 99), number % 3 * 90
        rest = f"{x},{y},{side},{side}/{chance.randrange(1, 9)},/{turn}/gray.png"
        assert gallery("large.jpg" if number % 20 == 0 else "astronaut.png", rest).status == 200, rest
    assert gallery.kept() == before
    assert gallery("large.jpg", "0,512,512,512/512,512/0/default.jpg").body == tile.body


def test_what_is_sent_by_iiif_is_counted_as_all_bytes_of_a_store_are(gallery: Gallery) -> None:
    item = gallery.ids["astronaut.png"]
    odd = f"/iiif/3/{item}/7,7,77,77/,55/0/default.png"
    paths = [odd, odd, f"/iiif/3/{item}/info.json", f"/iiif/presentation/3/items/{item}/manifest.json"]
    paths += [f"/iiif/presentation/3/folders/{gallery.folder}/manifest.json", f"/api/v1/folders/{gallery.folder}/sheet"]
    paths += [f"/api/v1/items/{gallery.ids['animated.gif']}/sheet"]
    before, hits = gallery.counted()
    sent = sum(len(gallery.face("GET", path).body) for path in paths)
    assert sent > 10_000
    assert gallery.face("HEAD", odd).status == 200
    served, now = gallery.counted()
    assert served - before == sent
    assert now - hits >= 3  # the odd part was held in memory: for the second look, and for the one by HEAD


def test_a_pyramid_is_read_by_its_own_levels_and_none_is_made_of_it(gallery: Gallery) -> None:
    told = gallery("pyramid16.tif", "info.json").json
    assert told["tiles"][0]["width"] == 512  # two of those that it is stored in
    assert [one["width"] for one in told["sizes"]] == [176, 352, 705, 1411, 2822]
    before = gallery.kept()
    assert decoded(gallery("pyramid16.tif", "0,1024,1024,1024/512,512/0/default.jpg")).width == 512
    assert gallery.kept() - before == 1


def test_of_an_animation_the_first_picture_is_shown(gallery: Gallery) -> None:
    assert decoded(gallery("animated.gif", "full/max/0/default.png")).height == 80


@pytest.mark.parametrize("name", ["notes.txt", "faststart.mp4"])
def test_what_is_no_image_is_not_found_with_the_reason(gallery: Gallery, name: str) -> None:
    for rest in ("info.json", "full/max/0/default.jpg"):
        got = gallery(name, rest)
        assert got.status == 404
        assert name in got.json["detail"]
        assert got.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(("name", "what"), [("notes.txt", "no image"), ("faststart.mp4", "a video")])
def test_no_iiif_address_is_signed_of_what_is_no_image(gallery: Gallery, name: str, what: str) -> None:
    got = gallery.face("POST", f"/api/v1/items/{gallery.ids[name]}/url", {"variant": "iiif"})
    assert (got.status, got.json["field"]) == (400, "variant")
    assert f"'{name}' is {what}" in got.json["detail"]
    place = f"{gallery.project}/{gallery.project}/{name}"
    run = gallery.face.server.run("presign", place, "--variant", "iiif", check=False)
    assert (run.returncode, what in run.stderr) == (2, True)


def test_of_many_items_the_images_alone_are_signed_for_viewers(gallery: Gallery) -> None:
    projects = gallery.face("GET", "/api/v1/projects").json["projects"]
    project = next(one["id"] for one in projects if one["name"] == gallery.project)
    lines = gallery.face("POST", f"/api/v1/projects/{project}/urls", {"variant": "iiif"}).body.splitlines()
    names = {json.loads(line)["name"] for line in lines}
    assert {"astronaut.png", "large.jpg"} <= names
    assert names.isdisjoint({"notes.txt", "faststart.mp4"})


def test_a_broken_image_says_why(gallery: Gallery) -> None:
    got = gallery("text.jpg", "info.json")
    assert (got.status, got.json["reason"]) == (422, "This is not an image, or not of a kind that can be shown.")


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("full/full/0/default.jpg", 400),
        ("full/1000000000,/0/default.jpg", 400),
        ("full/%5E1000000000,1000000000/0/default.jpg", 400),
        ("-1,0,10,10/max/0/default.jpg", 400),
        ("9999,0,10,10/max/0/default.jpg", 400),
        ("pct:nan,0,10,10/max/0/default.jpg", 400),
        ("full/max/nan/default.jpg", 400),
        ("full/max/0/default.exe", 400),
        ("full/max/0/default.pdf", 501),
        ("full/max/0", 404),
        ("full/max/0/default.jpg/more", 404),
        ("info.xml", 404),
    ],
)
def test_hostile_and_mistaken_requests_are_refused(gallery: Gallery, rest: str, status: int) -> None:
    assert gallery("astronaut.png", rest).status == status


def test_who_may_not_see_an_item_gets_nothing_of_it(gallery: Gallery) -> None:
    server, item = gallery.face.server, gallery.ids["astronaut.png"]
    assert ask("GET", f"{server.address}/iiif/3/{item}/info.json").status == 401
    assert ask("GET", f"{server.address}/iiif/presentation/3/folders/{gallery.folder}/manifest.json").status == 401
    email = f"iiif{time.time_ns()}@example.org"
    assert gallery.face("POST", "/api/v1/users", {"email": email}).status == 201
    outsider = {"Authorization": f"Bearer {server.token('outsider', email)}"}
    for path in (
        f"3/{item}/info.json",
        f"3/{item}/full/max/0/default.jpg",
        f"presentation/3/items/{item}/manifest.json",
    ):
        assert ask("GET", f"{server.address}/iiif/{path}", **outsider).status == 404, path
    folder = f"{server.address}/iiif/presentation/3/folders/{gallery.folder}/manifest.json"
    assert ask("GET", folder, **outsider).status == 404
    assert gallery.face("POST", f"/api/v1/folders/{gallery.folder}/url", {"expires_in": 8 * 86400}).status == 400
    for identifier in ("[frob]", "1%2F2", "unknown", "12345678901234567", "-5", f"{item}~", f"{item}~1~a~b~c"):
        assert ask("GET", f"{server.address}/iiif/3/{identifier}/full/max/0/default.jpg").status == 404, identifier
    assert gallery.face("GET", "/iiif/3/99999999/info.json").status == 404
    assert gallery.face("POST", f"/iiif/3/{item}/info.json", {}).status == 405


def test_a_signed_identifier_admits_to_all_of_one_image_and_to_no_other(gallery: Gallery) -> None:
    address = gallery.signed("astronaut.png")
    told = ask("GET", f"{address}/info.json", Origin="https://viewer.example.org")
    assert told.json["id"] == address
    assert told.headers["cross-origin-resource-policy"] == "cross-origin"
    assert decoded(ask("GET", f"{address}/0,0,100,100/50,/0/default.jpg")).width == 50
    assert ask("GET", address.replace("/iiif/3/", "/iiif/2/") + "/full/full/0/default.jpg").status == 200
    other = address.replace(f"/{gallery.ids['astronaut.png']}~", f"/{gallery.ids['animated.gif']}~")
    for tampered in (other, address[:-1] + ("A" if address[-1] != "A" else "B"), address.replace("~", "~1", 1)):
        assert ask("GET", f"{tampered}/info.json").status == 401
    preflight = ask("OPTIONS", f"{address}/info.json", Origin="https://viewer.example.org")
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (204, "*")
    item = address.split("/iiif/3/")[1]
    content = f"/api/v1/items/{gallery.ids['astronaut.png']}/content"
    _, expires, key_id, signature = item.split("~")
    query = f"expires={expires}&kid={key_id}&signature={signature}"
    assert ask("GET", f"{gallery.face.server.address}{content}?{query}").status == 401


def test_a_signed_identifier_expires_and_is_not_in_the_log(gallery: Gallery) -> None:
    address = gallery.signed("astronaut.png", expires_in=1)
    assert ask("GET", f"{address}/info.json").status == 200
    time.sleep(2.1)
    assert ask("GET", f"{address}/info.json").status == 401
    log = (gallery.face.server.data / "moorage.log").read_text()
    assert "/iiif/3/" in log
    assert address.rsplit("~", 1)[1] not in log


def test_the_commands_of_the_how_to_page_work(gallery: Gallery, tmp_path: Path) -> None:
    server, face = gallery.face.server, gallery.face
    lines = [f"{one.text}echo\n" for one in blocks(PAGE) if one.language == "sh"]
    environment = {"PATH": os.environ["PATH"], "MOORAGE_URL": server.address, "MOORAGE_TOKEN": face.token}
    said = run(lines, environment | {"FOLDER": gallery.folder, "ITEM": gallery.ids["astronaut.png"]}, tmp_path)
    assert "/manifest.json" in json.loads(said[0])["url"]
    assert json.loads(said[1])["url"].endswith("/info.json")
    assert '"width": 512' in said[2]
    assert pyvips.Image.new_from_file(str(tmp_path / "square.png")).width == 200
    place = f"{gallery.project}/{gallery.project}/astronaut.png"
    signed = server.run("presign", place, "--variant", "iiif", "--expires", "1h").stdout
    assert ask("GET", signed.strip()).json["type"] == "ImageService3"


def test_addresses_are_those_of_the_public_url_below_a_path_prefix(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    shutil.copy(media.picture("animated.gif"), root / "a.gif")
    port = free_port()
    public = f"http://localhost:{port}/moorage"
    with Moorage(tmp_path / "data", {"MOORAGE_PUBLIC_URL": public}, port=port) as server:
        local = Face(server, server.token())
        moored = moor(local, root)
        (item,) = (one["id"] for one in items(local, moored.folder).values())
        told = local("GET", f"/iiif/3/{item}/info.json", Host="elsewhere.example.org")
        assert told.json["id"] == f"{public}/iiif/3/{item}"
        made = local("POST", f"/api/v1/folders/{moored.folder}/url", {}).json["url"]
        assert made.startswith(f"{public}/iiif/presentation/3/folders/{moored.folder}~")
        (canvas,) = ask("GET", made).json["items"]
        assert canvas["thumbnail"][0]["id"].startswith(f"{public}/iiif/3/{item}~")
        assert ask("GET", canvas["thumbnail"][0]["id"]).status == 200
