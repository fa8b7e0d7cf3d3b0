"""Finished variants as files: one per variant."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from moorage.cache.files import Files, digest_of
from moorage.cache.folder import Kept
from moorage.model.caches import Purged, Which
from moorage.model.lately import Lately
from moorage.model.variant import Rendered

INLINE_BYTES: Final = 256 * 1024
"""Entries up to this size are read on the event loop: opening and reading takes about 30 microseconds."""


HOT_BYTES: Final = 32 << 20
"""Of the small entries that were read lately so many bytes stay in memory: some pages of a grid for each of many."""


class FileVariantCache(Files):
    """A VariantCache in ``root``, with the bounds and the promises of ``Files``."""

    warning = "Previews are made anew each time"

    def __init__(self, root: Path, **bounds: Any) -> None:
        super().__init__(root, **bounds)
        self._hot = Lately(most_bytes=HOT_BYTES)

    @property
    def hot_bytes(self) -> int:
        """What of them is in memory."""
        return self._hot.total_bytes

    async def get(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant, or None for one that was never put, is forgotten or damaged."""
        digest = _digest(store, key, name)
        return _rendered(self.read_now(digest) if self._is_small(digest) else await self.read(digest))

    def get_now(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant where it is known to be held and is small; None does not mean that it is not held."""
        digest = _digest(store, key, name)
        if not self._is_small(digest):
            return None
        hot = self._hot.get_now(store, key, name)
        if hot is not None:
            self.used(digest)
            return hot
        found = _rendered(self.read_now(digest))
        if found is not None:
            self._hot.hold(store, key, name, found)
        return found

    async def purge(self, which: Which) -> Purged:
        """Forget entries, and all that is in memory."""
        self._hot.clear()
        return await super().purge(which)

    def _is_small(self, digest: str) -> bool:
        """Whether it is known to be held and small enough to be read at once."""
        size = self.size(digest)
        return size is not None and size <= INLINE_BYTES

    async def lend(self, store: int, key: str, name: str) -> int | None:
        """A descriptor of a file that begins with the variant's bytes, for the caller to close; None for a miss."""
        return await self.lend_entry(_digest(store, key, name))

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None:
        """Keeps a variant; a repeat replaces it. One larger than the whole cache is not kept."""
        size = rendered.source_width, rendered.source_height
        facts = [store, key, rendered.media_type, *size, rendered.duration_ms, rendered.pages]
        await self.write(_digest(store, key, name), facts, rendered.data)
        self._hot.drop(store, key, name)


def _rendered(kept: Kept | None) -> Rendered | None:
    return None if kept is None else Rendered(kept.data, *kept.facts[2:])


def _digest(store: int, key: str, name: str) -> str:
    return digest_of(f"{store}\0{name}\0{key}")
