"""Nothing on a folder's page moves while a mirror of thousands of files fills it, with the product itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pyvips
from playwright.sync_api import Browser, Page

from servers.moorage import PASSWORD, Moorage, ask

pytestmark = pytest.mark.xdist_group("browser-still")

FILES: Final = 5000
WATCH: Final = """
  window.shifts = [];
  const name = ({ node, previousRect: from, currentRect: to }) =>
    `${node?.nodeName} of ${node?.parentElement?.className} ${node?.textContent?.slice(0, 40)}: ${from.y} to ${to.y}`;
  const add = list => list.getEntries().forEach(one => window.shifts.push([one.value, one.sources.map(name)]));
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"""
PREVIEWS: Final = "() => document.querySelectorAll('m-grid .pic.loaded').length > 3"


@dataclass(frozen=True, slots=True)
class Site:
    """A server, a token for it, and a browser that is signed in."""

    server: Moorage
    token: str
    root: Path
    state: Any

    def call(self, method: str, path: str, **body: Any) -> Any:
        answer = ask(method, f"{self.server.address}/api/v1{path}", body, Authorization=f"Bearer {self.token}")
        assert answer.status < 300, answer.body
        return answer.json


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A store that may be written to, with nothing in it yet."""
    home = tmp_path_factory.mktemp("still")
    root = home / "media"
    root.mkdir()
    with Moorage(home / "data") as server:
        context = browser.new_context(base_url=server.address)
        page = context.new_page()
        page.goto(f"/sign-in/{server.link}")
        page.click("main button")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main button")
        page.wait_for_selector("nav")
        made = Site(server, server.token(), root, context.storage_state())
        context.close()
        made.call("POST", "/stores", name="reef", provider="disk", root=str(root), read_only=False)
        yield made


def fill(place: Path) -> None:
    """Thousands of small pictures, some in folders."""
    colours = [(n * 20 % 255, n * 53 % 255, n * 91 % 255) for n in range(12)]
    data = [(pyvips.Image.black(160, 120, bands=3) + list(one)).cast("uchar").jpegsave_buffer() for one in colours]
    for folder in (place, *(place / f"dive-{n}" for n in range(7))):
        folder.mkdir(exist_ok=True)
    for n, picture in zip(range(FILES), itertools.cycle(data), strict=False):
        (place / ("" if n % 5 else f"dive-{n % 7}") / f"{n:05d}.jpg").write_bytes(picture)


def wait_counts(page: Page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('#folder-counts').textContent.includes(text)", arg=text)


@pytest.mark.parametrize(
    ("width", "height"),
    [(390, 844), pytest.param(1366, 768, marks=pytest.mark.soak), pytest.param(1920, 1080, marks=pytest.mark.soak)],
)
def test_nothing_moves_while_a_mirror_fills_the_folder_and_files_are_put_into_it(
    browser: Browser, site: Site, width: int, height: int
) -> None:
    place = site.root / f"{width}"
    place.mkdir()
    mirror = site.call("POST", "/mirrors", store="reef", prefix=f"{width}/", project=str(width), create_project=True)
    context = browser.new_context(
        base_url=site.server.address, storage_state=site.state, viewport={"width": width, "height": height}
    )
    context.set_default_timeout(30_000)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(f"/folders/{mirror['folder']}")
    page.wait_for_selector("m-grid .empty:has-text('yet. Is the prefix right?')")

    fill(place)
    job = site.call("POST", f"/mirrors/{mirror['id']}/reindex")["job"]
    site.call("POST", f"/jobs/{job}/pause")
    page.wait_for_selector(".news-job:has-text('paused')")
    site.call("POST", f"/jobs/{job}/resume")
    page.wait_for_selector(".news-job", state="detached")
    page.wait_for_function(PREVIEWS)
    wait_counts(page, "7 folders 4,000 items")
    wait_counts(page, "in all 5,000 items")

    (place / "00001.jpg").unlink()
    site.call("POST", f"/mirrors/{mirror['id']}/reindex")
    wait_counts(page, "7 folders 3,999 items")

    page.set_input_files("m-upload input", {"name": "0.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    page.wait_for_selector(".tray-title:has-text('1 file is in')")
    wait_counts(page, "7 folders 4,000 items")
    wait_counts(page, "in all 5,000 items")
    assert page.locator("m-grid a[title='0.jpg']").count() == 1
    assert page.evaluate("window.shifts") == []

    page.evaluate("document.querySelector('main').prepend(document.createElement('hr'))")
    page.wait_for_function("() => window.shifts.length", timeout=5000)  # the browser does tell of what moves
    context.close()
