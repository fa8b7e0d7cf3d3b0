"""Filling: one read of the origin, whose chunks go to all who wait for them and into the cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

from moorage.model.chunks import CHUNK_BYTES
from moorage.model.errors import MoorageError
from moorage.model.objects import ByteRange, ObjectBody

BLOCK: Final = 256 * 1024
"""The most that is handed on at a time."""
AHEAD: Final = 8
"""Chunks that a filling may be ahead of the reader who is furthest; it waits there, and holds no more in memory."""
Get = Callable[[ByteRange], Awaitable[ObjectBody]]
Keep = Callable[[int, bytes], Awaitable[bool]]


class Filling:
    """The chunks [first, end) of one version of an object, read in one request, in order.

    It goes on while somebody reads it, and up to ``due`` in any case; the chunk that is under way when the last reader
    leaves is finished, for its bytes are paid for.
    """

    def __init__(self, get: Get, keep: Keep, *, first: int, end: int, due: int, size: int) -> None:
        """``keep`` puts a chunk into the cache, and answers whether it is there now."""
        self._get = get
        self._keep = keep
        self._end = end
        self._due = due
        self._size = size
        self._at = first
        self._held: dict[int, bytearray] = {}
        self._readers: set[Reader] = set()
        self._news = asyncio.Event()
        self._error: BaseException | None = None
        self._task = asyncio.create_task(self._fill())

    @property
    def done(self) -> bool:
        """Whether nothing more comes of it."""
        return self._task.done()

    def has(self, index: int) -> bool:
        """Whether the chunk is at hand here, or comes soon."""
        return not self.done and (index in self._held or self._at <= index < min(self._end, self._at + AHEAD))

    @property
    def first_to_come(self) -> int:
        """The chunk that it reads now."""
        return self._at

    def attach(self, index: int) -> Reader:
        """Read from a chunk on; the filling goes on as long as the reader does not leave."""
        reader = Reader(self, index)
        self._readers.add(reader)
        self.tell()
        return reader

    def when_done(self, call: Callable[[], None]) -> None:
        """Have ``call`` called once nothing more comes."""
        self._task.add_done_callback(lambda _: call())

    async def settle(self) -> None:
        """Wait until what nobody reads any more has come to its end."""
        if not self._readers:
            await asyncio.wait([self._task])

    async def aclose(self) -> None:
        """Stop at once."""
        self._task.cancel()
        await asyncio.wait([self._task])

    def tell(self) -> None:
        """Let all look again."""
        self._news.set()
        self._news = asyncio.Event()

    async def _fill(self) -> None:
        start = self._at * CHUNK_BYTES
        try:
            length = min(self._size, self._end * CHUNK_BYTES) - start
            async with await self._get(ByteRange(start, length)) as body:
                self._held[self._at] = bytearray()
                async for block in body:
                    await self._take(block)
                    if self._at >= self._end or self._over():
                        break
                    await self._room()
        except BaseException as error:
            self._error = error
            if not isinstance(error, Exception):
                raise
        finally:
            self.tell()

    async def _take(self, block: bytes) -> None:
        """Append a block, which may reach over the ends of chunks."""
        view = memoryview(block)
        while view:
            held = self._held[self._at]
            whole = min(CHUNK_BYTES, self._size - self._at * CHUNK_BYTES)
            part = view[: whole - len(held)]
            held += part
            view = view[len(part) :]
            self.tell()
            if len(held) == whole:
                await self._finish(held)

    async def _finish(self, held: bytearray) -> None:
        index = self._at
        kept = await self._keep(index, bytes(held))
        self._at += 1
        if self._at < self._end:
            self._held[self._at] = bytearray()
        if kept:
            del self._held[index]
        self.tell()

    def _over(self) -> bool:
        """Whether nobody reads on, and what is under way and what is due are complete."""
        return not self._readers and self._at >= self._due and not self._held.get(self._at)

    async def _room(self) -> None:
        """Wait until somebody is near enough to this place; forget what all readers have behind them."""
        while self._readers and not self._held.get(self._at):
            behind = min(reader.at for reader in self._readers)
            for index in [index for index in self._held if index < min(behind, self._at)]:
                del self._held[index]
            if self._at <= max(reader.at for reader in self._readers) + AHEAD and len(self._held) <= AHEAD:
                return
            await self._news.wait()

    # For its readers.

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)
        self.tell()

    async def blocks(self, index: int, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes [start, stop) of a chunk as they come; see ``Reader.read``."""
        while start < stop:
            held = self._held.get(index)
            if held is not None and len(held) > start:
                block = bytes(memoryview(held)[start : min(stop, start + BLOCK)])
                start += len(block)
                yield block
            elif held is None and (index < self._at or self._at >= self._end):
                return
            elif isinstance(self._error, MoorageError):
                raise replace(self._error)  # a fresh one, since an exception collects the stack of each raise
            elif self._error is not None:
                raise self._error
            elif self._task.done():
                return
            else:
                await self._news.wait()


class Reader:
    """One who reads what a filling brings. ``at``: the chunk that it is at."""

    def __init__(self, filling: Filling, at: int) -> None:
        self.filling = filling
        self.at = at

    def move(self, index: int) -> None:
        """Go on to a chunk that came from elsewhere."""
        self.at = index
        self.filling.tell()

    async def read(self, index: int, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes [start, stop) of a chunk as they come. Ends early where the chunk is not held any more.

        Raises what the origin raised.
        """
        self.move(index)
        async for block in self.filling.blocks(index, start, stop):
            yield block

    def leave(self) -> None:
        """Read no more."""
        self.filling.leave(self)
