"""The demo, as a person runs it (its environment is made by the Makefile; here the tests' own is used)."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from servers.moorage import ask, clean_environment

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(http://127\.0\.0\.1:(\d+))(/sign-in/\S+)?")


def start(data: Path, port: int) -> tuple[subprocess.Popen[str], str, int]:
    """The process, the address that it printed, and its port."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "demo" / "run.py", "--port", str(port), "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("  http"):
            found = LINK.search(line)
            assert found is not None
            return process, found[0], int(found[2])
    raise AssertionError("The demo printed no address")


def test_it_prints_one_link_takes_the_next_free_port_and_is_found_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        process, link, port = start(tmp_path, wanted)
        assert port > wanted
        assert ask("GET", link).status == 200
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()
    with socket.socket() as freed:  # the server went with it
        assert freed.connect_ex(("127.0.0.1", port)) != 0

    process, link, _ = start(tmp_path, port)
    assert ask("GET", link).status == 200
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    assert process.stdout is not None
    process.stdout.close()
    kinds = {path.suffix for path in (tmp_path / "media").rglob("*.*")}
    assert {".jpg", ".mp4", ".mkv", ".webm", ".tif", ".gif", ".png"} <= kinds
