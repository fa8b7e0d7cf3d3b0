"""Where the demo can be reached: a free port, an address for other machines, the line for those who came by SSH."""

from __future__ import annotations

import errno
import getpass
import os
import socket
from typing import Final

EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - recognised here
TRIES: Final = 100
SSH_PORT: Final = "22"


def free_port(host: str, wanted: str) -> int:
    """The wanted port, or the next one that nothing listens on. SystemExit with the reason when there is none."""
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:  # noqa: PLR2004 - the ports that there are
        raise SystemExit(f"PORT={wanted} is no port: write a number from 1 to 65535, such as make demo PORT=9000")
    first = int(wanted)
    for port in range(first, min(first + TRIES, 65536)):
        reason = _taken(host, port)
        if reason == errno.EADDRINUSE:
            continue
        if reason:
            raise SystemExit(_refused(host, port, reason))
        if port != first:
            print(f"Port {first} is taken; taking {port}, the next free one.")
        return port
    raise SystemExit(f"Port {first} and those after it are taken. Choose another: make demo PORT=9000")


def public_host(host: str) -> str:
    """What browsers call this machine: the host, or its address in the network where the server listens everywhere."""
    return lan_address() if host in EVERYWHERE else host


def lan_address() -> str:
    """This machine's address in its network, by the route that leads out; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def tunnel(port: int) -> str:
    """The ssh line that brings the port to the machine that one came from; empty when one did not come by SSH."""
    told = os.environ.get("SSH_CONNECTION", "").split()
    if not told:
        return ""
    host, ssh_port = told[2:4] if len(told) == 4 else (socket.gethostname(), SSH_PORT)  # noqa: PLR2004 - two ends
    user = os.environ.get("SUDO_USER") or getpass.getuser()
    other = "" if ssh_port == SSH_PORT else f"-p {ssh_port} "
    return f"ssh {other}-L {port}:127.0.0.1:{port} {user}@{host}"


def _taken(host: str, port: int) -> int:
    """Why the port cannot be listened on, as an error number; 0 when it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def _refused(host: str, port: int, reason: int) -> str:
    if reason in (errno.EACCES, errno.EPERM):
        return f"Port {port} needs root. Choose one from 1024 on: make demo PORT=8080"
    return (
        f"HOST={host} is no address of this machine. HOST=127.0.0.1 is this machine alone, HOST=0.0.0.0 every network."
    )
