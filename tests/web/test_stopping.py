"""How a server ends."""

from __future__ import annotations

import signal
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from servers.moorage import Moorage


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_everything_and_ends_with_zero(tmp_path: Path, how: signal.Signals) -> None:
    server = Moorage(tmp_path / "data").start()
    assert server.stop(how) == 0
    assert not (server.data / "catalogue.db-wal").exists()  # SQLite was closed well
    assert "Stopped." in server.log()


def test_an_open_stream_of_events_does_not_hold_it_up(tmp_path: Path) -> None:
    server = Moorage(tmp_path / "data").start()
    request = urllib.request.Request(
        f"{server.address}/api/v1/jobs/events", headers={"Authorization": f"Bearer {server.token()}"}
    )
    stream = urllib.request.urlopen(request, timeout=30)
    reader = threading.Thread(target=stream.read, daemon=True)
    reader.start()
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 10
    reader.join(timeout=5)
    stream.close()
