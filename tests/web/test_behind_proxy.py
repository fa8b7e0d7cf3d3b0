"""Behind a proxy that ends TLS, below a path: a person signs in, browses, and plays a video."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

import moving
from browser.conftest import ARGUMENTS
from servers.moorage import PASSWORD, Moorage, ask
from servers.nginx import free_port, tls_proxy


@dataclass
class Site:
    """A server as a browser reaches it."""

    server: Moorage
    page: Page
    complaints: list[str]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "media").mkdir()
    moving.film(tmp_path / "media" / "reef.webm", "libvpx", seconds=6)
    port = free_port()
    settings = {"MOORAGE_PUBLIC_URL": f"https://localhost:{port}/moorage"}
    with Moorage(tmp_path / "data", settings) as server:
        behind = _listening(server)
        with tls_proxy(tmp_path, port=port, behind=behind, path="/moorage"), sync_playwright() as playwright:
            found = shutil.which("chromium")
            assert found is not None
            browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
            page = browser.new_context(ignore_https_errors=True).new_page()
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            yield Site(server, page, complaints)
            browser.close()


def _listening(server: Moorage) -> int:
    import psutil

    assert server.process is not None
    (one,) = [c for c in psutil.Process(server.process.pid).net_connections("tcp") if c.status == "LISTEN"]
    return int(one.laddr.port)


def test_a_person_signs_in_browses_and_plays_a_video(site: Site, tmp_path: Path) -> None:
    server, page = site.server, site.page
    here = server.address
    assert here.startswith("https://localhost:")
    assert here.endswith("/moorage")

    page.goto(f"{here}/sign-in/{server.link}")
    page.locator("main form button").click()
    page.wait_for_url(f"{here}/password")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main form button").click()
    page.wait_for_url(f"{here}/")
    (cookie,) = page.context.cookies()
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/moorage")

    made = page.evaluate(
        """async ([base, root]) => {
          const send = async (path, body) => (await fetch(base + path, {
            method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)})).json();
          await send('/api/v1/stores', {name: 'films', provider: 'disk', root});
          return send('/api/v1/mirrors', {store: 'films', project: 'Films', create_project: true});
        }""",
        [here, str(tmp_path / "media")],
    )
    page.goto(f"{here}/jobs/{made['job']}")
    page.get_by_text("succeeded", exact=False).first.wait_for(timeout=15_000)

    page.goto(f"{here}/")
    page.locator("main").get_by_text("Films", exact=True).click()
    page.locator("m-grid").get_by_text("films", exact=True).click()
    page.locator("m-grid").get_by_text("reef.webm", exact=True).click()
    page.wait_for_url(f"{here}/items/*")
    video = page.locator("video")
    video.wait_for()
    video.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")
    video.evaluate("video => { video.currentTime = 4; }")
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); return !v.seeking && v.currentTime >= 4; }"
    )
    assert site.complaints == []


def test_links_and_origins_come_from_the_public_address_only(site: Site) -> None:
    direct = f"http://127.0.0.1:{_listening(site.server)}"
    token = site.server.token()
    made = ask(
        "POST",
        f"{direct}/api/v1/users",
        {"email": "a@example.org"},
        Authorization=f"Bearer {token}",
        Host="evil.example",
    )
    assert made.json["link"]["url"].startswith(f"{site.server.address}/sign-in/")
    assert ask("GET", f"{direct}/moorage/healthz").status == 200
    assert ask("GET", f"{direct}/healthz").status == 200
