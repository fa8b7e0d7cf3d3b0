"""An object being read over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Self

from moorage.model.errors import BodyBroken, StoreUnreachable
from moorage.model.objects import ObjectInfo
from moorage.stores.transport.exchange import Answer


class OpenedBody:
    """Bytes ``start`` to ``stop`` of an object, as they arrive. Iterate once."""

    def __init__(self, answer: Answer, info: ObjectInfo, *, start: int, stop: int, store: str, bucket: str) -> None:
        self.info = info
        self.start = start
        self.stop = stop
        self._answer = answer
        self._store = store
        self._bucket = bucket

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.stop - self.start
        try:
            async for block in self._answer.blocks():
                left -= len(block)
                yield block
        except (BodyBroken, StoreUnreachable) as fault:
            fault.store, fault.bucket, fault.key = self._store, self._bucket, self.info.key
            raise
        finally:
            self._answer.close()
        if left:
            raise BodyBroken(
                f"{self.info.key!r} ended {left} bytes early.", "Try again.", self._store, self._bucket, self.info.key
            )

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
