"""A worker: everything that a server opens, without its faces, until a signal comes."""

from __future__ import annotations

import asyncio
import signal

from moorage.model.errors import Invalid
from moorage.settings import Settings
from moorage.wiring.opening import open_server


async def work(settings: Settings) -> None:
    """Run jobs until SIGINT or SIGTERM. Invalid with the embedded catalogue, whose server runs them itself."""
    if settings.database_url is None:
        raise Invalid(
            "Workers share a PostgreSQL catalogue; the embedded one belongs to its server, which runs jobs itself.",
            "Set MOORAGE_DATABASE_URL, or run moorage serve alone.",
            field="database_url",
        )
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ended.set)
    async with open_server(settings, settings.public_address):
        await ended.wait()
