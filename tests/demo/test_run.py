"""`make demo` and `make demo-clean`: from a fresh tree, without root, with little space, over SSH, and gone again."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.running import PROGRAMS, ROOT, Demo
from servers.moorage import Moorage, ask, clean_environment

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(600)]
PARTS = ("Makefile", "pyproject.toml", "README.md", "demo", "scripts", "requirements", "src")
READ = "+dac_read_search"  # it may read the tests' environment, wherever that lies
NOBODY = (
    ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", f"--inh-caps={READ}", f"--ambient-caps={READ}"]
    if os.geteuid() == 0
    else []
)


@pytest.fixture(scope="module")
def tree() -> Iterator[Path]:
    """A fresh copy of the tree that nobody owns, with an environment that stands for the one of the lock file."""
    with tempfile.TemporaryDirectory(prefix="moorage tree ") as name:
        copy = Path(name) / "copy"
        copy.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, copy / part)
        stand_in(copy)
        if NOBODY:
            subprocess.run(["chown", "-R", "nobody:nogroup", name], check=True)
        yield copy


def stand_in(copy: Path) -> None:
    """An environment that the Makefile takes for made, whose python is that of the tests."""
    (copy / ".venv" / "bin").mkdir(parents=True)
    python = copy / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    parts = ("requirements/server.lock", "pyproject.toml", "scripts/environment.sh")
    sums = "".join(f"{hashlib.sha256((copy / one).read_bytes()).hexdigest()}  {one}\n" for one in parts)
    (copy / ".venv" / ".made-from").write_text(f"{hashlib.sha256(sums.encode()).hexdigest()}  -")


def make(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NOBODY, "make", "-s", *words],
        cwd=tree,
        env=clean_environment() | own(tree),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


def own(tree: Path) -> dict[str, str]:
    """That the copy is run, and writes nothing beside its sources."""
    return {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


def all_below(place: Path) -> set[Path]:
    return {path for path in place.rglob("*") if ".venv" not in path.parts}


def script(name: str, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "demo" / name, *words],
        env=clean_environment() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.soak
def test_make_demo_runs_without_root_and_leaves_nothing(tree: Path) -> None:
    before = all_below(tree)
    words = ["PORT=18180", "DATA=its own data"]
    with Demo([*NOBODY, "make", "-s", "demo", *words], own(tree), cwd=tree) as demo:
        assert demo.said[0].startswith("Environment .venv ... found that of the last run")
        assert "24 generated pictures" in demo.text or not NOBODY
        for step in ("Pictures and videos", "Server on 127.0.0.1", "The folder as project Demo"):
            (line,) = [one for one in demo.said if one.startswith(step)]
            assert line.rstrip().endswith(" s)"), line
        assert ask("GET", demo.link).status == 200
        again = make(tree, "demo", *words)
        assert "runs already, as process" in again.stdout

        os.killpg(demo.process.pid, signal.SIGINT)  # type: ignore[union-attr]  # it runs
        demo.end(signal.SIGINT)
        assert "Stopped." in demo.text
        with socket.socket() as freed:
            assert freed.connect_ex(("127.0.0.1", demo.port)) != 0

    with Demo([*NOBODY, "make", "demo", *words], own(tree), cwd=tree) as demo:
        assert "found those of the last run" in demo.text
        cleaned = make(tree, "demo-clean", *words)
        assert cleaned.returncode == 0, cleaned.stdout
        assert "Stopped process" in cleaned.stdout
        with socket.socket() as freed:
            assert freed.connect_ex(("127.0.0.1", demo.port)) != 0
    assert all_below(tree) == before
    assert not (tree / ".venv").exists()
    assert "There is no" in make(tree, "demo-clean", *words).stdout


def test_a_server_that_a_killed_demo_left_behind_is_ended(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "server").mkdir(parents=True)
    with Moorage(home / "server", through=("env",)) as left:  # its command line is what it is known by
        (home / ".moorage-demo").touch()
        cleaned = script("clean.py", "--data", home, "--environment", tmp_path / "none")
        assert cleaned.returncode == 0, cleaned.stdout
        assert left.process is not None
        assert f"Stopped process {left.process.pid}." in cleaned.stdout
        assert left.process.wait(timeout=20) == 0
    assert not home.exists()


def test_what_the_demo_did_not_make_is_neither_used_nor_removed(tmp_path: Path) -> None:
    mine = tmp_path / "holiday.jpg"
    mine.write_bytes(b"mine")
    ran = script("run.py", "--data", tmp_path)
    assert (ran.returncode, mine.read_bytes()) == (1, b"mine")
    assert "was not made by the demo. Nothing was changed." in ran.stdout
    assert "make demo DATA=" in ran.stdout
    cleaned = script("clean.py", "--data", tmp_path, "--environment", tmp_path / "none")
    assert cleaned.returncode == 1
    assert "Nothing was removed" in cleaned.stdout
    (tmp_path / "link").symlink_to(tmp_path)
    assert script("clean.py", "--data", tmp_path / "link", "--environment", tmp_path / "none").returncode == 1
    assert mine.exists()


def test_a_process_that_is_not_the_demos_is_left_alone(tmp_path: Path) -> None:
    mark = tmp_path / ".moorage-demo"
    mark.touch()
    held = subprocess.Popen(
        ["flock", mark, "sh", "-c", f"echo $$ > '{mark}'; echo held; sleep 60"], stdout=subprocess.PIPE
    )
    assert held.stdout is not None
    held.stdout.readline()
    try:
        cleaned = script("clean.py", "--data", tmp_path, "--environment", tmp_path / "none")
        assert cleaned.returncode == 1
        assert "which is not the demo. Nothing was removed or stopped." in cleaned.stdout
        assert held.poll() is None
        assert mark.exists()
    finally:
        os.kill(int(mark.read_text()), signal.SIGTERM)
        held.wait(timeout=10)
        held.stdout.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "many"], "PORT=many is no port"),
        (["--port", "70000"], "PORT=70000 is no port"),
        (["--host", "192.0.2.7"], "HOST=192.0.2.7 is no address of this machine"),
        (["--host", "no such host"], "is no address of this machine"),
    ],
)
def test_a_port_or_host_that_cannot_be_is_told(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / ".moorage-demo").touch()
    (tmp_path / ".media-ready").touch()
    ran = script("run.py", "--data", tmp_path, *words)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert "Traceback" not in ran.stdout


def reaching(call: str, **settings: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", f"import reaching; print({call})"],
        cwd=ROOT / "demo",
        env=clean_environment() | settings,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_who_came_by_ssh_is_told_the_line_for_the_tunnel() -> None:
    came = {"SSH_CONNECTION": "198.51.100.4 50022 198.51.100.9 22", "SUDO_USER": "ada"}
    assert reaching("reaching.tunnel(8081)", **came) == "ssh -L 8081:127.0.0.1:8081 ada@198.51.100.9"
    came["SSH_CONNECTION"] = "198.51.100.4 50022 198.51.100.9 2222"
    assert reaching("reaching.tunnel(8081)", **came).startswith("ssh -p 2222 -L 8081:")
    assert reaching("reaching.tunnel(8081)", SSH_CONNECTION="") == ""
    assert reaching("reaching.public_host('127.0.0.1')") == "127.0.0.1"
    assert reaching("reaching.public_host('0.0.0.0')") not in ("0.0.0.0", "127.0.0.1", "")


def little_disk(place: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A command with a disk of 8 MiB mounted at ``place``, for itself only."""
    place.mkdir()
    mounted = 'mount -t tmpfs -o size=8m none "$1" && shift && exec "$@"'
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounted, "sh", place, "sh", "-c", command, "sh", place],
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_disk_without_space_is_told_before_anything_is_made(tmp_path: Path) -> None:
    ran = little_disk(tmp_path / "small", f'"{sys.executable}" demo/run.py --data "$1"')
    assert ran.returncode == 1
    assert "8 MiB are free" in ran.stdout or "7 MiB are free" in ran.stdout
    assert "make demo DATA=" in ran.stdout
    assert "Traceback" not in ran.stdout


