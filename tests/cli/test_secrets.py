"""`moorage secrets`, on a data directory without a server."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cli.conftest import Run


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    run("user", "add", "ada@reef.example", "--role", "admin")
    return tmp_path / "data" / "secret.key"


def test_rotate_leaves_one_new_key_and_says_that_signed_urls_end(run: Run, key: Path) -> None:
    before = key.read_text()
    ran = run("secrets", "rotate")
    assert (ran.code, ran.out) == (0, "")
    assert str(key) in ran.err
    assert "Signed URLs made with the old key no longer work" in ran.err
    assert len(key.read_text().split()) == 1
    assert key.read_text() != before
    assert json.loads(run("secrets", "rotate", "--json").out) == {"key_file": str(key)}
    assert run("user", "ls").code == 0


def test_reset_asks_first_and_in_a_pipe_wants_to_be_told(run: Run, key: Path) -> None:
    key.unlink()
    ran = run("secrets", "reset")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert not key.exists()
    ran = run("secrets", "reset", "--yes")
    assert (ran.code, ran.out) == (0, "")
    assert "No store had credentials" in ran.err
    assert run("user", "ls").out.count("ada@reef.example") == 1


class Terminal(io.StringIO):
    """A person who types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("y\n", 0)])
def test_on_a_terminal_reset_asks_and_does_nothing_without_a_yes(
    run: Run, key: Path, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    key.unlink()
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    ran = run("secrets", "reset")
    assert (ran.code, key.exists()) == (code, code == 0)
    assert "Forget the credentials of all stores" in ran.err


def test_reset_with_the_right_key_changes_nothing(run: Run, key: Path) -> None:
    before = key.read_text()
    ran = run("secrets", "reset", "--yes")
    assert ran.code == 8
    assert "secrets rotate" in ran.err
    assert key.read_text() == before


def test_without_a_catalogue_there_is_nothing_to_rotate(run: Run, tmp_path: Path) -> None:
    assert run("secrets", "rotate", "--data", str(tmp_path / "none")).code == 3
    assert not (tmp_path / "none").exists()
