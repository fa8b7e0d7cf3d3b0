"""The command line, run in this process against a toy server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.toy import TOKEN, Toy, running
from moorage.cli.application import main


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOORAGE_DATA", str(tmp_path / "data"))

    def runner(*words: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(list(words))
        written = capsys.readouterr()
        return Ran(int(left.value.code or 0), written.out, written.err)

    return runner


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    with running() as server:
        monkeypatch.setenv("MOORAGE_URL", server.url)
        monkeypatch.setenv("MOORAGE_TOKEN", TOKEN)
        yield server
