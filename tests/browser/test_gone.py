"""What is gone from a folder: why and since when, and the way back."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page

from browser import sample
from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-grid")

FIRST: Final = "frame_0000000.jpg"
TILE: Final = "m-grid .tile.gone a[href]"
LINE: Final = "m-grid .line-name a[href]"


def back(name: str) -> str:
    return f"m-grid [aria-label='Restore {name}']"


def wait_gone(page: Page, name: str) -> None:
    page.wait_for_function("name => !document.querySelector(`m-grid a[title='${name}']`)", arg=name)


def test_what_is_gone_says_why_and_since_when_and_asks_for_no_preview(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/7?state=gone", wait=TILE)
    told = [page.locator(".tile.gone").nth(n).inner_text().split("\n") for n in range(3)]
    assert [lines[0] for lines in told] == ["Gone from its store", "Hidden here", "In the trash"]
    assert all("2026" in lines[1] for lines in told)
    # Of items with other numbers a page of the test before may still have asked.
    assert not [path for path in harness.asked if re.search(r"/items/1\d{3}/(preview|poster)", path)]
    assert barriers(page) == []
    asked = [path for path in harness.asked if "children" in path]
    assert "state=gone" in asked[0]
    assert "sort=" not in asked[0]


def test_the_toolbar_leads_to_what_is_gone_and_back_and_the_address_follows(open_page: Opener) -> None:
    page = open_page("/folders/7", wait="m-grid .tile a[href]")
    page.check("input[name=state]")
    page.wait_for_selector(TILE)
    assert page.url.endswith("/folders/7?state=gone")
    assert page.is_disabled("#sort")
    page.check("input[name=view][value=list]")
    page.wait_for_selector(LINE)
    assert page.locator("m-grid .line-head").inner_text().split() == ["Name", "Why", "Since", "Size"]
    assert barriers(page) == []
    page.uncheck("input[name=state]")
    page.wait_for_selector("m-grid a[title='dive-2000']")
    assert page.url.endswith("/folders/7?view=list")
    assert not page.is_disabled("#sort")


@pytest.mark.parametrize("view", ["grid", "list"])
def test_restore_brings_an_item_back(open_page: Opener, harness: Harness, view: str) -> None:
    page = open_page(f"/folders/7?state=gone&view={view}", wait=TILE if view == "grid" else LINE)
    page.click(back(FIRST))
    wait_gone(page, FIRST)
    assert harness.sent == [("POST", "/api/v1/items/1000/restore", None)]
    assert f"of {sample.GONE - 1}" in page.inner_text("[data-where]")
    page.wait_for_selector(f".notice:has-text('{FIRST} is back. If its object is still missing')")


def test_restore_works_by_keys_alone(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/7?state=gone", wait=TILE)
    page.focus("label.worded input")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "grid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Restore frame_0000001.jpg"
    page.keyboard.press("Enter")
    wait_gone(page, "frame_0000001.jpg")
    assert harness.restored == {"1001"}
    assert page.evaluate("document.activeElement.getAttribute('role')") == "grid"
    page.keyboard.press("Enter")
    page.wait_for_selector("main.item h1")
    assert "state=gone" in page.url


def test_a_restore_that_is_refused_says_why(open_page: Opener, harness: Harness) -> None:
    harness.answers["/api/v1/items/1000/restore"] = (
        409,
        {"detail": "Another item has its name now.", "advice": "Rename that one."},
    )
    page = open_page("/folders/7?state=gone", wait=TILE)
    page.click(back(FIRST))
    page.wait_for_selector(".notice.bad:has-text('Another item has its name now. Rename that one.')")
    assert page.is_enabled(back(FIRST))


def test_a_folder_from_which_nothing_is_gone_says_so(open_page: Opener) -> None:
    page = open_page("/folders/8?state=gone", wait="m-grid .empty")
    assert page.inner_text("m-grid .empty").startswith("Nothing is gone here")
    assert barriers(page) == []


@pytest.mark.parametrize(
    ("path", "title", "text"),
    [
        ("/folders/8", "This folder is empty", "Drop files here"),
        ("/folders/8?mirror=looking", "Looking…", "as they are found"),
        ("/folders/8?mirror=ended", "Nothing lies here", "Is the prefix right?"),
    ],
)
def test_an_empty_folder_says_why_it_is_empty(open_page: Opener, path: str, title: str, text: str) -> None:
    page = open_page(path, wait="m-grid .empty")
    said = page.inner_text("m-grid .empty")
    assert said.startswith(title)
    assert text in said
    assert barriers(page) == []


def test_a_look_that_ends_with_nothing_changes_what_the_empty_folder_says(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/8?mirror=looking", wait="m-grid .empty")

    def ended(route: object) -> None:
        route.continue_(url=harness.address + "/folders/8?mirror=ended")  # type: ignore[attr-defined]

    page.route("**/folders/8?mirror=looking", ended)
    harness.set_job(sample.job(41, "succeeded", done=0, folder="8", subject="12"))
    page.wait_for_selector("m-grid .empty:has-text('Is the prefix right?')")
    page.click("text=See what the store holds")
    page.wait_for_url("**/stores/reef#objects")
