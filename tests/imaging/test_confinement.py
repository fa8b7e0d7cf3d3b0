"""What a decoder process has, and what it can no longer do."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

import media
from imaging.sources import named, opened
from moorage.imaging import DecoderPool
from moorage.model.variant import Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(64, 64)


async def running(pool: DecoderPool) -> Path:
    await pool.preview(named("rocket.jpg"), BOX)
    return Path(f"/proc/{pool.pids[0]}")


async def test_it_has_no_environment(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-server")
    assert (await running(pool) / "environ").read_bytes() == b""


async def test_it_has_no_descriptor_but_its_socket(pool: DecoderPool, tmp_path: Path) -> None:
    with (tmp_path / "of-the-server").open("wb"):
        place = await running(pool)
        with opened(media.picture("rocket.jpg")) as source:
            await pool.preview(source, BOX)
        held = {entry.name: str(entry.readlink()) for entry in (place / "fd").iterdir()}
    assert held.pop("0").startswith("socket:")
    assert held == {"1": "/dev/null", "2": "/dev/null"}


async def test_it_runs_in_the_root_folder_with_its_limits(pool: DecoderPool) -> None:
    place = await running(pool)
    limits = {line[:26].strip(): line[26:].split() for line in (place / "limits").read_text().splitlines()[1:]}
    assert (place / "cwd").readlink() == Path("/")
    assert limits["Max address space"][:2] == [str(2048 * 1024 * 1024)] * 2
    assert limits["Max core file size"][:2] == ["0", "0"]
    assert limits["Max file size"][:2] == ["0", "0"]
    assert int(limits["Max cpu time"][0]) <= 60


async def test_it_cannot_gain_privileges_and_keeps_none(pool: DecoderPool) -> None:
    status = dict(line.split(":\t", 1) for line in (await running(pool) / "status").read_text().splitlines())
    assert status["NoNewPrivs"] == "1"
    assert pool.confinement is not None
    assert pool.confinement.capabilities
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0


async def test_its_network_is_its_own_where_the_kernel_allows(pool: DecoderPool) -> None:
    place = await running(pool)
    assert pool.confinement is not None
    alone = (place / "ns/net").readlink() != (place.parent / "self/ns/net").readlink()
    assert pool.confinement.network == alone


async def test_the_command_line_names_no_setting_of_the_server(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (await running(pool) / "cmdline").read_bytes().split(b"\0")
    assert arguments[1:5] == [b"-I", b"-S", b"-B", b"-c"]
    assert {argument for argument in arguments[8:] if argument} <= {os.fsencode(place) for place in sys.path}


SCRIPT = """
import socket, sys
from moorage.imaging import confinement
network = confinement.leave_network()
confinement.limit(2 << 30)
got = confinement.give_up(network=network)
def tried(act):
    try:
        act()
        return "done"
    except OSError as exc:
        return type(exc).__name__
print(got.files, tried(lambda: open(sys.argv[1]).read()), tried(lambda: open(sys.argv[1] + ".new", "w").write("x")))
print(got.network, tried(lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 2)))
"""


async def test_it_can_neither_open_a_file_nor_connect(tmp_path: Path) -> None:
    """Where a kernel refuses a step, the process says so, and then the act succeeds."""
    kept = tmp_path / "secret.key"
    kept.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, str(kept), str(port), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(ran.communicate(), 30)
    files, network = (line.split() for line in said.decode().splitlines())
    assert files[1] == ("PermissionError" if files[0] == "True" else "done")
    assert files[2] != "done"
    assert (network[0] == "True") == (network[1] != "done")
