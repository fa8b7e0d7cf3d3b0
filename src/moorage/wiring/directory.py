"""The data directory: what lies in it, who holds it, and whether it may be used at all."""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from moorage.model.errors import Conflict, Invalid
from moorage.settings import Settings

CATALOGUE: Final = "catalogue.db"
KEY_FILE: Final = "secret.key"
_OURS: Final = frozenset(
    {
        "moorage.lock",
        "moorage.log",
        "moorage.toml",
        "cache",
        "storage",
        "imports",
        ".env",
        "remote_links.yml",
        "secrets",
    }
)
_OURS_BEGIN: Final = (CATALOGUE, KEY_FILE, f".{KEY_FILE}.", "durable.db")
"""With SQLite's own files beside the databases, a key that a reset put aside, and one that was half written."""
_TRIES: Final = 4
_PAUSE_S: Final = 0.05
"""Who looks whether the directory is held, holds it for a moment."""


@dataclass(frozen=True, slots=True)
class Served:
    """The server that holds the directory, as its lock file tells those who may read it."""

    public: str
    """What absolute addresses begin with."""
    local: str
    """Where it answers on this machine."""
    bearer: str = field(repr=False)
    """Signs in as the first admin, as long as this server runs."""


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
        return self.root / KEY_FILE

    @property
    def previews(self) -> Path:
        """The cache of previews."""
        return self.root / "cache" / "previews"

    @property
    def converted(self) -> Path:
        """The cache of conversions."""
        return self.root / "cache" / "converted"

    @property
    def originals(self) -> Path:
        """The cache of what stores hold."""
        return self.root / "cache" / "originals"

    @property
    def storage(self) -> Path:
        """What was uploaded into projects without a store of their own."""
        return self.root / "storage"

    @property
    def imports(self) -> Path:
        """Lists of links as they were sent, until their imports are forgotten."""
        return self.root / "imports"

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
        return [name for name in found if name not in _OURS and not name.startswith(_OURS_BEGIN)][:10]

    def holder(self) -> int | None:
        """The process that holds the lock, or None."""
        held = self._held()
        return int(held[0]) if held and held[0].isdecimal() else None

    def address(self) -> str:
        """The public address of the server that holds the lock; empty when none does."""
        served = self.served()
        return "" if served is None else served.public

    def served(self) -> Served | None:
        """The server that holds the lock; None when none does, or only its owner may know."""
        held = self._held()
        return Served(*held[1:4]) if len(held) > 3 and held[1] else None  # noqa: PLR2004 - the lines of a server

    def _held(self) -> list[str]:
        try:
            with self.lock_file.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().decode("utf-8", "replace").splitlines()
        except (FileNotFoundError, PermissionError):
            return []
        return []


class Lock:
    """Holds the data directory for one process; the kernel lets go when the process ends.

    ``served``: what a server tells commands on this machine. The file is its owner's alone, as the key is.
    """

    def __init__(self, directory: Directory, served: Served | None = None) -> None:
        self._directory = directory
        self._served = served
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Take the lock. Conflict, with the pid, when another process holds it."""
        self._descriptor = os.open(self._directory.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self._take():
            os.close(self._descriptor)
            raise Conflict(
                f"The data directory {self._directory.root} is in use by process {self._directory.holder()}.",
                "Stop that one first, or give this one another directory with --data.",
            )
        told = [] if self._served is None else [self._served.public, self._served.local, self._served.bearer]
        text = "".join(f"{line}\n" for line in (os.getpid(), *told)).encode()
        os.pwrite(self._descriptor, text, 0)
        os.ftruncate(self._descriptor, len(text))
        return self

    def _take(self) -> bool:
        for tried in range(_TRIES):
            if tried:
                time.sleep(_PAUSE_S)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            return True
        return False

    def __exit__(self, *exc_info: object) -> None:
        os.close(self._descriptor)


def directory_of(settings: Settings) -> Directory:
    """The data directory of these settings."""
    return Directory(settings.data)


def address_of(settings: Settings) -> str:
    """What absolute addresses begin with: what the running server says, else what the settings say."""
    return directory_of(settings).address() or settings.public_address


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
