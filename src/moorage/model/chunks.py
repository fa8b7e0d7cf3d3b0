"""Chunks: parts of objects as the cache of originals keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from moorage.model.caches import Shelf
from moorage.model.objects import Piece

CHUNK_BYTES: Final = 1 << 20
"""Length of every chunk but an object's last one."""


class ChunkName(NamedTuple):
    """A part of one version of an object: the bytes from ``number * CHUNK_BYTES`` on."""

    store: int
    key: str
    version: str
    """With the size: an origin may keep a version's name where the length is another."""
    number: int

    @classmethod
    def of(cls, store: int, key: str, version: str, size: int, number: int) -> ChunkName:
        """A part of an object that is ``size`` bytes long."""
        return cls(store, key, f"{version} {size}", number)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of a chunk, and when they were fetched or last confirmed (Unix seconds)."""

    data: bytes
    fetched_s: float


class ChunkCache(Shelf, Protocol):
    """Chunks on disk, bounded in size and age. It may forget anything at any time."""

    trouble: str
    """Why nothing was kept lately; empty where all was."""

    def holds(self, name: ChunkName) -> bool:
        """Whether it is known to be there; False does not mean that it is not."""

    async def get(self, name: ChunkName, start: int, stop: int) -> Chunk | None:
        """The bytes [start, stop) of the chunk, which has them."""

    def piece_now(self, name: ChunkName, start: int, stop: int) -> tuple[Piece, float] | None:
        """The bytes [start, stop) of a chunk that is known to be there and whole, and when it was fetched."""

    async def put(self, name: ChunkName, data: bytes) -> bool:
        """Keep a whole chunk; a repeat replaces it. False where it is not there now."""
