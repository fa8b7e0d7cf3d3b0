"""The wheel in an empty environment: small, complete, a client at once, and clear about what a server needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import moorage
from servers.moorage import Moorage, ask, clean_environment

pytestmark = pytest.mark.xdist_group("wheel")
ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(moorage.__file__).parent
MOST_PACKAGES = 35
ASK_CLIENT = """
import sys
from moorage.client import Client
with Client(sys.argv[1], sys.argv[2]) as client:
    print(sorted(project.name for project in client.projects()))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds the base requirements and the wheel, nothing else."""

    home: Path

    def run(self, program: str, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in clean_environment().items() if not name.startswith("PYTHON")}
        return subprocess.run(
            [self.home / "bin" / program, *words],
            env=environment | settings,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, capture_output=True, timeout=120)
    lock = ROOT / "requirements" / "base.lock"
    for what in (("--require-hashes", "-r", lock), ("--no-deps", wheel)):
        ran = pip(home, "install", "--quiet", "--no-compile", *what)
        assert ran.returncode == 0, ran.stderr
    return Environment(home)


def pip(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """The pip of the tests upon that environment, which has none of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "--disable-pip-version-check", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moorage]:
    with Moorage(tmp_path_factory.mktemp("served") / "data") as one:
        yield one


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name.removeprefix("moorage/") for name in archive.namelist() if name.startswith("moorage/")}
    there = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert there <= held
    assert "py.typed" in held
    for folder in ("templates/", "static/", "database/migrations/versions/"):
        assert [name for name in held if name.startswith(folder)], folder


def test_the_base_installation_is_small_and_sound(environment: Environment) -> None:
    names = {row["name"] for row in json.loads(pip(environment.home, "list", "--format", "json").stdout)}
    assert "moorage" in names
    assert len(names) <= MOST_PACKAGES
    checked = pip(environment.home, "check")
    assert checked.returncode == 0, checked.stdout


def test_the_version_is_printed(environment: Environment) -> None:
    ran = environment.run("moorage", "--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"moorage {moorage.__version__}\n", "")


@pytest.mark.parametrize("command", ["serve", "worker", "doctor", "where"])
def test_what_needs_a_server_says_which_line_installs_it(environment: Environment, command: str) -> None:
    data = environment.home / "data"
    ran = environment.run("moorage", command, "--data", str(data))
    assert ran.returncode == 4
    assert "is not installed" in ran.stderr
    assert "pip install 'moorage[server]'" in ran.stderr
    assert not data.exists()


def test_the_client_and_the_commands_work_against_a_server(environment: Environment, server: Moorage) -> None:
    token = server.token()
    for name in ("Reef 2021", "Shelf"):
        made = ask("POST", f"{server.address}/api/v1/projects", {"name": name}, Authorization=f"Bearer {token}")
        assert made.status == 201, made.body
    asked = environment.run("python", "-c", ASK_CLIENT, server.address, token)
    assert (asked.stdout, asked.stderr) == ("['Reef 2021', 'Shelf']\n", "")
    ran = environment.run("moorage", "project", "ls", "--json", MOORAGE_URL=server.address, MOORAGE_TOKEN=token)
    assert sorted(json.loads(line)["name"] for line in ran.stdout.splitlines()) == ["Reef 2021", "Shelf"]
    assert ran.returncode == os.EX_OK
