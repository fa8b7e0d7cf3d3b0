"""The server's side of the socket against a process that was taken over by what it decoded."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from imaging.sources import BytesSource
from moorage.imaging.frames import HEADER, RANGE, Frame, Request, frame, pack_rendered
from moorage.imaging.limits import Limits
from moorage.imaging.process import DecoderProcess, ProcessFailed
from moorage.model.errors import BodyBroken, Undecodable
from moorage.model.variant import Recipe, Rendered, Task

CONTENT = bytes(range(256)) * 1024
REQUEST = Request(Task.PREVIEW, len(CONTENT), Recipe(64, 64).words())


@dataclass
class Hostile:
    """A process of which the test holds the far end of the socket."""

    process: DecoderProcess
    far: socket.socket

    async def answers(self, *frames: bytes, source: BytesSource, budget: int = 1 << 20) -> Rendered:
        for each in frames:
            self.far.sendall(each)
        return await self.process.render(REQUEST, source, budget)

    def heard(self) -> list[Frame]:
        """Kinds of the frames that the server sent after the request."""
        stream, kinds = self.far.recv(1 << 20), []
        while stream:
            kind, length = HEADER.unpack_from(stream)
            kinds.append(Frame(kind))
            stream = stream[HEADER.size + length :]
        return kinds[1:]


@asynccontextmanager
async def hostile(limits: Limits | None = None) -> AsyncIterator[Hostile]:
    near, far = socket.socketpair()
    near.setblocking(False)
    running = await asyncio.create_subprocess_exec("sleep", "60", stderr=asyncio.subprocess.PIPE)
    process = DecoderProcess(running, near, limits or Limits(seconds=2))
    try:
        with far:
            yield Hostile(process, far)
    finally:
        await process.kill()


def asks(start: int, length: int) -> bytes:
    return frame(Frame.READ, RANGE.pack(start, length))


@pytest.mark.parametrize(
    "said",
    [
        asks(len(CONTENT), 1),
        asks(0, len(CONTENT) + 1),
        asks(2**63, 4096),
        asks(0, 0),
        frame(Frame.READ, b"short"),
        frame(Frame.BYTES, b"not its word"),
        frame(Frame.RENDERED, b"\xff\xff\xff\xff{}"),
        frame(Frame.RENDERED, b"\0\0\0\x0f[-1, true, null]"),
        HEADER.pack(Frame.RENDERED, 2**32 - 1),
        HEADER.pack(Frame.UNREADABLE, 1 << 20),
        HEADER.pack(99, 0),
    ],
    ids=[
        "behind",
        "across",
        "far",
        "nothing",
        "garbled",
        "wrong-kind",
        "no-facts",
        "no-size",
        "huge",
        "long",
        "unknown",
    ],
)
async def test_what_no_honest_process_says_is_a_reason_to_kill_it(said: bytes) -> None:
    source = BytesSource(CONTENT)
    async with hostile() as taken:
        with pytest.raises(ProcessFailed) as caught:
            await taken.answers(said, source=source)
    assert isinstance(caught.value.verdict(Task.PREVIEW), Undecodable)
    assert source.read_bytes == 0


async def test_it_gets_no_more_bytes_than_its_budget() -> None:
    source = BytesSource(CONTENT)
    verdict = frame(Frame.UNREADABLE, b"over")
    async with hostile() as taken:
        with pytest.raises(Undecodable, match="over"):
            await taken.answers(*[asks(0, 100_000)] * 5, verdict, source=source, budget=250_000)
        assert taken.heard() == [Frame.BYTES, Frame.BYTES, Frame.WITHHELD, Frame.WITHHELD, Frame.WITHHELD]
    assert source.read_bytes == 200_000


async def test_single_bytes_are_charged_like_blocks() -> None:
    source = BytesSource(CONTENT)
    async with hostile() as taken:
        with pytest.raises(Undecodable):
            await taken.answers(*[asks(7, 1)] * 40, frame(Frame.UNREADABLE, b"over"), source=source, budget=1 << 20)
    assert source.read_bytes == 16


async def test_it_says_only_bytes_width_height_and_duration() -> None:
    made = Rendered(b"<script>", "text/html", 3, 2, None)
    async with hostile() as taken:
        got = await taken.answers(frame(Frame.RENDERED, pack_rendered(made)), source=BytesSource(CONTENT))
    assert got == Rendered(b"<script>", "", 3, 2, None)


async def test_an_object_that_ends_early_is_the_fault_of_the_object() -> None:
    source = BytesSource(CONTENT)
    source.content = CONTENT[:10]
    async with hostile() as taken:
        with pytest.raises(BodyBroken):
            await taken.answers(asks(0, 4096), frame(Frame.UNREADABLE, b"cut"), source=source)
        assert taken.heard() == [Frame.WITHHELD]


async def test_silence_ends_with_the_time_limit() -> None:
    async with hostile(Limits(seconds=0.1)) as taken:
        with pytest.raises(ProcessFailed, match="longer"):
            await taken.answers(source=BytesSource(CONTENT))


async def test_an_idle_process_that_speaks_unasked_is_not_used() -> None:
    async with hostile() as taken:
        assert taken.process.alive()
        taken.far.sendall(b"?")
        assert not taken.process.alive()
