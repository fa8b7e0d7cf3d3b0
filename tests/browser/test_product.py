"""The product itself in a browser: from the one-time link to pictures, a film that seeks, and the guard's question."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import media
import moving
from browser.axe import barriers
from browser.conftest import EXPECTED
from servers.moorage import PASSWORD, Moorage

TILE = "m-grid .tile a[href]"
SEEN = "() => [...document.querySelectorAll('m-grid .pic.loaded')].filter(box => box.offsetHeight).length"
ODD = "odd #1 %20+é.png"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photographs, a film, a broken picture, an odd name, and a folder of thirty more."""
    place = tmp_path / "media"
    place.mkdir()
    for name in ("chelsea.png", "rocket.jpg", "coffee.png", "truncated.jpg"):
        shutil.copy(media.picture(name), place / name)
    shutil.copy(media.picture("coffee.png"), place / ODD)
    moving.film(place / "reef.webm", "libvpx")
    (place / "many").mkdir()
    for number in range(30):
        shutil.copy(media.picture("rocket.jpg"), place / "many" / f"{number:02d}.jpg")
    return place


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A person at a new server; what the browser complains of fails the test."""
    complaints: list[str] = []
    with Moorage(tmp_path / "data") as server:
        context = browser.new_context(base_url=server.address, viewport={"width": 1366, "height": 768})
        context.set_default_timeout(30_000)
        opened = context.new_page()
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(f"/sign-in/{server.link}")
        yield opened
        context.close()
    assert [text for text in complaints if not any(part in text for part in EXPECTED)] == []


def signs_in_and_connects_a_disk(page: Page, root: Path) -> None:
    page.reload()
    page.click("main button")
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("main button")
    page.click("a:has-text('add a store')")
    page.fill("#name", "pictures")
    page.fill("#root", str(root / "absent"))
    page.click("text=Check and add")
    page.wait_for_selector(".probe tr.refuses")
    page.fill("#root", str(root))
    page.click("text=Check and add")
    page.wait_for_selector(".probe .tag.ok")
    assert page.locator(".probe tbody tr").count() == 7


def mirrors_it_into_a_project(page: Page) -> None:
    page.click("text=Mirror into a project")
    page.fill("#project-name", "Reef")
    page.wait_for_selector("m-objects >> text=many/")
    page.click("text=Start the mirror")
    page.wait_for_function(f"() => ({SEEN})() >= 5")
    page.wait_for_function("() => document.querySelector('#folder-counts').textContent.includes('6 items')")
    assert page.locator(".folder-job").count() == 0
    assert page.locator("m-grid .folders a[href]").inner_text().startswith("many")
    assert barriers(page) == []


def sees_why_a_picture_is_broken_and_opens_an_odd_name(page: Page) -> None:
    page.wait_for_selector("m-grid .pic.broken .reason:has-text('cut off')")
    page.click(f"m-grid a[title='{ODD}']")
    page.wait_for_function("name => document.querySelector('h1').textContent === name", arg=ODD)
    page.wait_for_function("() => document.querySelector('m-picture img')?.naturalWidth > 100")
    page.go_back()
    page.wait_for_selector(TILE)


def seeks_in_a_film(page: Page) -> None:
    page.wait_for_selector("m-grid .pic.video.loaded")
    page.reload()
    page.wait_for_selector("m-grid .pic.video.loaded .badge:has-text('0:06')")
    page.click("m-grid a[title='reef.webm']")
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 1")
    page.evaluate("document.querySelector('video').currentTime = 4.5")
    page.wait_for_function(
        """() => { const video = document.querySelector('video');
        return !video.seeking && video.currentTime > 4 && video.readyState >= 2; }"""
    )
    page.go_back()
    page.wait_for_selector(TILE)


def answers_the_guard(page: Page, root: Path) -> None:
    for number in range(25):
        (root / "many" / f"{number:02d}.jpg").unlink()
    page.click("text=Look again")
    page.wait_for_selector(".banner:has-text('25 of 36 objects are gone')")
    page.click("m-missing button")
    page.wait_for_function("() => document.querySelectorAll('.gone-list li').length === 20")
    page.click(".banner button:has-text('really gone')")
    page.click("dialog[open] button.main")
    page.wait_for_function("() => !document.querySelector('.banner')")
    page.wait_for_function("() => document.querySelector('#folder-counts').textContent.includes('in all 11 items')")


def looks_at_the_other_pages(page: Page) -> None:
    for path, text in (
        ("/jobs", "succeeded"),
        ("/users", "you"),
        ("/settings", "Data directory"),
        ("/mirrors", "active"),
    ):
        page.goto(path)
        page.wait_for_selector(f"main >> text={text}")
        assert barriers(page) == []


def test_a_person_goes_from_the_link_to_pictures_a_film_and_the_question_of_the_guard(page: Page, root: Path) -> None:
    signs_in_and_connects_a_disk(page, root)
    mirrors_it_into_a_project(page)
    sees_why_a_picture_is_broken_and_opens_an_odd_name(page)
    seeks_in_a_film(page)
    answers_the_guard(page, root)
    looks_at_the_other_pages(page)
