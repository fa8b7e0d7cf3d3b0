"""The demo, as a person runs it; its environment is the tests' own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from servers.moorage import clean_environment

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
LINK = re.compile(r"(https?://[^/\s]+:(\d+))(/sign-in/\S+)?")
NO_APT = {"PATH": str(PROGRAMS)}
"""Without apt-get within reach the demo generates its pictures, which asks nobody for anything."""


@dataclass
class Demo:
    """One run of ``command``, which prints its address on a line of its own."""

    command: Sequence[str | Path]
    settings: dict[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    link: str = ""
    address: str = ""
    port: int = 0
    said: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @classmethod
    def of(cls, data: Path, *, port: int = 18080, settings: dict[str, str] = NO_APT) -> Self:
        """The script that ``make demo`` calls."""
        command: list[str | Path] = [sys.executable, ROOT / "demo" / "run.py", "--port", str(port), "--data", data]
        return cls(command, settings)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.cwd,
            env=clean_environment() | self.settings,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("  http"):
                found = LINK.search(line)
                assert found is not None
                self.link, self.address, self.port = found[0], found[1], int(found[2])
            if line.startswith("Ctrl-C"):
                return self
        self.end(signal.SIGTERM)
        raise AssertionError(f"The demo did not start: {''.join(self.said)}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGINT)

    def end(self, how: signal.Signals) -> int:
        """Send the signal where it still runs; its exit code. The rest of what it said is kept."""
        assert self.process is not None
        assert self.process.stdout is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        if not self.process.stdout.closed:
            self.said += self.process.stdout.readlines()
            self.process.stdout.close()
        return self.process.wait(timeout=40)

    @property
    def text(self) -> str:
        """All that it has said."""
        return "".join(self.said)
