"""Finished variants as files: one per variant."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from moorage.cache.files import Files, digest_of
from moorage.cache.folder import Kept
from moorage.model.caches import CacheState, Purged, Which
from moorage.model.variant import Rendered

INLINE_BYTES: Final = 256 * 1024
"""Entries up to this size are read on the event loop: opening and reading takes about 30 microseconds."""


class FileVariantCache:
    """A VariantCache in ``root``, with the bounds and the promises of ``Files``."""

    def __init__(
        self, root: Path, *, max_bytes: int, max_age: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._files = Files(
            root, max_bytes=max_bytes, max_age=max_age, clock=clock, warning="Previews are made anew each time"
        )

    @property
    def total_bytes(self) -> int:
        """Size of the entries that are known: all of them once the first variant was put."""
        return self._files.total_bytes

    async def get(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant, or None for one that was never put, is forgotten or damaged."""
        digest = _digest(store, key, name)
        size = self._files.size(digest)
        if size is not None and size <= INLINE_BYTES:
            return _rendered(self._files.read_now(digest))
        return _rendered(await self._files.read(digest))

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None:
        """Keeps a variant; a repeat replaces it. One larger than the whole cache is not kept."""
        facts = [store, key, rendered.media_type, rendered.source_width, rendered.source_height, rendered.duration_ms]
        await self._files.write(_digest(store, key, name), facts, rendered.data)

    async def state(self) -> CacheState:
        """What is held."""
        return await self._files.state()

    async def purge(self, which: Which) -> Purged:
        """Forget variants."""
        return await self._files.purge(which)

    async def aclose(self) -> None:
        """Waits for what is being written. A repeat does nothing; later calls raise RuntimeError."""
        await self._files.aclose()


def _rendered(kept: Kept | None) -> Rendered | None:
    return None if kept is None else Rendered(kept.data, *kept.facts[2:])


def _digest(store: int, key: str, name: str) -> str:
    return digest_of(f"{store}\0{name}\0{key}")
