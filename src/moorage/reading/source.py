"""Sources: an item's bytes in the form that decoders take, a descriptor or ranges."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from moorage.model.catalogue import Kind
from moorage.model.errors import BodyBroken
from moorage.model.media import IN_PARTS
from moorage.model.objects import ByteRange, FileBody, ObjectBody
from moorage.model.store import Provider
from moorage.model.variant import Source
from moorage.reading.content import Content
from moorage.reading.locate import Located

WHOLE_BYTES: Final = 64 << 20
"""Objects up to this size are fetched in one go for a decoder that wants most of their bytes."""

_AT_ONCE: Final = 2 << 20


class ItemSource:
    """An item as a decoder sees it. ``descriptor`` is set where the whole object is at hand as a file.

    ``ahead``: chunks to fetch beyond a read that goes on; a decoder that looks here and there wants none.
    """

    def __init__(self, content: Content, located: Located, descriptor: int | None, *, ahead: int = 0) -> None:
        self._content = content
        self._located = located
        self.descriptor = descriptor
        self._ahead = ahead

    @property
    def size(self) -> int:
        """Length of the object in bytes."""
        return self._located.item.size

    @property
    def media_type(self) -> str:
        """The item's media type."""
        return self._located.item.media_type

    async def read(self, start: int, length: int) -> bytes:
        """The bytes [start, start + length), fewer only at the object's end."""
        stop = min(start + length, self.size)
        if start >= stop:
            return b""
        if self.descriptor is not None:
            return await asyncio.to_thread(os.pread, self.descriptor, stop - start, start)
        located, body = await self._content.open(self._located, ByteRange(start, stop - start), ahead=self._ahead)
        async with body:
            if located.item.version != self._located.item.version:
                raise BodyBroken("The object was overwritten while it was read.", "Ask again.")
            return await body.read()


@asynccontextmanager
async def opened(content: Content, located: Located, *, whole: bool) -> AsyncIterator[tuple[Located, Source]]:
    """A source of the item. ``whole``: fetch it in one request where it is small enough.

    An image on a disk is always at hand as a file. One that is read in parts is not fetched whole from elsewhere.
    """
    item, on_disk = located.item, located.store.connection.provider is Provider.DISK
    fetched = whole and item.size <= WHOLE_BYTES and item.media_type not in IN_PARTS
    if not fetched and not (on_disk and item.kind is Kind.IMAGE):
        yield located, ItemSource(content, located, None)
        return
    located, body = await content.open(located)
    async with body:
        if isinstance(body, FileBody) and body.descriptor is not None:
            yield located, ItemSource(content, located, body.descriptor)
            return
        with tempfile.TemporaryFile(prefix="moorage-") as file:
            await _fill(file.fileno(), body)
            with _read_only(file.fileno()) as descriptor:
                yield located, ItemSource(content, located, descriptor)


@contextmanager
def _read_only(descriptor: int) -> Iterator[int]:
    """The same file without the right to change it: decoders are not trusted."""
    again = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield again
    finally:
        os.close(again)


async def _fill(descriptor: int, body: ObjectBody) -> None:
    """Write all of a body, some blocks at a time: a turn of a thread costs as much as writing one."""
    held: list[bytes] = []
    async for block in body:
        held.append(block)
        if sum(map(len, held)) >= _AT_ONCE:
            await _write(descriptor, held)
            held = []
    await _write(descriptor, held)


async def _write(descriptor: int, blocks: list[bytes]) -> None:
    writing = asyncio.ensure_future(asyncio.to_thread(_write_all, descriptor, blocks))
    try:
        await asyncio.shield(writing)
    finally:  # cancelled too: once the file is closed its number may be another's
        await asyncio.wait([writing])


def _write_all(descriptor: int, blocks: list[bytes]) -> None:
    for block in blocks:
        view = memoryview(block)
        while view:
            view = view[os.write(descriptor, view) :]
