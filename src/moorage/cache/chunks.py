"""Chunks of originals as files: one per chunk of 1 MiB, so that the least used part of a film can go alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from moorage.cache.files import Files, digest_of
from moorage.model.caches import CacheState, Purged, Which
from moorage.model.chunks import Chunk, ChunkName


class FileChunkCache:
    """A ChunkCache in ``root``, with the bounds and the promises of ``Files``."""

    def __init__(
        self, root: Path, *, max_bytes: int, max_age: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._files = Files(
            root, max_bytes=max_bytes, max_age=max_age, clock=clock, warning="Objects are fetched anew each time"
        )

    @property
    def total_bytes(self) -> int:
        """Size of the chunks that are known: all of them once the first one was put."""
        return self._files.total_bytes

    def holds(self, name: ChunkName) -> bool:
        """Whether it is known to be there; False does not mean that it is not."""
        return self._files.size(_digest(name)) is not None

    async def get(self, name: ChunkName, start: int, stop: int) -> Chunk | None:
        """The bytes [start, stop) of the chunk, which has them; None: it was never put, is forgotten or damaged."""
        digest, part = _digest(name), slice(start, stop)
        known = self._files.size(digest) is not None
        kept = self._files.read_now(digest, part) if known else await self._files.read(digest, part)
        return None if kept is None or len(kept.data) != stop - start else Chunk(kept.data, kept.put_s)

    async def put(self, name: ChunkName, data: bytes) -> None:
        """Keep a whole chunk; a repeat replaces it."""
        await self._files.write(_digest(name), list(name), data)

    async def state(self) -> CacheState:
        """What is held."""
        return await self._files.state()

    async def purge(self, which: Which) -> Purged:
        """Forget chunks."""
        return await self._files.purge(which)

    async def aclose(self) -> None:
        """Waits for what is being written. A repeat does nothing; later calls raise RuntimeError."""
        await self._files.aclose()


def _digest(name: ChunkName) -> str:
    return digest_of(f"{name.store}\0{name.number}\0{name.version}\0{name.key}")
