"""The item page: what can be copied from it, and what it says of an item that is gone."""

from __future__ import annotations

import re

import pytest

from browser import sample
from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-item")

NO_CLIPBOARD = "delete Navigator.prototype.clipboard"
"""What a page has that came by plain http from another machine."""
URL = "https://media.example.org/moorage/api/v1/items/1000/content?expires=1&kid=a&signature=b"


@pytest.mark.parametrize(
    ("button", "line"), [("link to this page", "page"), ("curl line", "curl"), ("Python line", "python")]
)
def test_a_button_copies_its_line_and_says_so(open_page: Opener, button: str, line: str) -> None:
    page = open_page("/items/1000", wait="m-copy")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(f"[aria-label='Copy the {button}']")
    page.wait_for_selector("#notices[role=status] .notice:has-text('Copied.')")
    assert page.get_attribute(f"[aria-label='Copy the {button}'] use", "href") == "#i-check"
    assert page.evaluate("navigator.clipboard.readText()") == sample.lines("1000")[line]


def test_without_a_clipboard_the_old_way_of_copying_is_taken(open_page: Opener) -> None:
    page = open_page("/items/1000", wait="m-copy")
    page.evaluate(NO_CLIPBOARD)
    page.click("[aria-label='Copy the curl line']")
    page.wait_for_selector(".notice:has-text('Copied.')")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Copy the curl line"


def test_where_nothing_may_copy_the_text_is_selected(open_page: Opener) -> None:
    page = open_page("/items/1000", wait="m-copy")
    page.evaluate(NO_CLIPBOARD)
    page.evaluate("document.execCommand = () => false")
    page.click("[aria-label='Copy the Python line']")
    page.wait_for_selector(".notice:has-text('press Ctrl+C')")
    assert page.evaluate("getSelection().toString()") == sample.lines("1000")["python"]
    page.click("[aria-label='Copy key']")
    page.wait_for_function("() => getSelection().toString() === '2021/frame_0000000.jpg'")


def test_a_signed_url_is_made_when_asked_for_and_tells_its_end(open_page: Opener, harness: Harness) -> None:
    page = open_page("/items/1000", wait="m-signed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert harness.sent == []
    assert page.locator("#signed-life option").all_inner_texts() == ["1 hour", "1 day", "7 days"]
    page.select_option("#signed-life", label="7 days")
    harness.answers["/api/v1/items/1000/url"] = (200, {"url": URL, "expires": sample.THEN})
    page.click("[aria-label='Make a signed URL and copy it']")
    page.wait_for_selector("m-signed [role=status]:has-text('Works until Dec 20, 2026')")
    assert page.evaluate("navigator.clipboard.readText()") == URL
    assert page.inner_text("m-signed code") == URL
    assert harness.sent == [("POST", "/api/v1/items/1000/url", {"expires_in": 604_800})]
    assert barriers(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_signed_url_that_is_refused_says_why(open_page: Opener, harness: Harness) -> None:
    page = open_page("/items/1000", wait="m-signed")
    harness.answers["/api/v1/items/1000/url"] = (
        409,
        {"detail": "It lives at most an hour here.", "advice": "Ask less."},
    )
    page.click("[aria-label='Make a signed URL and copy it']")
    page.wait_for_selector("m-signed [role=status]:has-text('It lives at most an hour here. Ask less.')")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("vanished", "gone from its store.*Since Nov 20, 2026.*restored until Dec 20, 2026"),
        ("hidden", "was hidden.*on Nov 20, 2026.*stays hidden until it is restored"),
        ("trashed", "in the trash.*on Nov 20, 2026.*restored until Dec 20, 2026"),
    ],
)
def test_what_is_gone_is_told_and_can_be_restored(open_page: Opener, harness: Harness, state: str, said: str) -> None:
    page = open_page(f"/items/1000?state={state}", wait=".banner")
    assert re.search(said, page.inner_text(".banner"), re.DOTALL)
    previews = [path for path in harness.asked if "/preview" in path or "/content" in path]
    assert previews == [], "the bytes of a tombstone are not served"
    assert page.locator("m-signed").count() == 0
    harness.answers["/api/v1/items/1000/restore"] = (200, {"id": "1000", "state": "live"})
    with page.expect_response("**/items/1000/restore"):
        page.click(".banner button")
    assert harness.sent == [("POST", "/api/v1/items/1000/restore", None)]
