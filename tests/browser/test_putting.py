"""Files put into folders of the product itself: chosen, dropped, asked about, sent again after a kill."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

import media
from browser.axe import barriers
from browser.conftest import EXPECTED
from servers.moorage import PASSWORD, Moorage, ask

pytestmark = pytest.mark.xdist_group("browser-product")

CHOOSER: Final = "m-upload input[type=file]"
LOST: Final = "net::ERR_"
"""What the browser says of a server that was killed."""
DROP: Final = """async ([name, from]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([await (await fetch(from)).blob()], name, { type: 'image/png' }));
  const at = document.querySelector('m-grid');
  for (const event of ['dragenter', 'dragover', 'drop'])
    at.dispatchEvent(new DragEvent(event, { bubbles: true, cancelable: true, dataTransfer: transfer })); }"""


@dataclass(frozen=True, slots=True)
class Site:
    """A page of a person who is signed in, with a project, and a mirror that is only read."""

    server: Moorage
    page: Page
    token: str
    project: Any
    mirror: Any

    def call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"{self.server.address}/api/v1{path}"
        answer = ask(method, url, body, Authorization=f"Bearer {self.token}")
        assert answer.status < 300, answer.body
        return answer.json

    def items(self, folder: str) -> dict[str, int]:
        """Sizes by name."""
        return {one["name"]: one["size"] for one in self.call("GET", f"/folders/{folder}/children")["items"]}


@pytest.fixture
def site(browser: Browser, tmp_path: Path) -> Iterator[Site]:
    complaints: list[str] = []
    root = tmp_path / "media"
    root.mkdir()
    shutil.copy(media.picture("rocket.jpg"), root / "rocket.jpg")
    with Moorage(tmp_path / "data") as server:
        context = browser.new_context(base_url=server.address, viewport={"width": 1366, "height": 768})
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"/sign-in/{server.link}")
        page.click("main button")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main button")
        page.wait_for_selector("nav")
        made = Site(server, page, server.token(), {}, {})
        project = made.call("POST", "/projects", {"name": "Mine"})
        made.call("POST", "/stores", {"name": "reef", "provider": "disk", "root": str(root)})
        mirror = made.call("POST", "/mirrors", {"store": "reef", "project": "Mine", "folder": "reef"})
        yield Site(server, page, made.token, project, mirror)
        context.close()
    assert [text for text in complaints if not any(part in text for part in (*EXPECTED, LOST))] == []


def opened(site: Site, folder: str) -> Page:
    site.page.goto(f"/folders/{folder}")
    site.page.wait_for_selector("m-grid .scroller")
    return site.page


def choose(page: Page, *names: str) -> None:
    page.set_input_files(CHOOSER, [str(media.picture(name)) for name in names])


def wait_title(page: Page, title: str) -> None:
    page.wait_for_function("title => document.querySelector('.tray-title')?.textContent === title", arg=title)


def size(name: str) -> int:
    return media.picture(name).stat().st_size


def test_files_are_chosen_and_dropped_and_seen_with_their_previews(site: Site) -> None:
    root = site.project["root"]
    page = opened(site, root)
    choose(page, "chelsea.png", "rocket.jpg", "coffee.png")
    wait_title(page, "3 files are in Mine")
    item = site.call("GET", f"/folders/{root}/children")["items"][0]
    page.evaluate(DROP, ["dropped.png", f"/api/v1/items/{item['id']}/content"])
    wait_title(page, "4 files are in Mine")
    page.wait_for_function("() => document.querySelectorAll('m-grid .pic.image.loaded').length === 4")
    page.wait_for_function("() => document.querySelector('#folder-counts').textContent.includes('4 items')")
    assert barriers(page) == []
    names = ("chelsea.png", "coffee.png", "rocket.jpg")
    assert site.items(root) == {name: size(name) for name in names} | {"dropped.png": size("chelsea.png")}


def test_a_taken_name_is_asked_about_and_each_answer_counts(site: Site, tmp_path: Path) -> None:
    root = site.project["root"]
    page = opened(site, root)
    choose(page, "chelsea.png", "rocket.jpg", "coffee.png")
    wait_title(page, "3 files are in Mine")
    page.click(".tray button:has-text('Close')")
    others = [tmp_path / name for name in ("chelsea.png", "rocket.jpg", "coffee.png")]
    for other in others:
        other.write_bytes(b"other bytes")
    page.set_input_files(CHOOSER, [str(other) for other in others])
    for answer in ("Replace", "Keep both", "Skip"):
        page.click(f"dialog button:has-text('{answer}')")
    wait_title(page, "2 files are in Mine")
    assert site.items(root) == {
        "chelsea.png": 11,
        "coffee.png": size("coffee.png"),
        "rocket (2).jpg": 11,
        "rocket.jpg": size("rocket.jpg"),
    }
    page.wait_for_selector("m-grid a[title='rocket (2).jpg']")


def test_what_is_put_into_the_trash_is_seen_there_and_comes_back(site: Site) -> None:
    root = site.project["root"]
    page = opened(site, root)
    choose(page, "coffee.png")
    page.click("m-grid a[title='coffee.png']")
    page.click("text=Move to trash")
    page.click("dialog[open] button.main")
    page.wait_for_selector("m-grid .tile.folders, m-grid .folders a[href]")
    page.check("input[name=state]")
    page.wait_for_selector(".tile.gone:has-text('In the trash')")
    page.click("[aria-label='Restore coffee.png']")
    page.wait_for_selector("m-grid .empty:has-text('Nothing is gone here')")
    page.uncheck("input[name=state]")
    page.wait_for_selector("m-grid a[title='coffee.png'] .pic.loaded")


def test_a_folder_that_shows_a_read_only_store_takes_no_files(site: Site) -> None:
    page = opened(site, site.mirror["folder"])
    assert page.locator(CHOOSER).count() == 0
    page.click("text=Put files here")
    page.wait_for_selector("dialog[open]:has-text('moorage store change reef --writable')")
    assert barriers(page) == []
    answer = ask(
        "PUT",
        f"{site.server.address}/api/v1/folders/{site.mirror['folder']}/items?name=a.jpg",
        b"x",
        Authorization=f"Bearer {site.token}",
    )
    assert (answer.status, answer.json["advice"][:6]) == (403, "Upload")


def test_a_file_that_was_on_its_way_when_the_server_was_killed_can_be_tried_again(site: Site, tmp_path: Path) -> None:
    root = site.project["root"]
    page = opened(site, root)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(64_000_000))
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.set_input_files(CHOOSER, str(large))
    page.wait_for_function("() => document.querySelector('.tray-list progress')?.value > 1_000_000")
    site.server.stop(signal.SIGKILL)
    page.wait_for_selector(".tray-reason:has-text('The connection to the server was lost. Nothing half sent is kept.')")
    site.server.start()
    assert site.items(root) == {}
    network.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    page.click("[aria-label='Try again: large.bin']")
    wait_title(page, "1 file is in Mine")
    assert site.items(root) == {"large.bin": 64_000_000}
