"""A video that browsers do not play, on a real server: hovered over, made playable, played, and sought in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import media
from browser.conftest import EXPECTED
from servers.moorage import Moorage
from web.conftest import Face, items, moor

pytestmark = pytest.mark.xdist_group("browser-videos")
PLAYS = """() => {
  const video = document.querySelector("video");
  return video.readyState >= 1 && video.currentSrc.endsWith("/converted");
}"""
SEEK = """async () => {
  const video = document.querySelector("video");
  video.currentTime = 4.2;
  await new Promise((done) => video.addEventListener("seeked", done, { once: true }));
  return [video.currentTime, video.videoWidth, video.seekable.end(0)];
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    shown = context.new_page()
    shown.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    yield shown
    context.close()
    assert [told for told in complaints if not any(known in told for known in EXPECTED)] == []


def test_a_video_that_does_not_play_is_made_playable(page: Page, tmp_path: Path) -> None:
    root = tmp_path / "reef"
    root.mkdir()
    shutil.copy(media.picture("film.avi"), root / "film.avi")
    with Moorage(tmp_path / "data") as server:
        face = Face(server, server.token())
        folder = moor(face, root).folder
        page.goto(f"{server.address}/sign-in/{server.link}")
        page.click("main button")
        page.wait_for_url("**/password")
        page.goto(f"{server.address}/folders/{folder}")
        page.wait_for_selector(".pic.video.loaded")
        page.hover(".pic.video")
        page.wait_for_selector(".pic.video .scrub-frame")
        box = page.locator(".pic.video").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 20)
        assert page.text_content(".scrub .badge") == "0:05"
        page.mouse.move(5, 5)
        page.wait_for_selector(".scrub", state="detached")
        page.goto(f"{server.address}/items/{items(face, folder)['film.avi']['id']}")
        page.click("text=Make it playable")
        page.wait_for_function(PLAYS)
        assert page.evaluate(SEEK) == [4.2, 480, 6]
        assert page.is_hidden(".stage-note")
