"""Bodies of requests: bytes, or a stream of a known length, sent in blocks."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Final

from moorage.model.errors import BodyBroken

BLOCK: Final = 256 * 1024
_REMEMBERED: Final = 1024 * 1024


class BytesBody:
    """A body in memory; it can be sent again at any time."""

    rewindable = True

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.length = len(data)

    async def blocks(self) -> AsyncIterator[bytes | memoryview]:
        """The bytes from the start, in blocks, none copied."""
        view = memoryview(self.data)
        for start in range(0, self.length, BLOCK):
            yield view[start : start + BLOCK]


class StreamBody:
    """A stream that must have exactly ``length`` bytes; sent again only while its beginning is remembered.

    The last block is held back until the stream has ended, so that a body that is too long is never
    completed: the server drops it as it drops one that is too short.
    """

    def __init__(self, stream: AsyncIterable[bytes], length: int) -> None:
        self.length = length
        self._rest = aiter(stream)
        self._begun: list[bytes] = []
        self._seen = 0
        self._spent = False

    @property
    def rewindable(self) -> bool:
        """True while every block taken from the stream is still at hand."""
        return self._seen <= _REMEMBERED and not self._spent

    async def blocks(self) -> AsyncIterator[bytes | memoryview]:
        """The stream's bytes. Raises BodyBroken where they are not ``length``."""
        held = b""
        sent = 0
        async for block in self._replayed():
            sent += len(block)
            if sent > self.length:
                raise BodyBroken(f"The body has more than the {self.length} bytes announced. Nothing was written.")
            if sent == self.length:
                held = block
            else:
                yield block
        if sent != self.length:
            raise BodyBroken(f"The body ended after {sent} of {self.length} bytes. Nothing was written.")
        if held:
            yield held

    async def _replayed(self) -> AsyncIterator[bytes]:
        for block in list(self._begun):
            yield block
        while True:
            try:
                block = await anext(self._rest)
            except StopAsyncIteration:
                return
            except BaseException:
                self._spent = True  # a generator that was interrupted does not go on
                raise
            if block:
                self._seen += len(block)
                self._begun.append(block)
                if not self.rewindable:
                    self._begun.clear()
                yield block


Body = BytesBody | StreamBody
EMPTY: Final = BytesBody(b"")
