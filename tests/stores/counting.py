"""A door to another server that lets everything through and counts the requests."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE|OPTIONS) [^\r\n]+ HTTP/1\.1\r\n")


@dataclass
class Counting:
    """The door. ``behind`` is the server's endpoint; the same path of it is reached here."""

    behind: str
    port: int = 0
    asked: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}{urlsplit(self.behind).path}"

    async def let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        there = urlsplit(self.behind)
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        both = (self._flow(reader, far_writer, counted=True), self._flow(far_reader, writer, counted=False))
        await asyncio.gather(*both)

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self.asked += len(_REQUEST.findall(data)) if counted else 0
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def counting(behind: str) -> AsyncIterator[Counting]:
    """The open door."""
    door = Counting(behind)
    server = await asyncio.start_server(door.let_through, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        server.close()
