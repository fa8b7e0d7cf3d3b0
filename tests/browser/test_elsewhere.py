"""The lines that an item's page offers, copied with a browser and run against the product, for names that bite."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from browser.axe import barriers
from servers.moorage import PASSWORD, Moorage, ask

pytestmark = pytest.mark.xdist_group("browser-elsewhere")

NAMES: Final = (
    b"plain.txt", b"it's \"quoted\" & $HOME `id` $(id).txt", b"line\nbreak !$ !!.txt",
    b"-o #1 {a,b} [1-9] back\\slash.txt", b"\x03\x1b[201~; exit 7\n.txt", b"\xff\xfe not UTF-8.txt",
    "写真 \u202e é.txt".encode(),
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "odd names"
    place.mkdir()
    for name in NAMES:
        (place / os.fsdecode(name)).write_bytes(b"the bytes of " + name)
    return place


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Moorage]:
    with Moorage(tmp_path / "data") as started:
        yield started


@pytest.fixture
def page(browser: Browser, server: Moorage) -> Iterator[Page]:
    context = browser.new_context(base_url=server.address, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(30_000)
    opened = context.new_page()
    opened.goto(f"/sign-in/{server.link}")
    opened.click("main button")
    for field in ("#password", "#again"):
        opened.fill(field, PASSWORD)
    opened.click("main button")
    opened.wait_for_selector("form.show")
    yield opened
    context.close()


@dataclass
class Shown:
    """The folder as the server shows it: a mirror."""

    address: str
    token: str
    mirror: str
    folder: str

    def ask(self, method: str, path: str) -> Any:
        return ask(method, f"{self.address}/api/v1{path}", Authorization=f"Bearer {self.token}").json

    def items(self, count: int) -> list[dict[str, Any]]:
        """Its items, once there are so many."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            items = self.ask("GET", f"/folders/{self.folder}/children")["items"]
            if len(items) == count:
                return list(items)
            time.sleep(0.1)
        raise AssertionError(f"there were never {count}")

    def id_of(self, name: str) -> str:
        return next(str(one["id"]) for one in self.items(len(NAMES)) if one["name"] == name)


@pytest.fixture
def shown(server: Moorage, root: Path) -> Shown:
    token = server.token()
    made = ask("POST", f"{server.address}/api/v1/mirrors", {"address": str(root)}, Authorization=f"Bearer {token}").json
    return Shown(server.address, token, made["id"], made["folder"])


def copied(page: Page, item: str, line: str) -> str:
    page.goto(f"/items/{item}")
    page.click(f"[aria-label='Copy the {line}']")
    page.wait_for_selector(".notice:has-text('Copied.')")
    return str(page.evaluate("navigator.clipboard.readText()"))


def only_file(place: Path) -> tuple[bytes, bytes]:
    """Name and bytes of the one file in a folder."""
    (file,) = place.iterdir()
    return os.fsencode(file.name), file.read_bytes()


def test_what_is_copied_downloads_the_file_under_its_own_name(page: Page, shown: Shown, tmp_path: Path) -> None:
    environment = {"MOORAGE_TOKEN": shown.token, "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    found = []
    for item in shown.items(len(NAMES)):
        shell, python = tmp_path / f"shell-{item['id']}", tmp_path / f"python-{item['id']}"
        for place in (shell, python):
            place.mkdir()
        curl = copied(page, item["id"], "curl line")
        # Interactive: a history is expanded there, and what a pasted line leaves open would wait for more.
        typed = subprocess.run(
            ["bash", "--norc", "-i"], input=f"{curl}\necho done $?\n".encode(), cwd=shell, env=environment,
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        assert typed.stdout.endswith(b"done 0\n"), typed.stderr
        lines = copied(page, item["id"], "Python line")
        said = subprocess.run(
            [sys.executable, "-W", "error", "-c", lines], cwd=python, env=environment,
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert (said.returncode, said.stderr) == (0, b"")
        assert only_file(shell) == only_file(python)
        found.append(only_file(shell))
    assert sorted(found) == sorted((name, b"the bytes of " + name) for name in NAMES)


def test_a_signed_url_from_the_page_reads_without_signing_in(page: Page, shown: Shown) -> None:
    page.goto(f"/items/{shown.id_of('plain.txt')}")
    page.click("[aria-label='Make a signed URL and copy it']")
    page.wait_for_selector("m-signed [role=status]:has-text('Works until')")
    answer = ask("GET", page.evaluate("navigator.clipboard.readText()"))
    assert (answer.status, answer.body) == (200, b"the bytes of plain.txt")


def test_a_hidden_item_is_restored_from_its_page(page: Page, shown: Shown) -> None:
    item = shown.id_of("plain.txt")
    shown.ask("DELETE", f"/items/{item}")
    page.goto(f"/items/{item}")
    page.wait_for_selector(".banner:has-text('was hidden')")
    page.click(".banner button")
    page.wait_for_selector("m-signed")
    assert shown.ask("GET", f"/items/{item}")["state"] == "live"


def test_the_page_of_a_vanished_item_tells_until_when_it_can_be_restored(page: Page, shown: Shown, root: Path) -> None:
    item = shown.id_of("plain.txt")
    (root / "plain.txt").unlink()
    shown.ask("POST", f"/mirrors/{shown.mirror}/reindex")
    shown.items(len(NAMES) - 1)
    page.goto(f"/items/{item}")
    page.wait_for_selector(".banner:has-text('gone from its store')")
    gone, forgotten = page.locator(".banner time").evaluate_all("all => all.map(one => Date.parse(one.dateTime))")
    assert forgotten - gone == 30 * 24 * 3600 * 1000
    assert barriers(page) == []
    page.click(".banner button")
    page.wait_for_selector("m-signed")
    assert shown.ask("GET", f"/items/{item}")["state"] == "live"