@pytest.mark.soak
def test_an_environment_without_space_or_network_says_what_to_do(tmp_path: Path) -> None:
    base = Path(sys.base_prefix) / "bin" / "python3"
    full = little_disk(tmp_path / "small", f'scripts/environment.sh "$1/venv" requirements/server.lock "{base}"')
    assert full.returncode != 0
    assert "There is no space" in full.stdout
    away = subprocess.run(
        [ROOT / "scripts" / "environment.sh", tmp_path / "venv", "requirements/server.lock", base],
        env=clean_environment()
        | {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0"}
        | {"PIP_NO_CACHE_DIR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert away.returncode != 0
    assert "The last lines of" in away.stdout
    assert "pip could not reach its package index" in away.stdout
    assert not (tmp_path / "venv" / ".made-from").exists()


def test_the_demo_takes_the_next_free_port_and_its_kinds_of_media_are_all_there(tmp_path: Path) -> None:
    foreign = {"MOORAGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/real", "PATH": str(PROGRAMS)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        demo = Demo.of(tmp_path / "data", port=wanted, settings=foreign)  # settings of a real one are not its own
        with demo:
            assert f"Port {wanted} is taken; taking {demo.port}" in demo.text
            assert ask("GET", demo.link).status == 200
            assert demo.end(signal.SIGTERM) == 143
    with socket.socket() as freed:  # the server went with it
        assert freed.connect_ex(("127.0.0.1", demo.port)) != 0
    media = tmp_path / "data" / "media"
    kinds = {path.suffix for path in media.rglob("*.*")}
    assert {".jpg", ".mp4", ".mkv", ".webm", ".tif", ".gif", ".png"} <= kinds
    assert len(list((media / "generated").iterdir())) == 24
