"""Watching a body being sent: a server that takes nothing more is given up, a slow source is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self


class Watched:
    """Enter it around the request: TimeoutError when the server takes no block, or gives no answer, for ``idle_s``."""

    def __init__(self, body: AsyncIterator[bytes], idle_s: float) -> None:
        self._body = body
        self._idle_s = idle_s
        self._deadline = asyncio.timeout(None)
        self._watching = False

    async def blocks(self) -> AsyncIterator[bytes]:
        """The body's blocks. The answer may come before they end; then nobody is watched any more."""
        async for block in self._body:
            self._expect(self._idle_s)
            yield block
            self._expect(None)
        self._expect(self._idle_s)

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
