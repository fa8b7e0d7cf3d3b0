"""Commands on the server's own machine: whoever may read the data directory is signed in and knows where it answers."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from servers.moorage import Moorage, ask


def test_commands_find_the_server_of_the_data_directory_and_need_no_token(tmp_path: Path) -> None:
    """The port is a free one: only the lock file tells it."""
    with Moorage(tmp_path / "data") as server:
        done = server.run("project", "create", "Reef", "--json", MOORAGE_URL="")
        assert json.loads(done.stdout)["name"] == "Reef"
        assert server.run("project", "ls", MOORAGE_URL="").stdout.split()[1] == "Reef"
        audit = ask("GET", f"{server.address}/api/v1/audit", Authorization=f"Bearer {_bearer(tmp_path / 'data')}").json
        assert (audit["audit"][0]["email"], audit["audit"][0]["action"]) == ("admin@localhost", "project.add")


def test_the_bearer_ends_with_the_server_and_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Moorage(data) as server:
        old = _bearer(data)
        assert stat.S_IMODE((data / "moorage.lock").stat().st_mode) == 0o600
        assert old not in server.log()
    with Moorage(data) as server:
        assert _bearer(data) != old
        assert ask("GET", f"{server.address}/api/v1/projects", Authorization=f"Bearer {old}").status == 401


def test_another_server_is_never_told_the_bearer(tmp_path: Path) -> None:
    """A lock file names one server; to any other address the command goes as nobody."""
    with Moorage(tmp_path / "mine") as mine, Moorage(tmp_path / "other") as other:
        done = mine.run("project", "ls", "--url", other.address, check=False)
        assert done.returncode == 4
        assert "MOORAGE_TOKEN" in done.stderr
        assert mine.run("project", "ls", "--url", mine.address).returncode == 0


def test_a_stopped_server_is_said_to_be_stopped(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        pass
    done = server.run("project", "ls", "--url", server.address, check=False)
    assert done.returncode == 5
    assert "moorage serve" in done.stderr


def _bearer(data: Path) -> str:
    return (data / "moorage.lock").read_text().splitlines()[3]
