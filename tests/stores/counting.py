"""A door to another server that lets everything through and counts the requests and the bytes of the answers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE|OPTIONS) [^\r\n]+ HTTP/1\.1\r\n")


@dataclass
class Counting:
    """The door. ``behind`` is the server's endpoint; the same path of it is reached here."""

    behind: str
    port: int = 0
    lines: list[bytes] = field(default_factory=list)
    """The first line of each request."""
    sent: int = 0
    """Bytes of the answers, heads and all."""
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.lines)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}{urlsplit(self.behind).path}"

    async def let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it."""
        there = urlsplit(self.behind)
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        self.open += [writer, far_writer]
        both = (self._flow(reader, far_writer, counted=True), self._flow(far_reader, writer, counted=False))
        await asyncio.gather(*both)

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self.lines += _REQUEST.findall(data) if counted else ()
                self.sent += 0 if counted else len(data)
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
        for one in door.open:
            one.close()
        await asyncio.sleep(0.05)  # until both sides know of it


@contextmanager
def counting_beside(behind: str) -> Iterator[Counting]:
    """The open door, on a thread of its own."""
    opened, done = threading.Event(), asyncio.Event()
    doors: list[Counting] = []

    async def stand_open() -> None:
        async with counting(behind) as door:
            doors.append(door)
            opened.set()
            await done.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(stand_open(),))
    thread.start()
    opened.wait(10)
    try:
        yield doors[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()
