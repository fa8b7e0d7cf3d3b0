"""Previews over HTTP: formats, pages, windows and contact sheets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import pyvips

import media
from docs.executed import blocks, run
from imaging import raws
from imaging.looking import near
from imaging.tiffs import pages, saved, values
from servers.moorage import Answer, ask
from web.conftest import Face, items, moor

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "previews.md"


@dataclass(frozen=True)
class Pictures:
    """A folder of pictures behind a running server."""

    face: Face
    folder: str
    ids: dict[str, str]

    def get(self, name: str, query: str = "width=64", what: str = "preview", **headers: str) -> Answer:
        return self.face("GET", f"/api/v1/items/{self.ids[name]}/{what}?{query}", **headers)


@pytest.fixture(scope="session")
def pictures(face: Face, tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    root: Path = tmp_path_factory.mktemp("pictures") / "pictures"
    root.mkdir()
    for name, content in {
        "a.jpg": media.data("rocket.jpg"),
        "b.tif": pages(7),
        "c.dng": raws.dng(raws.jpeg()),
        "d.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        "e.tif": saved(values(0, 4095)),
        "f.jpg": b"no picture",
        "g.txt": b"text",
    }.items():
        (root / name).write_bytes(content)
    folder = moor(face, root).folder
    return Pictures(face, folder, {name: item["id"] for name, item in items(face, folder).items()})


def test_a_browser_gets_the_format_that_it_likes_best(pictures: Pictures) -> None:
    found = {}
    for accept, kind in ((CHROME, "avif"), ("image/webp,*/*", "webp"), ("image/jpeg", "jpeg"), ("*/*", "webp")):
        for _ in range(2):  # made, then from the cache
            got = pictures.get("a.jpg", Accept=accept)
            assert (got.status, got.headers["content-type"]) == (200, f"image/{kind}")
            assert got.headers["vary"] == "Accept"
        found[kind] = got.headers["etag"]
        again = pictures.get("a.jpg", Accept=accept, **{"If-None-Match": got.headers["etag"]})
        assert (again.status, again.headers["vary"]) == (304, "Accept")
    assert len(set(found.values())) == 3
    assert pictures.get("a.jpg", Accept=CHROME, **{"If-None-Match": found["jpeg"]}).status == 200


@pytest.mark.parametrize("form", ["avif", "webp", "jpeg", "png"])
def test_a_format_that_was_asked_for_is_sent_to_every_browser(pictures: Pictures, form: str) -> None:
    got = pictures.get("a.jpg", f"width=64&format={form}", Accept="image/gif")
    assert (got.status, got.headers["content-type"]) == (200, f"image/{form}")
    assert "vary" not in got.headers


def test_fit_down_says_what_inside_does(pictures: Pictures) -> None:
    both = [pictures.get("a.jpg", f"width=64&format=png&fit={fit}") for fit in ("down", "inside")]
    assert both[0].headers["etag"] == both[1].headers["etag"]
    assert both[0].body == both[1].body


def test_a_signed_url_shows_the_same_to_everyone_and_binds_page_and_window(pictures: Pictures) -> None:
    item = pictures.ids["b.tif"]
    asked = {"variant": "preview", "width": 64, "page": 3, "window": "10,30"}
    url = pictures.face("POST", f"/api/v1/items/{item}/url", asked).json["url"]
    assert "page=3" in url
    assert "window=10.0%2C30.0" in url
    got = ask("GET", url, Accept=CHROME)
    assert (got.status, got.headers["content-type"]) == (200, "image/webp")
    assert "vary" not in got.headers
    for was, becomes in (("page=3", "page=2"), ("10.0", "11.0"), ("format=webp", "format=avif")):
        assert ask("GET", url.replace(was, becomes)).status == 401
    short = pictures.face("POST", f"/api/v1/items/{item}/url", {"variant": "preview", "width": 64}).json["url"]
    assert ask("GET", short.replace("&format=webp", ""), Accept=CHROME).headers["content-type"] == "image/webp"


def test_a_page_is_chosen_by_number_and_the_answer_tells_how_many_there_are(pictures: Pictures) -> None:
    for _ in range(2):
        got = pictures.get("b.tif", "width=64&format=png&page=4")
        assert (got.status, got.headers["moorage-pages"]) == (200, "7")
        assert near(pyvips.Image.new_from_buffer(got.body, ""), 0.5, 0.5, (30, 30, 30))
    assert "moorage-pages" not in pictures.get("a.jpg").headers
    assert pictures.get("b.tif", "page=8").json["detail"].startswith("No preview can be made. There is no page 8")
    for wrong in ("page=0", "page=x", "page=10001", "window=2,1", "fit=fill", "format=gif", "width=0", "height=0"):
        got = pictures.get("b.tif", wrong)
        assert (got.status, got.json["field"]) == (400, wrong.partition("=")[0]), wrong


def test_an_item_keeps_the_size_of_its_first_page(face: Face, tmp_path: Path) -> None:
    (tmp_path / "two.tif").write_bytes(media.data("multipage.tif"))
    item = items(face, moor(face, tmp_path).folder)["two.tif"]["id"]
    for page in (1, 2):
        assert face("GET", f"/api/v1/items/{item}/preview?width=64&page={page}").status == 200
    assert face("GET", f"/api/v1/items/{item}").json["width"] == 120


@pytest.mark.parametrize(
    ("name", "zooms", "turns", "levels"),
    [("a.jpg", 1, 0, 0), ("b.tif", 1, 1, 1), ("c.dng", 0, 0, 0), ("d.svg", 0, 0, 0)],
)
def test_the_page_of_an_image_offers_what_can_be_done_with_it(
    pictures: Pictures, name: str, zooms: int, turns: int, levels: int
) -> None:
    shown = pictures.face("GET", f"/items/{pictures.ids[name]}").body
    assert [shown.count(part) for part in (b"<m-zoom", b"<m-view", b"data-window")] == [zooms, turns, levels]


def test_a_window_is_chosen_by_its_values(pictures: Pictures) -> None:
    plain = pyvips.Image.new_from_buffer(pictures.get("e.tif", "width=512&format=png").body, "")
    narrow = pyvips.Image.new_from_buffer(pictures.get("e.tif", "width=512&format=png&window=0,1000").body, "")
    assert near(plain, 0.5, 0.5, (128, 128, 128))
    assert near(narrow, 0.5, 0.5, (255, 255, 255))


@pytest.mark.parametrize("name", ["c.dng", "d.svg"])
def test_camera_files_and_drawings_are_images(pictures: Pictures, name: str) -> None:
    assert pictures.face("GET", f"/api/v1/items/{pictures.ids[name]}").json["kind"] == "image"
    assert pictures.get(name).headers["content-type"] == "image/webp"


def test_the_pages_of_a_document_come_as_one_sheet(pictures: Pictures) -> None:
    got = pictures.get("b.tif", "columns=4&rows=2&cell=64&format=png", what="sheet")
    image = pyvips.Image.new_from_buffer(got.body, "")
    assert (got.status, image.width, image.height, got.headers["moorage-pages"]) == (200, 256, 128, "7")
    assert near(image, 5.5 / 8, 0.75, (60, 60, 60))
    query = "columns=4&rows=2&cell=64&format=png"
    again = pictures.get("b.tif", query, what="sheet", **{"If-None-Match": got.headers["etag"]})
    assert again.status == 304
    assert pictures.get("b.tif", "columns=13&rows=12", what="sheet").status == 400


def test_the_images_of_a_folder_come_as_sheets(pictures: Pictures) -> None:
    query = {"columns": 2, "rows": 2, "cell": 64, "format": "png"}
    first = pictures.face("GET", f"/api/v1/folders/{pictures.folder}/sheet?{urlencode(query)}")
    image = pyvips.Image.new_from_buffer(first.body, "")
    assert (first.status, image.width, image.height) == (200, 128, 128)
    assert near(image, 0.75, 0.25, (0, 0, 0))
    more = urlencode(query | {"after": first.headers["moorage-next"]})
    second = pictures.face("GET", f"/api/v1/folders/{pictures.folder}/sheet?{more}")
    image = pyvips.Image.new_from_buffer(second.body, "")
    assert (second.status, image.width, image.height) == (200, 128, 64)
    assert near(image, 0.75, 0.5, (255, 255, 255))
    assert "moorage-next" not in second.headers
    assert ask("GET", f"{pictures.face.server.address}/api/v1/folders/{pictures.folder}/sheet").status == 401


def test_the_page_about_previews_does_what_it_says(pictures: Pictures, tmp_path: Path) -> None:
    [block] = [one.text for one in blocks(HOW_TO) if one.language == "sh"]
    names = {"PICTURE": pictures.ids["a.jpg"], "DOCUMENT": pictures.ids["b.tif"], "FOLDER": pictures.folder}
    face = pictures.face
    where = {"MOORAGE_URL": face.server.address, "MOORAGE_TOKEN": face.token, "PATH": os.environ["PATH"]}
    run([block], names | where, tmp_path)
    made = [place for place in tmp_path.iterdir() if place.suffix != ".txt"]
    loaders = {place.name: pyvips.Image.new_from_file(str(place)).get("vips-loader") for place in made}
    assert loaders == {
        "picture.webp": "webpload", "picture.avif": "heifload", "square.jpg": "jpegload",
        "second-page.webp": "webpload", "pages.webp": "webpload", "folder.webp": "webpload",
    }  # fmt: skip
    assert "moorage-pages: 7" in (tmp_path / "headers.txt").read_text().lower()
