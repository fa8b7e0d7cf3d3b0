"""The command line, run in this process against a toy server."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from client.toy import TOKEN, Toy, running
from moorage.cli.application import main
from moorage.client import Client
from servers.moorage import Moorage


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """A shell's background job ignores Ctrl-C and so would every command that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@dataclass(frozen=True)
class Served:
    """A real server, as commands of this process find it."""

    url: str
    token: str
    client: Client
    project: str
    """A new project."""

    @property
    def environ(self) -> dict[str, str]:
        """For commands in processes of their own."""
        return {"MOORAGE_URL": self.url, "MOORAGE_TOKEN": self.token}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Moorage, str]]:
    with Moorage(tmp_path_factory.mktemp("server") / "data") as started:
        yield started, started.token()


@pytest.fixture
def served(server: tuple[Moorage, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    started, token = server
    monkeypatch.setenv("MOORAGE_URL", started.address)
    monkeypatch.setenv("MOORAGE_TOKEN", token)
    with Client(started.address, token) as client:
        project = f"P-{tmp_path.name}"
        client.add_project(project)
        yield Served(started.address, token, client, project)
