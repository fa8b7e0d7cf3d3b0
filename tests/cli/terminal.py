"""A person at a terminal: sees what a command writes and types answers."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WAIT_S = 60.0


class Person:
    """One command on a terminal of 80 columns."""

    def __init__(self, words: tuple[str, ...], environ: Mapping[str, str], cwd: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moorage", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": "80", "HOME": str(cwd), **environ},
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)

    def expects(self, text: str) -> None:
        """Wait until ``text`` was written after all that was expected before."""
        before = len(self.seen)
        until_s = time.monotonic() + WAIT_S
        while text not in self.seen[before:]:
            assert time.monotonic() < until_s, self.seen
            assert self._read(), f"It ended: {self.seen}"

    def types(self, line: str) -> None:
        """Answer with a line."""
        os.write(self._ours, line.encode() + b"\n")

    def ends(self) -> int:
        """See the rest; the exit code."""
        while self._read():
            pass
        return self.process.wait(WAIT_S)

    def close(self) -> None:
        """Leave the terminal, ending what still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], WAIT_S)
        assert ready, f"Nothing more comes: {self.seen}"
        try:
            chunk = os.read(self._ours, 4096)
        except OSError:  # how Linux says that the other end is closed
            return False
        self.seen += chunk.decode("utf-8", "replace")
        return bool(chunk)


@contextmanager
def at_terminal(*words: str, environ: Mapping[str, str], cwd: Path) -> Iterator[Person]:
    """A person who ran the command."""
    person = Person(words, environ, cwd)
    try:
        yield person
    finally:
        person.close()
