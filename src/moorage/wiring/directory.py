"""The data directory: what lies in it, who holds it, and whether it may be used at all."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from moorage.model.errors import Conflict, Invalid
from moorage.settings import Settings

CATALOGUE: Final = "catalogue.db"
_OURS: Final = frozenset(
    {CATALOGUE, "secret.key", "moorage.lock", "moorage.log", "moorage.toml", "durable.db", "cache", "storage", ".env"}
)


@dataclass(frozen=True, slots=True)
class Directory:
    """Paths in the data directory."""

    root: Path

    @property
    def catalogue(self) -> Path:
        """The SQLite catalogue."""
        return self.root / CATALOGUE

    @property
    def key_file(self) -> Path:
        """The keys that open sealed credentials."""
        return self.root / "secret.key"

    @property
    def durable(self) -> Path:
        """The durable engine's own database; it may be deleted at any time while nothing runs."""
        return self.root / "durable.db"

    @property
    def previews(self) -> Path:
        """The cache of previews."""
        return self.root / "cache" / "previews"

    @property
    def lock_file(self) -> Path:
        """Names the process that holds the directory."""
        return self.root / "moorage.lock"

    @property
    def log_file(self) -> Path:
        """Where the server logs besides its console."""
        return self.root / "moorage.log"

    def strangers(self) -> list[str]:
        """What lies here and is not ours, at most ten names; empty when there is a catalogue."""
        if self.catalogue.exists() or not self.root.is_dir():
            return []
        found = sorted(entry.name for entry in self.root.iterdir())
        return [name for name in found if name not in _OURS and not name.startswith(CATALOGUE)][:10]

    def holder(self) -> int | None:
        """The process that holds the lock, or None."""
        try:
            with self.lock_file.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(file.read().decode("ascii", "replace").strip() or 0)
        except (FileNotFoundError, ValueError):
            return None
        return None


class Lock:
    """Holds the data directory for one serving process; the kernel lets go when the process ends."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock. Conflict, with the pid, when another process holds it."""
        self._descriptor = os.open(self._directory.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise Conflict(
                f"The data directory {self._directory.root} is in use by process {self._directory.holder()}.",
                "Stop that one first, or give this one another directory with --data.",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(self, *exc_info: object) -> None:
        os.close(self._descriptor)


def directory_of(settings: Settings) -> Directory:
    """The data directory of these settings."""
    return Directory(settings.data)


def prepare(settings: Settings) -> Directory:
    """Make the data directory where it is missing. Invalid when it holds somebody else's files.

    The files are named, with the way to show them read-only instead; ``data_init`` overrides.
    """
    directory = directory_of(settings)
    strangers = directory.strangers()
    if strangers and not settings.data_init:
        raise Invalid(
            f"{directory.root} holds files but no Moorage catalogue: {', '.join(strangers)}. Nothing was changed.",
            "To show these files, start with another --data and add them read-only: "
            f"moorage store add NAME --root {directory.root}. To use the directory all the same: --data-init.",
            field="data",
        )
    try:
        directory.root.mkdir(parents=True, exist_ok=True, mode=0o750)
        directory.previews.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Invalid(
            f"The data directory {directory.root} cannot be made or written: {exc.strerror}.",
            "Give another with --data or MOORAGE_DATA, or mend its permissions.",
            field="data",
        ) from exc
    return directory
