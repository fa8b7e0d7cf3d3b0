"""Real object stores for the tests: each function starts one where it is not running and says how to reach it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_START_S = 600  # the first start downloads the server


@dataclass(frozen=True)
class Server:
    """Where a server answers and the keys that it takes."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"


@cache
def ceph(port: int | None = None) -> Server:
    """Ceph radosgw: path style, faithful authorisation. It is left running for the next test run."""
    return _start("ceph.sh", port or int(os.environ.get("MOORAGE_TEST_CEPH_PORT", "9101")))


@cache
def moto(port: int | None = None) -> Server:
    """moto: `If-Match` and returned checksums, but any key is let in."""
    return _start("moto.sh", port or int(os.environ.get("MOORAGE_TEST_MOTO_PORT", "9102")))


def start_ceph(port: int, gib: int) -> Server:
    """A Ceph of its own with that much object memory, for benchmarks."""
    return _start("ceph.sh", port, str(gib))


def _start(script: str, port: int, *more: str) -> Server:
    line = subprocess.run(
        [_HERE / script, "start", str(port), *more], check=True, stdout=subprocess.PIPE, text=True, timeout=_START_S
    ).stdout
    said = dict(part.split("=", 1) for part in line.split())
    return Server(said["endpoint"], said["access_key"], said["secret_key"])
