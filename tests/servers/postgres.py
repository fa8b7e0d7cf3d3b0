"""A private PostgreSQL cluster for tests: Debian's binaries, a unix socket in a temporary folder, no port."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

UNPRIVILEGED = "postgres"
"""The user that runs the server where the tests run as root, which PostgreSQL refuses."""
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "deadlock_timeout": "100ms",
}


def binaries() -> Path:
    """The folder of the newest PostgreSQL server that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if not found:
        raise RuntimeError("No PostgreSQL server is installed: apt-get install postgresql-15")
    return found[-1].parent


@dataclass(frozen=True)
class Cluster:
    """A running server that listens on ``socket`` only."""

    socket: Path
    bin: Path

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://moorage@/{database}?host={quote(str(self.socket))}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a new, empty database; dropped at the end, whoever is still connected."""
        name = f"test_{secrets.token_hex(6)}"
        self._run("createdb", name)
        try:
            yield self.url(name)
        finally:
            self._run("dropdb", "--force", name)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), "-h", str(self.socket), "-U", "moorage", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def running(settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Start a new cluster; stop it and remove its files at the end."""
    home = Path(tempfile.mkdtemp(prefix="moorage-postgres-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    bin_ = binaries()
    data = home / "data"
    options = " ".join(f"-c {name}='{value}'" for name, value in {**_SETTINGS, **(settings or {})}.items())
    try:
        _run(user, home, bin_ / "initdb", "-D", data, "-U", "moorage", "-A", "trust", "-E", "UTF8", "--no-sync")
        _run(user, home, bin_ / "pg_ctl", "-D", data, "-l", home / "log", "-w", "-o", f"{options} -k {home}", "start")
        try:
            yield Cluster(home, bin_)
        finally:
            _run(user, home, bin_ / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home)


def _run(user: str | None, home: Path, *command: Path | str) -> None:
    # Output goes to a file: a server that inherits a pipe would keep it open.
    with (home / "output").open("wb") as output:
        subprocess.run(
            command,
            check=True,
            cwd=home,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=120,
        )
