"""Runs the `sh` blocks of a page, one after another, in one shell: what a reader pastes is what is tested.

`moorage serve` on a line of its own begins a server in the background, as in a terminal of its own.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "@@@ block"
_SERVE = re.compile(r"^moorage serve\b.*$", re.MULTILINE)
_IN_BACKGROUND = """
moorage serve >"$HOME/serve.out" 2>"$HOME/serve.err" &
echo $! >"$HOME/serve.pid"
until grep -q 'Sign in' "$HOME/serve.out"; do kill -0 "$(cat "$HOME/serve.pid")"; sleep 0.1; done
"""


@dataclass(frozen=True)
class Block:
    """One fenced block, and the heading that it stands below."""

    heading: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a Markdown page, in order."""
    written = page.read_text("utf-8")
    found = []
    for match in _FENCE.finditer(written):
        headings = re.findall(r"^#+ (.*)$", written[: match.start()], re.MULTILINE)
        found.append(Block(headings[-1] if headings else "", match[1], match[2]))
    return found


def run(texts: list[str], environment: Mapping[str, str], cwd: Path) -> list[str]:
    """The output of each text; AssertionError with all that was said when one fails."""
    script = ["set -euo pipefail"]
    for number, text in enumerate(texts):
        script += [f"echo '{_MARK} {number}'", _SERVE.sub(lambda _: _IN_BACKGROUND, text)]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return re.split(rf"^{_MARK} \d+\n", done.stdout, flags=re.MULTILINE)[1:]


@contextmanager
def no_server_left(home: Path) -> Iterator[None]:
    """End the server that a page began, whatever happens."""
    try:
        yield
    finally:
        pid = home / "serve.pid"
        if pid.exists():
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGTERM)
