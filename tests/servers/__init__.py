"""Real object stores for the tests: each function starts one where it is not running and says how to reach it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
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


@cache
def azurite(port: int | None = None) -> Server:
    """Azurite: Azure Blob Storage with the account `devstoreaccount1`, by key and SAS."""
    return _start("azurite.sh", port or int(os.environ.get("MOORAGE_TEST_AZURITE_PORT", "9103")))


@cache
def fakegcs(port: int | None = None) -> Server:
    """fake-gcs-server: the dialects of Google, in memory. It checks no credentials, so none are named."""
    return _start("fakegcs.sh", port or int(os.environ.get("MOORAGE_TEST_FAKEGCS_PORT", "9104")))


@contextmanager
def azurite_over_https(certificate: Path) -> Iterator[Server]:
    """An Azurite of its own that takes bearer tokens; ``certificate`` holds the key as well."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        yield _start("azurite.sh", port, str(certificate), str(certificate))
    finally:
        subprocess.run([_HERE / "azurite.sh", "stop", str(port)], check=True, timeout=60)


def start_ceph(port: int, gib: int) -> Server:
    """A Ceph of its own with that much object memory, for benchmarks."""
    return _start("ceph.sh", port, str(gib))


def _start(script: str, port: int, *more: str) -> Server:
    line = subprocess.run(
        [_HERE / script, "start", str(port), *more], check=True, stdout=subprocess.PIPE, text=True, timeout=_START_S
    ).stdout
    said = dict(part.split("=", 1) for part in line.split())
    return Server(said["endpoint"], said.get("access_key", ""), said.get("secret_key", ""))
