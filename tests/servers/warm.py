"""Starts `python -m moorage` as a fork of a process that has imported it: a start without its seconds of imports.

That process forks before anything of Moorage runs, so what runs is as new as in a process of its own; only the command
line that the system shows is another. Starts as people make them are in tests/cli, tests/demo and tests/packaging.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO

OURS = ("MOORAGE_", "STORAGE_", "REMOTE_STORAGE_", "CACHE_", "DATA_PATH", "AWS_")
_FORKING = Path(__file__).with_name("forking.py")


def is_ours(environment: Mapping[str, str]) -> bool:
    """Whether it adds variables of Moorage alone; any other, such as SSL_CERT_FILE, may be read by imports."""
    added = {name for name, value in environment.items() if os.environ.get(name) != value}
    return all(name.startswith((*OURS, "PYTEST_")) for name in added)


class Started:
    """A running command, with what the tests use of ``subprocess.Popen``."""

    def __init__(self, pid: int, end: socket.socket, stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._end = end

    def poll(self) -> int | None:
        """The exit code, if it has ended; minus the signal's number when one ended it."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises: subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["moorage"], timeout or 0)
        return code

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._end.settimeout(timeout)
            try:
                told = self._end.recv(16)
            except (BlockingIOError, TimeoutError):
                return None
            self._end.close()
            assert told, "The process that starts others is gone."
            self.returncode = os.waitstatus_to_exitcode(int(told))
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it, if the command has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


def start(words: list[str], environment: Mapping[str, str], *, stderr: int) -> Started:
    """Start a command in a session of its own, with nothing to read and a pipe that it writes to."""
    ours, theirs = os.pipe()
    try:
        return start_on(words, environment, stdout=theirs, stderr=stderr, reader=os.fdopen(ours, encoding="utf-8"))
    finally:
        os.close(theirs)


def start_on(
    words: list[str],
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: int,
    stdin: int | None = None,
    reader: IO[str] | None = None,
) -> Started:
    """Start a command on descriptors that are open here."""
    said = {"words": words, "environment": dict(environment), "folder": str(Path.cwd())}
    end, told = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with told, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno() if stdin is None else stdin, stdout, stderr]
        socket.send_fds(_line(), [json.dumps(said).encode()], [told.fileno(), *streams])
    return Started(int(end.recv(16)), end, reader)


def run(
    words: list[str], environment: Mapping[str, str], *, timeout: float, input_: str = "", check: bool = False
) -> subprocess.CompletedProcess[str]:
    """A whole command, as ``subprocess.run`` runs it; with ``-c`` and a program in front, that program."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(input_.encode())
        given.seek(0)
        started = start_on(words, environment, stdin=given.fileno(), stdout=out.fileno(), stderr=err.fileno())
        try:
            code = started.wait(timeout)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(timeout)
            raise
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
    done = subprocess.CompletedProcess(["moorage", *words], code, *texts)
    if check:
        done.check_returncode()
    return done


@cache
def _line() -> socket.socket:
    """To the one process of these tests that forks; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        forking = subprocess.Popen(
            [sys.executable, "-P", _FORKING, str(theirs.fileno())],  # -P: beside it lies a file of the name moorage
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        forking.returncode = 0  # nobody waits for it
    return ours
