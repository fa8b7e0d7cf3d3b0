"""An object that is read from a web server: not longer, not slower and no other than was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Self

from moorage.model.errors import BodyBroken, StoreUnreachable
from moorage.model.objects import ObjectInfo
from moorage.stores.https.errors import Names
from moorage.stores.https.place import Place
from moorage.stores.transport import Answer


class HttpsBody:
    """Bytes ``start`` to ``stop`` of an object as they arrive. Iterate once.

    ``skip``: so many bytes come first that nobody asked for. Only the time that the server takes counts, not that of
    the reader.
    """

    def __init__(
        self,
        answer: Answer,
        info: ObjectInfo,
        place: Place,
        *,
        start: int,
        stop: int,
        skip: int,
        names: Names,
        time_s: float,
    ) -> None:
        self.info = info
        self.start = start
        self.stop = stop
        self._answer = answer
        self._place = place
        self._skip = skip
        self._names = names
        self._time_s = time_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        skip, left = self._skip, self.stop - self.start
        try:
            async for block in self._timed():
                kept = block[skip : skip + left]
                skip -= min(skip, len(block))
                left -= len(kept)
                if kept:
                    yield kept
                if not left:
                    break
        except (BodyBroken, StoreUnreachable) as fault:
            fault.store, fault.key = self._names.store, self.info.key
            raise
        finally:
            self._answer.close()
        if left:
            raise BodyBroken(
                f"{self._place.shown} ended {left} bytes early.", "Try again.", self._names.store, key=self.info.key
            )

    async def _timed(self) -> AsyncIterator[bytes]:
        blocks = aiter(self._answer.blocks())
        left_s = self._time_s
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(left_s):
                    block = await anext(blocks)
            except StopAsyncIteration:
                return
            except TimeoutError as exc:
                raise self._names.too_slow(self.info.key, self._place, self._time_s) from exc
            left_s -= time.monotonic() - began
            yield block

    async def read(self) -> bytes:
        """All of the bytes at once."""
        return b"".join([block async for block in self])

    async def aclose(self) -> None:
        """Free the connection; a repeat does nothing."""
        self._answer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._answer.close()
