"""The demo: makes a folder of pictures and videos, starts a server, moors the folder, prints one address.

A second run finds what is there. Ctrl-C stops the server; ``make demo-clean`` removes everything.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from moorage.client import Client
from moorage.model.errors import AlreadyExists, MoorageError
from pictures import oddities, photographs
from videos import pans

LINK = re.compile(r"https?://\S+/sign-in/\S+")
ADDRESS = re.compile(r"Moorage serves (\S+)")
PROJECT = "Demo"
STORE = "demo"


def main() -> int:
    """Run until the server ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job comes with it ignored
    arguments = _arguments()
    home = Path(arguments.data).resolve()
    media, data = home / "media", home / "server"
    _step("Pictures and videos", lambda: _media(media))
    port = _free_port(arguments.host, int(arguments.port))
    print("Starting the server ...", flush=True)
    server = _start(arguments.host, port, data)
    try:
        link, address = _addresses(server, home)
        _step("Moored the folder as project 'Demo'", lambda: _moor(data, address, media))
        print(f"\n  {link or address}\n", flush=True)
        if "SSH_CONNECTION" in os.environ:
            print(f"You came by SSH. On your own machine: ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}")
        print(f"Open it in a browser. Pictures: {media}. Data: {data}. Log: {data}/moorage.log.")
        if link:
            print("The link signs you in once, within 15 minutes.")
        print("Ctrl-C stops the server; make demo-clean removes every trace.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=20)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default="8080")
    parser.add_argument("--data", default="demo-data")
    return parser.parse_args()


def _step(what: str, do: object) -> None:
    began = time.monotonic()
    print(f"{what} ...", end=" ", flush=True)
    said = do()  # type: ignore[operator]
    print(f"{said or 'done'} ({time.monotonic() - began:.1f} s)", flush=True)


def _media(media: Path) -> str:
    ready = media.parent / ".media-ready"
    if ready.exists():
        return "found those of the last run."
    said = photographs(media)
    found = sorted(path for path in media.rglob("*.jpg") if path.stat().st_size > 50_000)  # noqa: PLR2004 - no icons
    oddities(media / "odd ones", found[0])
    pans(media / "videos", found)
    ready.touch()
    return said


def _free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one that nothing listens on."""
    for port in range(wanted, wanted + 100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        if port != wanted:
            print(f"Port {wanted} is taken; taking {port}.")
        return port
    raise SystemExit(f"Ports {wanted} to {wanted + 99} are all taken. Choose another: make demo PORT=9000")


def _start(host: str, port: int, data: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "moorage", "serve", "--host", host, "--port", str(port)]
    log = data.parent / "console.log"
    data.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(  # noqa: S603 - our own server
        [*command, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=log.open("ab"),
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def _addresses(server: subprocess.Popen[str], home: Path) -> tuple[str, str]:
    """The one-time link (empty when an admin has a password already) and the address."""
    assert server.stdout is not None
    address = ""
    for line in server.stdout:
        found = ADDRESS.search(line)
        if found:
            address = found[1]
        link = LINK.search(line)
        if link:
            return link[0], address
        if address and "Sign in at" in line:
            return "", address
    words = (home / "console.log").read_text(errors="replace").splitlines()[-3:]
    raise SystemExit("The server did not start:\n" + "\n".join(words))


def _moor(data: Path, address: str, media: Path) -> str:
    """Register the folder and mirror it, with a token that ends when this is done."""
    made = subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable,
            "-m",
            "moorage",
            "token",
            "add",
            "demo",
            "--user",
            "admin@localhost",
            "--json",
            "--data",
            str(data),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    token = re.search(r'"token":\s*"([^"]+)"', made.stdout)
    assert token is not None
    with Client(address, token=token[1]) as client:
        try:
            client.add_store(name=STORE, provider="disk", root=str(media))
        except AlreadyExists:
            return "it was moored before."
        started = client.add_mirror(store=STORE, project=PROJECT, create_project=True)
        job = client.wait_job(started.job)
        return f"{job.done} objects."


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MoorageError as error:
        sys.exit(str(error))
