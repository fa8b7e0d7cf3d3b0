"""Serving: one uvicorn on one socket, stopped by a signal, with everything opened before and closed after."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, cast

import structlog
import uvicorn

from moorage.admitting import first_admin, make_link
from moorage.edge.face import Face
from moorage.edge.logs import start_logs
from moorage.model.access import SYSTEM
from moorage.model.errors import Conflict
from moorage.settings import Settings
from moorage.web.app import make_app
from moorage.web.hits import Hits
from moorage.web.protocol import QuickProtocol
from moorage.wiring import Services, open_server

STOP_S: Final = 5
MOST_FILES: Final = 65_536
GC_THRESHOLD: Final = (100_000, 50, 100)
"""Pages of listings and rows are made and dropped by the thousand: looking for cycles that often took a quarter
of an index's processor time."""
log: Final = structlog.get_logger("moorage")


class Server(uvicorn.Server):
    """A uvicorn that tells long streams to end as soon as it shall stop, and leaves the closing to us.

    uvicorn's own raises the signal again once it has stopped serving, which would end the process before
    jobs, caches and the catalogue are closed.
    """

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and only then say where."""
        await super().startup(sockets)
        await _announce(self._services)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, look at declared connections on SIGHUP."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self._stop, one)
        loop.add_signal_handler(signal.SIGHUP, self._services.declared.hint)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.remove_signal_handler(one)

    def _stop(self, sig: int) -> None:
        self._services.stopping.set()
        self.handle_exit(sig, None)


def serve(settings: Settings) -> int:
    """Serve until a signal comes; 0 when all was closed well.

    Raises Conflict when the port or the data directory is taken, Invalid when the directory is somebody else's.
    """
    import uvloop

    gc.set_threshold(*GC_THRESHOLD)
    _open_more_files()
    with listening(settings) as listener:
        return uvloop.run(_serve(settings, listener))


def _open_more_files() -> None:
    """Let this process open as many files as it may: readers who pause keep some open each."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    if now != resource.RLIM_INFINITY and now < enough:
        with suppress(ValueError, OSError):  # it may not
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def listening(settings: Settings) -> socket.socket:
    """The socket to serve on. Conflict when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as exc:
        listener.close()
        raise Conflict(
            f"{settings.host}:{settings.port} cannot be listened on: {exc.strerror}.",
            "Stop what uses it, or choose another with --port (0 takes a free one).",
        ) from exc
    listener.listen(2048)
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> int:
    port = listener.getsockname()[1]
    local_url = settings.local_address.rsplit(":", 1)[0] + f":{port}"
    public_url = settings.public_url or local_url
    async with open_server(settings, public_url, local_url=local_url) as services:
        start_logs(settings, services.directory.log_file)
        face = Face.of(services)
        server = Server(_config(face), services)
        log.info("Serving.", address=public_url, data=str(settings.data))
        await server.serve([listener])
        face.journal.flush()
    log.info("Stopped.")
    return 0


def _config(face: Face) -> uvicorn.Config:
    return uvicorn.Config(
        make_app(face),
        loop="none",
        http=cast("type[asyncio.Protocol]", partial(QuickProtocol, face, Hits(face))),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=STOP_S,
    )


async def _announce(services: Services) -> None:
    """Say on the console where we are; the one-time link goes there only, never to a log."""
    say = sys.stdout
    print(f"Moorage serves {services.public_url}", file=say)
    admin = await first_admin(services.door, email=services.settings.admin_email)
    if admin is None:
        print(f"Sign in at {services.public_url}/sign-in", file=say)
    else:
        link = await make_link(services.door, SYSTEM, admin.id)
        print(f"Sign in once, within 15 minutes: {services.public_url}/sign-in/{link.text}", file=say)
    say.flush()
