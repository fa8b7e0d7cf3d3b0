"""Every page: one current place, no complaint of the browser, no barrier that axe finds, nothing wider than a phone."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Route

from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness
from browser.screens import PACKAGE, screen

pytestmark = pytest.mark.xdist_group("browser-pages")

PATHS: Final = (
    "/sign-in?wrong=1",
    "/sign-in/abc",
    "/password",
    "/",
    "/?none=1",
    "/show",
    "/folders/7",
    "/folders/7?view=list",
    "/folders/6",
    "/projects/1/links",
    "/imports/5",
    "/items/1000",
    "/items/1000?state=vanished",
    "/stores",
    "/stores/new",
    "/projects/1/stores",
    "/connect/open",
    "/stores/reef",
    "/stores/reef/policy",
    "/mirrors",
    "/mirrors/new",
    "/jobs",
    "/jobs/38",
    "/users",
    "/cache",
    "/settings",
    "/nowhere",
)
VARIANTS: Final = (
    "/sign-in/old",
    "/?none=1&guest=1",
    "/?none=1&guest=manager",
    "/show?guest=1",
    "/folders/8",
    "/items/1007",
    "/items/1003",
    "/items/1012",
    "/items/1000?state=hidden",
    "/items/1000?state=trashed",
    "/cache?none=1",
    "/stores?none=1",
    "/mirrors?none=1",
    "/mirrors/new?none=1",
    "/connect/expired",
    "/stores/new?project=1",
)
"""The same templates with other contents: looked at by ``make soak``."""
NO_NAVIGATION: Final = ("/connect", "/sign-in", "/password", "/nowhere")


@pytest.mark.parametrize("path", [*PATHS, *(pytest.param(path, marks=pytest.mark.soak) for path in VARIANTS)])
def test_a_page_has_no_barrier_and_fits_a_phone(open_page: Opener, path: str) -> None:
    page = open_page(path, wait="main")
    assert barriers(page) == []
    assert page.locator("[aria-current]").count() == (0 if path.startswith(NO_NAVIGATION) else 1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    "path",
    ["/folders/6", "/jobs", "/stores/reef", "/stores?none=1", "/users", "/?none=1", "/items/1000", "/sign-in?wrong=1"],
)
def test_a_page_has_contrast_in_the_dark_too(open_page: Opener, path: str) -> None:
    page = open_page(path, scheme="dark", wait="main")
    assert barriers(page, "color-contrast") == []


def test_the_paths_above_show_every_template() -> None:
    shown = {found[0] for path in PATHS if (found := screen(path.partition("?")[0], {}))} | {
        "problem.html",
        "base.html",
    }
    assert shown == {file.name for file in (PACKAGE / "templates").glob("*.html") if not file.name.startswith("_")}


def test_no_page_knows_a_connection_beside_its_store() -> None:
    pages = (PACKAGE / "templates").glob("*.html")
    # Azure calls one of its credentials so.
    told = {file.name: re.sub("connection.?string", "", file.read_text("utf-8").lower()) for file in pages}
    assert [name for name, text in told.items() if "connection" in text] == []


def test_moving_between_pages_leaves_one_current_place_and_the_heading_in_focus(
    open_page: Opener, harness: Harness
) -> None:
    page = open_page("/", wait="nav")
    page.evaluate("window.kept = true")
    for name, heading in (
        ("Stores", "Stores"),
        ("Mirrors", "Mirrors"),
        ("Jobs", "Jobs"),
        ("Users", "Users and tokens"),
        ("Settings", "Settings and health"),
        ("Projects", "Projects"),
    ):
        page.click(f"nav[aria-label=Main] a:has-text('{name}')")
        page.wait_for_function(
            "heading => document.activeElement.tagName === 'H1' && document.activeElement.textContent === heading",
            arg=heading,
        )
        assert page.locator("[aria-current]").all_inner_texts()[0].startswith(name)
        assert page.locator("[aria-current]").count() == 1
        assert page.locator("m-live").count() == 1
    assert page.title() == "Projects · Moorage"
    assert page.evaluate("window.kept"), "the pages were swapped, not loaded"
    page.go_back()
    page.wait_for_function("() => document.querySelector('h1').textContent === 'Settings and health'")
    assert page.locator("[aria-current]").all_inner_texts() == ["Settings"]
    assert not [path for path in harness.asked if path.startswith("/static/htmx")][1:]


def test_a_page_of_a_newer_server_is_loaded_whole(open_page: Opener) -> None:
    page = open_page("/", wait="nav")
    page.evaluate("window.kept = true")

    def newer(route: Route) -> None:
        answer = route.fetch()
        old, new = '"moorage-version" content="test"', '"moorage-version" content="next"'
        route.fulfill(response=answer, body=answer.text().replace(old, new))

    page.route("**/stores", newer)
    page.click("nav a:has-text('Stores')")
    page.wait_for_function("() => document.title.startsWith('Stores') && !window.kept")


def test_the_first_tab_stop_skips_to_the_content(open_page: Opener) -> None:
    page = open_page("/stores", wait="main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_a_video_seeks_to_a_place_that_was_not_loaded_first(open_page: Opener, harness: Harness) -> None:
    page = open_page("/items/1003", wait="video")
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    page.wait_for_function(
        """() => { const video = document.querySelector('video');
        if (!video.seeking && video.currentTime < 4) video.currentTime = 4.2;
        return !video.seeking && video.currentTime > 4 && video.readyState >= 2; }""",
        timeout=90_000,  # decoding waits for whatever else the machine does
    )
    assert [path for path in harness.asked if path == "/api/v1/items/1003/content"]


def test_a_video_that_cannot_be_played_says_so(open_page: Opener) -> None:
    page = open_page("/sign-in", wait="main")
    page.route("**/content", lambda route: route.fulfill(status=200, content_type="video/x-ms-wmv", body="no video"))
    page.goto(page.url.replace("/sign-in", "/items/1003"))
    page.wait_for_selector("text=This browser cannot play this video")


def test_a_copy_button_copies_the_address(open_page: Opener) -> None:
    page = open_page("/items/1000", wait="m-copy")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[aria-label='Copy address']")
    page.wait_for_selector(".notice:has-text('Copied.')")
    assert page.evaluate("navigator.clipboard.readText()") == "s3://reef/2021/frame_0000000.jpg"
