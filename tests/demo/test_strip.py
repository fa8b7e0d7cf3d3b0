"""The five things to try: read from the page, put into a shell as they stand, and held to what they promise."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import media
from demo.running import Demo
from servers.moorage import Moorage, ask, clean_environment

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]
FILES = 20_000
LINE = re.compile(r"<code data-line[^>]*>(.*?)</code>", re.DOTALL)
READY = re.compile(r"<code data-ready[^>]*>(.*?)</code>", re.DOTALL)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo's directory with few pictures, as if made by an earlier run; test_run has all of them made."""
    home = tmp_path_factory.mktemp("demo") / "my demo's data"
    for folder in ("generated", "videos"):
        (home / "media" / folder).mkdir(parents=True)
    for number in range(3):
        shutil.copy(media.picture("rocket.jpg"), home / "media" / "generated" / f"{number} it's noon.jpg")
    shutil.copy(media.picture("moov-at-end.mp4"), home / "media" / "videos" / "pan, index at the end.mp4")
    for mark in (".moorage-demo", ".media-ready"):
        (home / mark).touch()
    return home


@pytest.fixture(scope="module")
def demo(home: Path) -> Iterator[Demo]:
    with Demo.of(home) as one:
        yield one


def token_of(home: Path) -> str:
    return (home / "header").read_text().split()[-1]


def folders_of(home: Path) -> list[str]:
    return list(json.loads((home / "strip.json").read_text())["folders"])


def page_of(demo: Demo, home: Path, folder: str) -> str:
    got = ask("GET", f"{demo.address}/folders/{folder}", Authorization=f"Bearer {token_of(home)}")
    assert got.status == 200
    return got.body.decode()


def lines_of(page: str) -> tuple[str, list[str]]:
    """The line that readies a shell, and the others, as the copy buttons have them too."""
    ready, lines = READY.search(page), [html.unescape(one) for one in LINE.findall(page)]
    assert ready is not None
    copied = {html.unescape(one) for one in re.findall(r'<m-copy value="([^"]*)"', page)}
    assert copied >= {html.unescape(ready[1]), *lines}
    return html.unescape(ready[1]), lines


def pasted(ready: str, line: str) -> subprocess.CompletedProcess[str]:
    """What a shell says that got the two lines."""
    return subprocess.run(
        ["bash", "-c", f"{ready}\n{line}"],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_page_of_the_project_and_of_its_folder_offers_five_lines(demo: Demo, home: Path) -> None:
    pages = [page_of(demo, home, folder) for folder in folders_of(home)]
    assert len(pages) == 2
    assert lines_of(pages[0]) == lines_of(pages[1])
    assert len(lines_of(pages[0])[1]) == 5
    assert f"--files {FILES}" in lines_of(pages[0])[1][2]


def test_the_token_is_its_owners_alone_and_replaced_at_each_start(demo: Demo, home: Path) -> None:
    for name in ("env", "header", "strip.json"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    tokens: Any = ask("GET", f"{demo.address}/api/v1/tokens", Authorization=f"Bearer {token_of(home)}").json
    (ours,) = [one for one in tokens["tokens"] if one["name"] == "demo"]
    assert ours["expires"] is not None
    assert token_of(home) not in (home / "strip.json").read_text()


def test_a_lost_file_becomes_a_tombstone_and_is_restored_under_its_id(demo: Demo, home: Path) -> None:
    ready, lines = lines_of(page_of(demo, home, folders_of(home)[0]))
    before = sorted(path for path in home.glob("media/**/*"))
    ran = pasted(ready, lines[0])
    assert ran.returncode == 0, ran.stderr
    (gone,) = [line.split("\t") for line in ran.stdout.splitlines() if ".jpg" in line]
    assert "1 vanished" in ran.stderr
    item = ask("GET", f"{demo.address}/api/v1/items/{gone[1]}", Authorization=f"Bearer {token_of(home)}").json
    assert (item["name"], item["state"]) == (gone[0], "live")
    assert sorted(path for path in home.glob("media/**/*")) == before


def test_a_range_of_a_video_is_answered_with_that_many_bytes(demo: Demo, home: Path) -> None:
    ready, lines = lines_of(page_of(demo, home, folders_of(home)[0]))
    asked = re.search(r"-r (\d+)-(\d+)", lines[1])
    assert asked is not None
    assert pasted(ready, lines[1]).stdout == f"206, {int(asked[2]) - int(asked[1]) + 1} bytes\n"
    assert int(asked[1]) > 0


def test_a_server_that_is_killed_in_an_index_is_started_again_and_goes_on(demo: Demo, home: Path) -> None:
    ready, lines = lines_of(page_of(demo, home, folders_of(home)[0]))
    files = FILES // 4
    ran = pasted(ready, lines[2].replace(str(FILES), str(files)))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"kill -9 \d+: the server is gone, in the middle of the job, at [1-9],000", ran.stdout)
    assert f"{files:,} of {files:,} files are in the catalogue, none twice." in ran.stdout
    assert ask("GET", f"{demo.address}/healthz").status == 200  # at the same address


def test_a_signed_url_opens_without_signing_in(demo: Demo, home: Path) -> None:
    ready, lines = lines_of(page_of(demo, home, folders_of(home)[0]))
    assert pasted(ready, lines[3]).stdout == "200 image/jpeg\n"


def test_the_same_picture_is_read_from_python(demo: Demo, home: Path) -> None:
    ready, lines = lines_of(page_of(demo, home, folders_of(home)[0]))
    ran = pasted(ready, lines[4])
    assert re.fullmatch(r".+\.jpg \d+ ffd8ff[0-9a-f]{2}\n", ran.stdout), ran.stderr


def test_an_installation_that_is_no_demo_has_no_trace_of_it(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        token = f"Bearer {server.token()}"
        made = ask("POST", f"{server.address}/api/v1/projects", {"name": "Reef"}, Authorization=token).json
        page = ask("GET", f"{server.address}/folders/{made['root']}", Authorization=token).body.decode()
    assert "Things to try" not in page
    assert "demo" not in page


def test_it_is_closed_by_an_admin_for_good(demo: Demo, home: Path) -> None:
    """Last of this file: it stops the demo and starts it again."""
    viewer = ask(
        "POST",
        f"{demo.address}/api/v1/tokens",
        {"name": "viewer", "role": "viewer"},
        Authorization=f"Bearer {token_of(home)}",
    ).json["token"]
    folder = folders_of(home)[0]
    seen = ask("GET", f"{demo.address}/folders/{folder}", Authorization=f"Bearer {viewer}")
    assert seen.status == 200
    assert not LINE.search(seen.body.decode())
    assert ask("DELETE", f"{demo.address}/api/v1/strip", Authorization=f"Bearer {viewer}").status == 403
    assert LINE.search(page_of(demo, home, folder))
    for _ in range(2):
        assert ask("DELETE", f"{demo.address}/api/v1/strip", Authorization=f"Bearer {token_of(home)}").status == 204
    assert not LINE.search(page_of(demo, home, folder))

    old = token_of(home)
    demo.__exit__(None, None, None)
    assert "killed (kill -9). Starting it again" in demo.text
    with Demo.of(home) as again:
        assert "found those of the last run" in again.text
        assert "it was there already" in again.text
        assert not LINE.search(page_of(again, home, folder))
        assert ask("GET", f"{again.address}/api/v1/stores", Authorization=f"Bearer {old}").status == 401
