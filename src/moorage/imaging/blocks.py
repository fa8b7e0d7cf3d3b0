"""The bytes of one object as a file object for a decoder: blocks of 1 MiB or less, the last few kept."""

from __future__ import annotations

import errno
import io
import mmap
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK: Final = 1024 * 1024
_KEPT: Final = 16
SMALL: Final = 64 * 1024
"""The length of a block for who wants no more than the beginning."""
_MOST_MAPPED: Final = 512 * 1024 * 1024
"""Bytes of address space for one file: a quarter of what a process has."""

Fetch = Callable[[int, int], bytes]
"""(start, length) -> the bytes [start, start + length), fewer only at the object's end."""


def from_descriptor(descriptor: int) -> Fetch:
    """Reads by position, since the descriptor's own position is shared with every other process that has it."""
    return lambda start, length: os.pread(descriptor, length, start)


def mapped(descriptor: int, size: int) -> mmap.mmap | None:
    """The file in memory without reading it; None for one that is too large for that, or shorter than ``size``."""
    if size > _MOST_MAPPED:
        return None
    try:
        return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None


class Blocks(io.RawIOBase):
    """A read-only, seekable file object of ``size`` bytes over ``fetch``, which is called per block.

    ``whole`` is the same bytes as one buffer, where that costs nothing; ``length`` is that of a block;
    ``put`` sends bytes of what is made out of it away, where there is somebody who takes them; ``fill`` does what
    ``fetch`` does, into a buffer of 1 MiB or less.
    """

    def __init__(
        self,
        size: int,
        fetch: Fetch,
        whole: mmap.mmap | None = None,
        *,
        length: int = BLOCK,
        put: Callable[[int, bytes], None] | None = None,
        fill: Callable[[int, memoryview], None] | None = None,
    ) -> None:
        self.size = size
        self.put = put
        self.whole = whole
        self.length = length
        self._fetch = fetch
        self._fill = fill
        self._position = 0
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes from the position on; empty at the end."""
        end = self.size if size < 0 else min(self.size, self._position + size)
        if self.whole is not None:
            part = self.whole[self._position : end]
            self._position += len(part)
            return part
        parts = []
        while self._position < end:
            number, skip = divmod(self._position, self.length)
            part = self._block(number)[skip : skip + end - self._position]
            if not part:
                break
            parts.append(part)
            self._position += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: WriteableBuffer) -> int:
        """The same into a buffer; returns how many bytes."""
        view = memoryview(buffer).cast("B")
        part = self.read(len(view))
        view[: len(part)] = part
        return len(part)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position, also to behind the last byte; returns it. Raises OSError for one below 0."""
        position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if position < 0:
            raise OSError(errno.EINVAL, "a place before the first byte")
        self._position = position
        return position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def every(self, length: int) -> Blocks:
        """The same bytes from the start, ``length`` of them at a time."""
        return Blocks(self.size, self._fetch, self.whole, length=length, fill=self._fill)

    def everything(self) -> bytes | bytearray:
        """All bytes as one buffer."""
        if self._fill is None:
            self.seek(0)
            return self.read()
        made = bytearray(self.size)
        with memoryview(made) as view:
            for start in range(0, self.size, BLOCK):
                self._fill(start, view[start : start + BLOCK])
        return made

    def head(self, length: int = 64) -> bytes:
        """The first bytes; the position stays."""
        if self.whole is not None:
            return self.whole[:length]
        return self._block(0)[:length] if self.size else b""

    def _block(self, number: int) -> bytes:
        kept = self._kept.get(number)
        if kept is not None:
            self._kept.move_to_end(number)
            return kept
        start = number * self.length
        block = self._fetch(start, min(self.length, self.size - start))
        self._kept[number] = block
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return block
