"""Chunks of originals as files: one per chunk of 1 MiB, so that the least used part of a film can go alone."""

from __future__ import annotations

from functools import lru_cache

from moorage.cache.fifo import S3Fifo
from moorage.cache.files import Files, digest_of
from moorage.model.chunks import Chunk, ChunkName
from moorage.model.objects import Piece


class FileChunkCache(Files):
    """A ChunkCache in ``root``, with the bounds and the promises of ``Files``."""

    warning = "Objects are fetched anew each time"
    evicts = S3Fifo

    def holds(self, name: ChunkName) -> bool:
        """Whether it is known to be there; False does not mean that it is not."""
        return self.size(_digest(name)) is not None

    async def get(self, name: ChunkName, start: int, stop: int) -> Chunk | None:
        """The bytes [start, stop) of the chunk, which has them; None: it was never put, is forgotten or damaged."""
        digest, part = _digest(name), slice(start, stop)
        known = self.size(digest) is not None
        kept = self.read_now(digest, part) if known else await self.read(digest, part)
        return None if kept is None or len(kept.data) != stop - start else Chunk(kept.data, kept.put_s)

    def piece_now(self, name: ChunkName, start: int, stop: int) -> tuple[Piece, float] | None:
        """The bytes [start, stop) of a chunk that was found whole before, and when it was put."""
        lent = self.lend_now(_digest(name))
        return None if lent is None else (Piece(lent[0], start, stop - start), lent[1])

    async def put(self, name: ChunkName, data: bytes) -> bool:
        """Keep a whole chunk; a repeat replaces it. False where it is not there now."""
        return await self.write(_digest(name), list(name), data)


@lru_cache(4096)
def _digest(name: ChunkName) -> str:
    return digest_of(f"{name.store}\0{name.number}\0{name.version}\0{name.key}")
