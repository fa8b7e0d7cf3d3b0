"""One sending of a body: watched for stalls, counted, and its source's own failure kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

from moorage.stores.transport.bodies import Body, BytesBody
from moorage.stores.transport.counters import Counters

_INLINE: Final = 64 * 1024


class Upload:
    """Enter it around the request: TimeoutError when the server takes no byte for ``idle_s`` seconds.

    The time that the source needs for its next block does not count: it is not the server's fault.
    """

    def __init__(self, body: Body, idle_s: float, counters: Counters) -> None:
        self.counters = counters
        self.failure: BaseException | None = None
        """What the source of the body raised."""
        self.complete = not body.length
        """True once every byte was handed to the connection."""
        self._body = body
        self._idle_s = idle_s
        self._deadline = asyncio.timeout(None)
        self._watching = False

    def data(self) -> bytes | AsyncIterator[bytes | memoryview] | None:
        """The body in the form that aiohttp sends."""
        if isinstance(self._body, BytesBody) and self._body.length <= _INLINE:
            self.complete = True
            self.counters.bytes_sent += self._body.length
            return self._body.data or None
        return self._blocks() if self._body.length else None

    async def _blocks(self) -> AsyncIterator[bytes | memoryview]:
        try:
            async for block in self._body.blocks():
                self._expect(self._idle_s)
                yield block
                self.counters.bytes_sent += len(block)
                self._expect(None)
        except Exception as failure:
            self.failure = failure
            raise
        self.complete = True

    def _expect(self, seconds: float | None) -> None:
        if self._watching:
            self._deadline.reschedule(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    async def __aenter__(self) -> Self:
        await self._deadline.__aenter__()
        self._watching = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watching = False
        await self._deadline.__aexit__(kind, raised, trace)
