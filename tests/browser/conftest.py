"""A browser and a server of sample pages; every page fails its test on a console error or a refused inline style."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from browser import sample
from browser.harness import Harness, running

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--process-per-site",
    # Pages of the browser's own, two for each tab, which cost as much as ours.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,HttpsUpgrades,PaintHolding",
)
LAPTOP: Final = ViewportSize(width=1366, height=768)
EXPECTED = tuple(f"status of {status}" for status in (401, 403, 404, 409, 413, 422, 503))
Opener = Callable[..., Page]


@pytest.fixture(scope="package")
def harness() -> Iterator[Harness]:
    with running() as server:
        yield server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("Chromium is missing. Install it: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> dict[str, BrowserContext]:
    """One for each colour scheme: what is static is loaded once for all tests."""
    return {}


@pytest.fixture
def open_page(browser: Browser, contexts: dict[str, BrowserContext], harness: Harness) -> Iterator[Opener]:
    """Opens a path in a tab of its own; when a test ends all tabs are closed, and what they were allowed is gone."""
    complaints: list[str] = []
    harness.clear()
    jobs = list(sample.JOBS)

    def opened(path: str, *, width: int = 1366, height: int = 768, scheme: Any = "light", wait: str = "") -> Page:
        if scheme not in contexts:
            contexts[scheme] = browser.new_context(color_scheme=scheme, reduced_motion="reduce", viewport=LAPTOP)
            contexts[scheme].set_default_timeout(30_000)
        page = contexts[scheme].new_page()
        if (size := ViewportSize(width=width, height=height)) != LAPTOP:
            page.set_viewport_size(size)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(harness.address + path)
        if wait:
            page.wait_for_selector(wait)
        return page

    yield opened
    sample.JOBS[:] = jobs
    for context in contexts.values():
        for page in context.pages:
            page.close()
        context.clear_permissions()
        context.clear_cookies()
    assert [text for text in complaints if not any(part in text for part in EXPECTED)] == []
