"""From a server with nothing in it to the first pictures, as a newcomer goes; what it takes is counted and printed."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

import media
from browser.axe import barriers
from browser.conftest import EXPECTED
from servers import Server, ceph
from servers.moorage import PASSWORD, Moorage
from stores.s3_bucket import admin

pytestmark = pytest.mark.xdist_group("browser-first-pictures")

NAMES: Final = ("chelsea.png", "rocket.jpg", "coffee.png")
SEEN: Final = "() => [...document.querySelectorAll('m-grid .pic.loaded')].filter(box => box.offsetHeight).length"
READY: Final = "m-form:defined m-suggest:defined form.show"
FIELDS: Final = "form.show :is(input, select, textarea):not([type=hidden])"


@dataclass
class Hand:
    """A person's hand: it counts what it does."""

    page: Page
    clicks: int = 0
    filled: int = 0
    began: float = field(default_factory=time.monotonic)

    def click(self, selector: str) -> None:
        self.clicks += 1
        self.page.click(selector)

    def fill(self, selector: str, text: str) -> None:
        self.filled += 1
        self.page.fill(selector, text)

    def fields(self) -> int:
        """How many fields the form shows; the tabs are one."""
        seen = self.page.locator(FIELDS).evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(o => o.name)"
        )
        return len(set(seen))

    def tell(self, what: str) -> None:
        """Print what it took."""
        seconds = time.monotonic() - self.began
        print(f"\n{what}: {self.clicks} clicks, {self.filled} fields filled, {seconds:.1f} s")  # noqa: T201 - shown by -s


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Moorage]:
    with Moorage(tmp_path / "data") as started:
        yield started


@pytest.fixture
def page(browser: Browser, server: Moorage) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context(base_url=server.address, viewport={"width": 1366, "height": 768})
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert [text for text in complaints if not any(part in text for part in EXPECTED)] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "Holiday pictures"
    place.mkdir()
    for name in NAMES:
        shutil.copy(media.picture(name), place / name)
    return place


@pytest.fixture(scope="session")
def store_server() -> Server:
    return ceph()


@pytest.fixture
def bucket(store_server: Server) -> Iterator[str]:
    """A bucket of one's own with pictures below ``2021/``."""
    client = admin(store_server)
    name = f"moorage-{secrets.token_hex(6)}"
    client.create_bucket(Bucket=name)
    keys = [f"2021/{one}" for one in NAMES]
    for key in keys:
        client.put_object(Bucket=name, Key=key, Body=media.data(key.removeprefix("2021/")))
    yield name
    for key in keys:
        client.delete_object(Bucket=name, Key=key)
    client.delete_bucket(Bucket=name)
    client.close()


def signs_in_for_the_first_time(hand: Hand, server: Moorage) -> None:
    hand.page.goto(f"/sign-in/{server.link}")
    hand.click("main button")
    hand.fill("#password", PASSWORD)
    hand.fill("#again", PASSWORD)
    hand.click("main button")
    hand.page.wait_for_selector(READY)


def sees_the_pictures(page: Page) -> None:
    page.wait_for_url("**/folders/*")
    page.wait_for_function(f"() => ({SEEN})() >= 1")


def signs_in_with_a_password(page: Page, server: Moorage) -> None:
    """By keys alone, from the page that asks for e-mail and password."""
    page.goto(f"/sign-in/{server.link}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/password")
    for key in (PASSWORD, "Tab", PASSWORD, "Enter"):
        (page.keyboard.press if key in ("Tab", "Enter") else page.keyboard.type)(key)
    page.wait_for_url("**/")
    page.context.clear_cookies()
    page.goto("/")
    page.wait_for_url("**/sign-in?next=*")
    for key in ("admin@localhost", "Tab", PASSWORD, "Enter"):
        (page.keyboard.press if key in ("Tab", "Enter") else page.keyboard.type)(key)
    page.wait_for_selector(READY)


def test_a_newcomer_sees_the_pictures_of_a_folder(page: Page, server: Moorage, folder: Path) -> None:
    hand = Hand(page)
    signs_in_for_the_first_time(hand, server)
    hand.tell("From the link to the form")
    assert (hand.clicks, hand.filled) == (2, 2)
    assert barriers(page) == []
    hand = Hand(page)
    assert hand.fields() == 3
    hand.fill("#address", str(folder))
    page.wait_for_function("() => document.querySelector('#project').value === 'Holiday pictures'")
    hand.click("form.show button.main")
    sees_the_pictures(page)
    hand.tell("A folder, 3 fields on the form, from there to the first picture")
    assert (hand.clicks, hand.filled) == (1, 1)
    page.wait_for_function("() => document.querySelector('#folder-counts').textContent.includes('3 items')")
    assert barriers(page) == []
    page.goto("/show")
    page.fill("#address", f"{folder}/")
    page.click("[data-news] a:has-text('open their folder')")
    sees_the_pictures(page)


def test_a_newcomer_sees_the_pictures_of_a_bucket(
    page: Page, server: Moorage, store_server: Server, bucket: str
) -> None:
    hand = Hand(page)
    signs_in_for_the_first_time(hand, server)
    hand = Hand(page)
    hand.fill("#address", f"{store_server.endpoint}/{bucket}/2021")
    page.wait_for_selector("#access_key:visible")
    assert hand.fields() == 5
    hand.fill("#access_key", store_server.access_key)
    hand.fill("#secret_key", store_server.secret_key)
    page.wait_for_function("() => document.querySelector('#project').value === '2021'")
    hand.click("form.show button.main")
    sees_the_pictures(page)
    hand.tell("A bucket, 5 fields on the form, from there to the first picture")
    assert (hand.clicks, hand.filled) == (1, 3)
    page.goto("/show")
    page.fill("#address", f"{store_server.endpoint}/{bucket}")
    page.wait_for_selector("[data-news] a")
    assert page.is_hidden("#access_key"), "its store is known by now"


def test_wrong_keys_and_a_wrong_place_are_told_beside_the_form(
    page: Page, server: Moorage, store_server: Server, bucket: str, folder: Path
) -> None:
    signs_in_for_the_first_time(Hand(page), server)
    page.fill("#address", str(folder / "absent"))
    page.click("form.show button.main")
    page.wait_for_selector("[data-problem]:visible")
    assert page.evaluate("document.activeElement.id") == "address"
    page.fill("#address", f"{store_server.endpoint}/{bucket}/2021")
    page.fill("#access_key", store_server.access_key)
    page.fill("#secret_key", "not the secret key at all")
    page.click("form.show button.main")
    page.wait_for_selector(".probe tr.refuses")
    assert page.evaluate("document.activeElement.id") == "access_key"
    assert page.input_value("#secret_key") == "not the secret key at all"
    assert barriers(page) == []
    page.goto("/stores")
    page.wait_for_selector("text=No store yet")
    assert "not the secret key" not in server.log()


def test_all_of_it_goes_by_keyboard_alone(page: Page, server: Moorage, store_server: Server, bucket: str) -> None:
    signs_in_with_a_password(page, server)
    page.keyboard.type(f"{store_server.endpoint}/{bucket}/2021")
    for text in (store_server.access_key, store_server.secret_key):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    sees_the_pictures(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('m-grid [role=grid], m-grid .scroller')"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")
    page.wait_for_function("() => document.querySelector('m-picture img')?.naturalWidth > 100")
