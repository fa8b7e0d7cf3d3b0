"""Sources over bytes and files, which count what is read and can be told to fail or wait."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import media


class BytesSource:
    """Ranges of bytes in memory; ``before`` runs before each read."""

    descriptor: int | None = None
    media_type = "application/octet-stream"

    def __init__(self, content: bytes, before: Callable[[], Awaitable[object]] | None = None) -> None:
        self.content = content
        self.read_bytes = 0
        self._before = before

    @property
    def size(self) -> int:
        return len(self.content)

    async def read(self, start: int, length: int) -> bytes:
        if self._before is not None:
            await self._before()
        block = self.content[start : start + length]
        self.read_bytes += len(block)
        return block


class FileSource(BytesSource):
    """The same with a descriptor; reading by ranges would be a fault, and shows in ``read_bytes``."""

    def __init__(self, content: bytes, descriptor: int) -> None:
        super().__init__(content)
        self.descriptor = descriptor


def named(name: str) -> BytesSource:
    """One of ``media`` by ranges."""
    return BytesSource(media.data(name))


@contextmanager
def opened(place: Path) -> Iterator[FileSource]:
    """A file by its descriptor."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        yield FileSource(place.read_bytes(), descriptor)
    finally:
        os.close(descriptor)


class Held:
    """A point where a source stops until it is let go."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.let_go.wait()
