"""A browser and a server of sample pages; every page fails its test on a console error or a refused inline style."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browser import sample
from browser.harness import Harness, running

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
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


@pytest.fixture
def open_page(browser: Browser, harness: Harness) -> Iterator[Opener]:
    """Opens a path in a context of its own; the same context for all tabs of one test."""
    complaints: list[str] = []
    context: list[Any] = []
    harness.clear()
    jobs = list(sample.JOBS)

    def opened(path: str, *, width: int = 1366, height: int = 768, scheme: Any = "light", wait: str = "") -> Page:
        if not context:
            context.append(
                browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
                )
            )
            context[0].set_default_timeout(10_000)
        page: Page = context[0].new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(harness.address + path)
        if wait:
            page.wait_for_selector(wait)
        return page

    yield opened
    sample.JOBS[:] = jobs
    for made in context:
        made.close()
    assert [text for text in complaints if not any(part in text for part in EXPECTED)] == []
