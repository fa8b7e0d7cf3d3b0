"""A file being read."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Final, Self

from moorage.model.errors import BodyBroken
from moorage.model.objects import ObjectInfo
from moorage.stores.disk.faults import Place
from moorage.stores.disk.records import etag_of
from moorage.stores.disk.threads import hop

BLOCK_BYTES: Final = 1 << 20
SMALL_BYTES: Final = 256 << 10
"""Up to this length a body is read by the hop that opens it."""


class DiskBody:
    """An ``ObjectBody`` and ``FileBody``: blocks of 1 MiB from an open file.

    A file that shrinks or changes under the reader raises BodyBroken: two versions are never mixed.
    """

    def __init__(self, place: Place, info: ObjectInfo, descriptor: int, span: tuple[int, int]) -> None:
        self.info = info
        self.start, self.stop = span
        self._place = place
        self._descriptor = descriptor
        self._small: bytes | None = None

    @property
    def descriptor(self) -> int | None:
        """Open read-only descriptor of the whole file, until the body is closed."""
        return self._descriptor if self._descriptor >= 0 else None

    def read_small(self) -> None:
        """Blocking: take the bytes in now if they are few."""
        if self.stop - self.start <= SMALL_BYTES:
            self._small = self._block(self.start, self.stop)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._small is not None:
            if self._small:
                yield self._small
            return
        for offset in range(self.start, self.stop, BLOCK_BYTES):
            yield await self._hop(offset, min(self.stop, offset + BLOCK_BYTES))

    async def read(self) -> bytes:
        """All of the bytes at once."""
        return self._small if self._small is not None else await self._hop(self.start, self.stop)

    async def aclose(self) -> None:
        """Close the file; a repeat does nothing."""
        self.close()

    def close(self) -> None:
        """Close the file; it takes no time, because nothing was written to it."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def is_unchanged(self) -> bool:
        return etag_of(os.fstat(self._descriptor)) == self.info.etag

    async def _hop(self, start: int, stop: int) -> bytes:
        with self._place.translated(self.info.key, "read"):
            return await hop(lambda: self._block(start, stop))

    def _block(self, start: int, stop: int) -> bytes:
        data = os.pread(self._descriptor, stop - start, start)
        while len(data) < stop - start:
            more = os.pread(self._descriptor, stop - start - len(data), start + len(data))
            if not more:
                break
            data += more
        if len(data) < stop - start or not self.is_unchanged():
            raise BodyBroken(
                "The file was changed while it was being read; what was read of it is not one version.",
                "Read it again.",
                store=self._place.store,
                bucket=self._place.bucket,
                key=self.info.key,
            )
        return data
