"""A picture that is larger than the screen is looked at closely, by tiles of its full size."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import pyvips
from playwright.sync_api import Browser, Page, Response

import media
from browser.axe import barriers
from servers.moorage import PASSWORD, Moorage
from web.conftest import Face, items, moor

pytestmark = pytest.mark.xdist_group("browser-zoom")
LARGE, SMALL = "2-large.jpg", "1-small.jpg"
PAINTED = """() => {
  const canvas = document.querySelector('.zoom-view canvas');
  const pixels = canvas.getContext('2d').getImageData(canvas.width / 2 - 50, canvas.height / 2 - 50, 100, 100).data;
  const shades = new Set();
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at + 3] === 255) shades.add(pixels[at] * 256 + pixels[at + 1]);
  }
  return shades.size;
}"""
"""How many colours the middle of the zoomed picture has."""


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of a large picture, as the next one after a small one; what the browser complains of fails the test."""
    complaints: list[str] = []
    root = tmp_path / "pictures"
    root.mkdir()
    shutil.copy(media.picture("orientation-1.jpg"), root / SMALL)
    image = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    image.thumbnail_image(2600, height=2000, size="force").jpegsave(str(root / LARGE))
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        moored = moor(face, root)
        known = items(face, moored.folder)
        context = browser.new_context(base_url=server.address, viewport={"width": 1366, "height": 900})
        context.set_default_timeout(30_000)
        opened = context.new_page()
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(f"/sign-in/{server.link}")
        opened.click("main button")
        opened.fill("#password", PASSWORD)
        opened.fill("#again", PASSWORD)
        opened.click("main button")
        opened.wait_for_url(f"{server.address}/")
        opened.goto(f"/items/{known[LARGE]['id']}#at=1&sort=name&order=asc")
        yield opened
        context.close()
    assert complaints == []


def test_a_large_picture_is_zoomed_by_tiles_and_left_again(page: Page) -> None:
    tiles: list[tuple[int, str]] = []
    page.on("response", lambda got: tiles.append((got.status, got.url)) if is_tile(got) else None)
    page.wait_for_function("() => document.querySelector('m-picture img')?.naturalWidth > 100")
    page.wait_for_selector("m-neighbours [data-back][href]")
    assert page.evaluate("typeof window.OpenSeadragon") == "undefined", "it is fetched only where it is used"
    page.focus("[aria-label='Zoom in']")
    page.keyboard.press("Enter")
    page.wait_for_selector("m-zoom.drawn")
    for _ in range(2):
        page.keyboard.press("+")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(one => /,512,512\\/512,512\\//.test(one.name))"
    )
    page.wait_for_function(f"() => ({PAINTED})() > 20")
    assert {status for status, _ in tiles} == {200}
    assert barriers(page) == []

    here = page.url
    page.keyboard.press("ArrowLeft")
    assert page.url == here, "what is zoomed is moved by the arrows"
    page.keyboard.press("Escape")
    page.wait_for_selector("m-zoom:not(.open)")
    assert page.locator("m-picture img").is_visible()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("name => document.querySelector('h1').textContent === name", arg=SMALL)
    page.wait_for_function("() => document.querySelector('m-picture img')?.naturalWidth > 100")
    assert page.locator(".zoom-tools").is_hidden(), "there is nothing more to see of a small picture"


def is_tile(got: Response) -> bool:
    return "/iiif/3/" in got.url and got.url.endswith("/default.jpg")
