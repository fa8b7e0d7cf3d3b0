"""The README and the tutorial, pasted into a shell as they stand; only names of servers are those of this machine."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import media
from docs.executed import blocks, no_server_left, run
from servers import ceph
from servers.moorage import clean_environment
from stores.s3_bucket import admin

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ("anchor.jpg", "buoy.jpg", "coral.jpg", "diver.jpg")
LOCAL = "$(moorage where --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"public address\"])')"
"""The server of the test listens on a free port."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with pictures, beside a checkout in which ``make demo`` has run."""
    home = tmp_path / "home"
    shown = tmp_path / "checkout" / "demo-data" / "media" / "photographs"
    for folder in (home / "Pictures", shown):
        folder.mkdir(parents=True)
        for name in PICTURES:
            shutil.copy(media.picture("rocket.jpg"), folder / name)
    activate = tmp_path / "checkout" / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')
    return home


def pasted(page: str, home: Path, *, headings: tuple[str, ...] = (), names: dict[str, str] | None = None) -> list[str]:
    """What the shell blocks below these headings (none: all) of a page print."""
    texts = [
        block.text
        for block in blocks(ROOT / page)
        if block.language == "sh" and (not headings or block.heading in headings)
    ]
    for written, here in (names or {}).items():
        assert any(written in text for text in texts), written
        texts = [text.replace(written, here) for text in texts]
    kept = {name: value for name, value in clean_environment().items() if name in ("PATH", "LANG", "LC_ALL")}
    own = {"HOME": str(home), "MOORAGE_PORT": "0", "MOORAGE_DATA": str(home / "data")}
    with no_server_left(home):
        return run(texts, kept | own, home.parent / "checkout")


@contextmanager
def reef(name: str) -> Iterator[str]:
    """The bucket of the README on Ceph; the server's address."""
    server = ceph()
    client = admin(server)
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="dives/eel.jpg", Body=media.data("rocket.jpg"))
    try:
        yield server.endpoint
    finally:
        client.delete_object(Bucket=name, Key="dives/eel.jpg")
        client.delete_bucket(Bucket=name)
        client.close()


def test_the_readme_does_what_it_says(home: Path) -> None:
    """One's own folder, one's own bucket, then one line each of curl, command line and Python with a token."""
    server = ceph()
    credentials = {"access_key": server.access_key, "secret_key": server.secret_key}
    (home / "reef.json").write_text(json.dumps(credentials))
    with reef("reef-2021") as endpoint:
        said = pasted(
            "README.md",
            home,
            headings=("Your own folder", "Your own bucket", "From your programs"),
            names={"https://s3.example.org:9000": endpoint, "http://127.0.0.1:8080": LOCAL},
        )
    _, folder, bucket, programs = said
    assert set(PICTURES) <= set(folder.split()), folder
    assert bucket.endswith("Reef/dives/eel.jpg\n"), bucket
    assert programs.count('"url"') == len(PICTURES), programs
    assert all(f"{name} {len(media.data('rocket.jpg'))}" in programs for name in PICTURES), programs


def test_the_tutorial_does_what_it_says(home: Path) -> None:
    said = pasted("docs/tutorial.md", home)
    assert any(line.startswith("anchor.jpg\t") for line in said[4].splitlines()), said
    assert "signature=" in said[7], said
    assert (home / "fetched.jpg").read_bytes() == media.data("rocket.jpg")
    assert sorted(one.name for one in (home / "tutorial" / "reef").iterdir()) == sorted(PICTURES)
