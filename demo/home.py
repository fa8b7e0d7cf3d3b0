"""The demo's directory: what marks it as the demo's own, and which processes use it.

The standard library only: ``make demo-clean`` runs this where the environment is gone already.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MARK: Final = ".moorage-demo"
STOP_S: Final = 30.0


class NotOurs(Exception):
    """The directory or the process belongs to somebody else; its text says what to do."""


@dataclass(frozen=True)
class Home:
    """What lies where below ``root``, which is absolute."""

    root: Path

    @property
    def mark(self) -> Path:
        """Says that the demo made the directory; held locked, with the process on its first line, while it runs."""
        return self.root / MARK

    @property
    def media(self) -> Path:
        """The pictures and videos that the demo shows."""
        return self.root / "media"

    @property
    def ready(self) -> Path:
        """Is there once all pictures and videos are."""
        return self.root / ".media-ready"

    @property
    def data(self) -> Path:
        """The server's data directory."""
        return self.root / "server"

    @property
    def many(self) -> Path:
        """The generated files of ``many.py``."""
        return self.root / "many"

    @property
    def strip(self) -> Path:
        """The things to try, for the server's pages."""
        return self.root / "strip.json"

    @property
    def environment(self) -> Path:
        """Readies a shell: holds a token."""
        return self.root / "env"

    @property
    def header(self) -> Path:
        """The same token as a header line, for curl."""
        return self.root / "header"

    @property
    def console(self) -> Path:
        """What the server wrote to stderr."""
        return self.root / "console.log"

    def take(self) -> int:
        """Make the directory where it is missing, and hold it; the descriptor that holds. NotOurs when it cannot be."""
        if self.root.exists() and not self.mark.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise NotOurs(
                f"{self.root} is there already and was not made by the demo. Nothing was changed.\n"
                "Choose another directory: make demo DATA=/somewhere/else"
            )
        self.root.mkdir(parents=True, exist_ok=True)
        held = os.open(self.mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise NotOurs(
                f"The demo in {self.root} runs already, as process {holder_of(self.mark)}.\n"
                "Stop it with Ctrl-C where it runs, or with: make demo-clean, which removes it too. "
                "For a second one: make demo DATA=/somewhere/else"
            ) from None
        text = f"{os.getpid()}\nMade by make demo. make demo-clean removes this directory and all that lies in it.\n"
        os.pwrite(held, text.encode(), 0)
        os.ftruncate(held, len(text))
        return held

    def stop_demo(self) -> int | None:
        """End the demo that holds the directory; its process, or None when none does. NotOurs when it is no demo."""
        return _stop(self.mark, [b"run.py"])

    def stop_server(self) -> int | None:
        """End a server that a demo left behind; its process, or None. NotOurs when it is none of the demo's."""
        return _stop(self.data / "moorage.lock", [b"moorage", b"serve", os.fsencode(self.data)])


def holder_of(lock: Path) -> int | None:
    """The process on the first line of a file that somebody holds locked, or None."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                first = file.readline().strip()
                return int(first) if first.isdigit() else 0
    except OSError:
        return None
    return None


def _stop(lock: Path, words: list[bytes]) -> int | None:
    holder = holder_of(lock)
    if holder is None:
        return None
    if not holder or not _is_ours(holder, words):
        raise NotOurs(
            f"{lock} is held by process {holder or 'unknown'}, which is not the demo. Nothing was removed or stopped.\n"
            "Stop it yourself, then try again."
        )
    os.kill(holder, signal.SIGTERM)
    until = time.monotonic() + STOP_S
    while holder_of(lock) == holder:
        if time.monotonic() > until:
            raise NotOurs(f"Process {holder} does not end. Nothing was removed. Stop it yourself, then try again.")
        time.sleep(0.05)
    return holder


def _is_ours(process: int, words: list[bytes]) -> bool:
    """Whether the process is of this user, and its command line has all of the words."""
    place = Path("/proc") / str(process)
    try:
        return place.stat().st_uid == os.getuid() and all(
            any(word in part for part in (place / "cmdline").read_bytes().split(b"\0")) for word in words
        )
    except OSError:
        return False
