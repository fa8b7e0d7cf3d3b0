"""The demo: makes a folder of pictures and videos, starts a server, shows the folder, prints one address.

A second run finds what is there. Ctrl-C stops the server; ``make demo-clean`` removes everything.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from home import Home, NotOurs
from reaching import EVERYWHERE, free_port, public_host, tunnel
from server import Server

PROJECT: Final = "Demo"
STORE: Final = "demo"
NEEDED: Final = 200 << 20
"""Bytes of pictures, videos, catalogue and previews, with room to spare."""


def main() -> int:
    """Run until the server ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))  # the terminal was closed
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job comes with it ignored
    arguments = _arguments()
    began = time.monotonic()
    home = Home(Path(os.path.abspath(arguments.data)))  # noqa: PTH100 - links in the way may stay
    server: Server | None = None
    try:
        home.take()
        if left := home.stop_server():
            print(f"A server of an earlier demo still ran (process {left}); it was stopped.")
        _step("Pictures and videos", lambda: _media(home))
        server = _server(home, arguments.host, arguments.port)
        _step(f"Server on {arguments.host}:{server.port}", server.start)
        _step("The folder as project Demo", lambda: _moor(home, server))
        _tell(home, server, time.monotonic() - began)
        return server.watch()
    except NotOurs as reason:
        print(reason)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if server is not None:
            server.stop()
            print("\nStopped.", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8080")
    parser.add_argument("--data", default="demo-data")
    return parser.parse_args()


def _step(what: str, do: Callable[[], str | None]) -> None:
    """Say what begins, do it, say how it went and how long it took."""
    began = time.monotonic()
    print(f"{what} ...", end=" ", flush=True)
    said = do()
    print(f"{said or 'done'} ({time.monotonic() - began:.1f} s)", flush=True)


def _media(home: Home) -> str:
    if home.ready.exists():
        return "found those of the last run"
    free = shutil.disk_usage(home.root).free
    if free < NEEDED:
        raise _no_space(home, free)
    import pyvips

    from pictures import large_ones, oddities, pictures
    from videos import pans

    try:
        said = pictures(home.media)
        large = large_ones(home.media)
        oddities(home.media / "odd ones", large[0])
        pans(home.media / "videos", large)
    except (OSError, pyvips.Error) as error:
        free = shutil.disk_usage(home.root).free
        if free < NEEDED // 20 or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
            raise _no_space(home, free) from error
        raise
    home.ready.touch()
    return said


def _no_space(home: Home, free: int) -> SystemExit:
    return SystemExit(
        f"there is no space.\n{free >> 20} MiB are free in {home.root}, the demo needs {NEEDED >> 20}. "
        "No server was started.\nFree some, or put it elsewhere: make demo DATA=/somewhere/else"
    )


def _server(home: Home, host: str, port: str) -> Server:
    free = free_port(host, port)
    name = public_host(host)
    return Server(home, host, free, f"http://[{name}]:{free}" if ":" in name else f"http://{name}:{free}")


def _moor(home: Home, server: Server) -> str:
    """Show the folder where that was not done before, and write the things to try."""
    from lines import write_strip
    from moorage.client import Client
    from moorage.wiring.directory import Directory

    served = Directory(home.data).served()
    assert served is not None, "a server that answers holds its directory"
    with Client(served.local, served.bearer) as client:
        said = "it was there already"
        mirror = next((one for one in client.mirrors() if one.store == STORE), None)
        if mirror is None:
            started = client.add_mirror(address=str(home.media), store_name=STORE, project=PROJECT)
            said = f"{client.wait_job(started.job).done} files"
            mirror = client.mirror(started.id)
        elif mirror.last_job:
            client.wait_job(mirror.last_job)  # a demo that was stopped in its first index goes on
        write_strip(home, client, server.address, mirror)
    return said


def _tell(home: Home, server: Server, seconds: float) -> None:
    print(f"\nReady after {seconds:.1f} s. Open this in a browser:\n\n  {server.link or server.address}\n")
    if server.link:
        print("The link signs you in once, within 15 minutes.")
    line = tunnel(server.port)
    if line and server.host in EVERYWHERE:
        print("Where that address cannot be reached: start with HOST=127.0.0.1, and on your own machine run")
    elif line:
        print("You came by SSH. First, on your own machine:")
    if line:
        print(f"\n  {line}\n")
    print("The page of the project has five things to try.")
    print(f"Pictures: {home.media}. Data: {home.data}. Log: {home.data}/moorage.log.")
    print("Ctrl-C stops the server; make demo-clean removes every trace.", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
