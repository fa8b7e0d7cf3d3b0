"""The protocol's own part: how connections live, and that bodies arrive whole however slowly they are read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from moorage.edge.journal import Line
from moorage.model.objects import Piece
from moorage.model.store import StoreId
from moorage.web.askers import Asker
from moorage.web.hits import Hit
from moorage.web.protocol import QuickProtocol

REQUEST = b"GET /hit HTTP/1.1\r\nHost: a\r\n\r\n"
IDLE_S = 1
"""How long a connection stays open without a request; uvicorn takes whole seconds."""


class Served:
    """A server whose hits are the bytes of one buffer, which each of them fills anew."""

    def __init__(self, length: int) -> None:
        self.buffer = bytearray(length)
        self.sent: list[bytes] = []
        self.lines: list[Line] = []
        self.pieces: Callable[[], tuple[Piece, ...]] = tuple

    def hit(self, url: bytes, _asker: Asker) -> Hit | None:
        if url == b"/piece":
            return Hit(200, b"content-length: 10\r\n", StoreId(1), "/piece", "", pieces=self.pieces())
        if url != b"/hit":
            return None
        self.buffer[:] = random.Random(len(self.sent)).randbytes(len(self.buffer))
        self.sent.append(bytes(self.buffer))
        head = b"content-length: %d\r\n" % len(self.buffer)
        return Hit(200, head, StoreId(1), "/hit", "", memoryview(self.buffer))

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        uses = SimpleNamespace(
            admission=SimpleNamespace(name_of=lambda _headers: b""),
            costs=SimpleNamespace(tally=SimpleNamespace(served=_count, handed=_count, hit=_count)),
            journal=SimpleNamespace(note=self.lines.append),
        )
        config = uvicorn.Config(_missing, http="httptools", lifespan="off", log_config=None, timeout_keep_alive=IDLE_S)
        config.load()
        state = ServerState()
        made = partial(QuickProtocol, cast("Any", uses), cast("Any", self.hit), config=config, server_state=state)
        server = await asyncio.get_running_loop().create_server(partial(made, app_state={}), "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


def _count(*_counted: Any) -> None: ...


async def _missing(scope: Any, _receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(IDLE_S * 1.5)
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, which the server may have cut when it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def on_uvloop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """The loop of the server itself: it has sockets of its own kind."""
    return lambda: uvloop.run(test())


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    return await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))


@on_uvloop
async def test_a_slow_reader_gets_what_was_there_when_it_asked() -> None:
    served = Served(6_000_000)
    async with served.listening() as port:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        raw.connect(("127.0.0.1", port))
        raw.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=raw)
        other, asking = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        while not served.sent:
            await asyncio.sleep(0.01)
        for _ in range(2):
            asking.write(REQUEST)
            assert await answer(other) == served.sent[-1]
        assert await answer(reader) == served.sent[0]
        for one in (writer, asking):
            one.close()
            await one.wait_closed()


@on_uvloop
async def test_a_connection_stays_open_as_long_as_it_is_used_and_no_longer() -> None:
    served = Served(100)
    async with served.listening() as port, connected(port) as (reader, writer):
        for _ in range(6):
            writer.write(REQUEST)
            assert await answer(reader) == served.sent[-1]
            await asyncio.sleep(IDLE_S * 0.4)
        assert len(served.lines) == len(served.sent) == 6
        assert all(line.at_once for line in served.lines)
        assert await asyncio.wait_for(reader.read(), 10) == b""


@on_uvloop
async def test_hits_and_other_answers_take_turns_on_a_connection() -> None:
    served = Served(1000)
    async with served.listening() as port, connected(port) as (reader, writer):
        for path in (b"/hit", b"/missing", b"/hit", b"/hit", b"/missing"):
            writer.write(REQUEST.replace(b"/hit", path))
            assert await answer(reader) == (served.sent[-1] if path == b"/hit" else b"")
        writer.write(REQUEST[:10])
        await asyncio.sleep(0.05)
        writer.write(REQUEST[10:] + REQUEST.replace(b"/hit", b"/missing") + REQUEST)
        got = [await answer(reader), await answer(reader), await answer(reader)]
        assert got == [served.sent[-1], b"", b""]  # what waits for another answer is the application's


@on_uvloop
async def test_a_hit_sets_no_limit_to_the_answer_behind_it() -> None:
    served = Served(100)
    async with served.listening() as port, connected(port) as (reader, writer):
        writer.write(REQUEST + REQUEST.replace(b"/hit", b"/slow"))
        assert [await answer(reader), await answer(reader)] == [served.sent[0], b""]


@on_uvloop
async def test_nothing_follows_a_body_that_was_cut() -> None:
    served = Served(100)
    with tempfile.TemporaryFile() as short, pytest.MonkeyPatch.context() as patched:
        patched.setattr("moorage.web.protocol.in_memory", lambda _pieces: True)  # cut off after that look
        short.write(b"01234")
        short.flush()
        served.pieces = lambda: (Piece(os.dup(short.fileno()), 0, 5), Piece(os.dup(short.fileno()), 4, 5))
        async with served.listening() as port, connected(port) as (reader, writer):
            writer.write(REQUEST.replace(b"/hit", b"/piece") + REQUEST)
            got = b""
            with contextlib.suppress(ConnectionError):
                got = await asyncio.wait_for(reader.read(-1), 5)
            assert got.partition(b"\r\n\r\n")[2] in (b"012344", b"01234", b"")
            assert got.count(b"HTTP/1.1") <= 1


@on_uvloop
async def test_what_is_no_request_ends_the_answer_under_way() -> None:
    served = Served(100)
    with tempfile.TemporaryFile() as long:
        long.truncate(12_000_000)
        served.pieces = lambda: (Piece(os.dup(long.fileno()), 0, 12_000_000),)
        async with served.listening() as port:
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            raw.connect(("127.0.0.1", port))
            raw.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=raw)
            writer.write(REQUEST.replace(b"/hit", b"/piece") + b"GARBAGE\r\n\r\n")
            got = b""
            with contextlib.suppress(ConnectionError):
                got = await asyncio.wait_for(reader.read(-1), 10)
            assert not got.partition(b"\r\n\r\n")[2].strip(b"\0")
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
