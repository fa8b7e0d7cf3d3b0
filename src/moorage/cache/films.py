"""Converted videos as files: entries among other conversions, but written piece by piece and read by a descriptor."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, ParamSpec, Self, TypeVar

from moorage.cache.entry import tail
from moorage.cache.files import Files, digest_of
from moorage.model.errors import Conflict, TooLarge
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ObjectInfo

_BLOCK: Final = 256 * 1024
P = ParamSpec("P")
R = TypeVar("R")


class FileFilmCache:
    """A FilmCache among the entries of ``files``, which bounds and forgets them like its own."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def begin(self, store: int, key: str, name: str) -> FileReel:
        """A film to be written; it is there for nobody until it is kept."""
        aside = await self._files.aside(_digest(store, key, name))
        return FileReel(self._files, aside, _digest(store, key, name), [store, key, name])

    async def open(self, store: int, key: str, name: str) -> FilmBody | None:
        """The film; None for one that was never kept, or is forgotten."""
        lent = await self._files.lend_taken(_digest(store, key, name))
        return None if lent is None else FilmBody(lent[0], lent[1], Key(key), name)


class FileReel:
    """A film being written beside the entries."""

    def __init__(self, files: Files, aside: Path, digest: str, facts: list[object]) -> None:
        self._files = files
        self._aside = aside
        self._digest = digest
        self._facts = facts
        self._descriptor = _made(aside)

    async def write(self, start: int, data: bytes) -> None:
        """Put bytes at their place. Raises TooLarge above the size of the cache, Conflict where the disk takes none."""
        if start + len(data) > self._files.max_bytes:
            raise TooLarge(
                f"The converted video is longer than the {self._files.max_bytes:,} bytes of the cache of conversions.",
                "Let an admin raise CACHE_IMAGE_CONVERTER_SIZE.",
            )
        try:
            await _to_the_end(_write, self._descriptor, data, start)
        except OSError as exc:
            raise _not_kept(exc) from exc

    async def keep(self) -> bool:
        """Make it an entry, whole; False where it is larger than the cache. Raises Conflict likewise."""
        try:
            size = await _to_the_end(_end, self._descriptor, self._digest, self._facts)
            return await self._files.take(self._digest, self._aside, size)
        except OSError as exc:
            raise _not_kept(exc) from exc

    async def aclose(self) -> None:
        """Drop what was not kept. A repeat does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            with suppress(OSError):
                await asyncio.to_thread(self._aside.unlink, missing_ok=True)


class FilmBody:
    """A FileBody of a film. It stays readable when the film is forgotten meanwhile."""

    def __init__(self, descriptor: int, size: int, key: Key, version: str) -> None:
        self.descriptor: int | None = descriptor
        self.info = ObjectInfo(key, size, ETag(version), 0)
        self.start = 0
        self.stop = size

    def is_unchanged(self) -> bool:
        """Nobody writes to a film that is whole."""
        return True

    def part(self, wanted: ByteRange | None) -> Self:
        """Read only that range, which lies in it."""
        span = None if wanted is None else wanted.within(self.info.size)
        if span is not None:
            self.start, self.stop = span
        return self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        at = self.start
        while at < self.stop:
            assert self.descriptor is not None
            block = await asyncio.to_thread(os.pread, self.descriptor, min(_BLOCK, self.stop - at), at)
            if not block:
                return
            at += len(block)
            yield block

    async def read(self) -> bytes:
        """All of it at once."""
        return b"".join([block async for block in self])

    async def aclose(self) -> None:
        """Close it. A repeat does nothing."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


def _not_kept(exc: OSError) -> Conflict:
    """Not Busy: a disk that is full stays so until somebody makes room, and a job would ask again and again."""
    return Conflict(
        f"The converted video cannot be kept: {exc.strerror}. Nothing was made.",
        "Make room on the disk of the data directory (moorage cache purge empties the caches), then ask again.",
    )


async def _to_the_end(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in a thread. Cancelled, it lets it end first: it writes to a number that is another file's once closed."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    finally:
        await asyncio.wait([running])


def _made(aside: Path) -> int:
    try:
        aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise _not_kept(exc) from exc


def _write(descriptor: int, data: bytes, start: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, start)
        view, start = view[count:], start + count


def _end(descriptor: int, digest: str, facts: list[object]) -> int:
    """Append facts and tail, and have all of it on the disk: nobody reads gigabytes to look at a checksum."""
    size = os.fstat(descriptor).st_size
    ending = tail(digest, size, facts)
    _write(descriptor, ending, size)
    os.fsync(descriptor)
    return size + len(ending)


def _digest(store: int, key: str, name: str) -> str:
    return digest_of(f"film\0{store}\0{name}\0{key}")
