"""Ctrl-C while something large is copied: it ends at once, and nothing of it is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cli.conftest import Served
from cli.terminal import at_terminal

LARGE = 4 << 30


def interrupted(served: Served, cwd: Path, *words: str) -> int:
    """The exit code of a copy that a person gives up once bytes go."""
    with at_terminal("cp", *words, environ=served.environ, cwd=cwd) as person:
        person.expects(" MB, ")
        os.kill(person.process.pid, signal.SIGINT)
        code = person.ends()
    assert "Traceback" not in person.seen
    return code


def large(path: Path) -> Path:
    """A file of many bytes that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


@pytest.mark.soak
def test_an_upload_that_is_given_up_leaves_no_item(served: Served, tmp_path: Path) -> None:
    large(tmp_path / "large.bin")
    assert interrupted(served, tmp_path, "large.bin", f"{served.project}/") == 130
    assert list(served.client.sign_urls(served.project)) == []


@pytest.mark.soak
def test_a_download_that_is_given_up_leaves_no_file(served: Served, tmp_path: Path) -> None:
    store = f"i{abs(hash(tmp_path))}"
    served.client.add_store(store, "disk", root=str(large(tmp_path / "root" / "large.bin").parent))
    (tmp_path / "down").mkdir()
    assert interrupted(served, tmp_path, f"{store}:large.bin", "./down/") == 130
    assert list((tmp_path / "down").iterdir()) == []
