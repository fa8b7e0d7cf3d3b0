"""What was made of items lately, for a while in memory: wishes of which there are too many to keep them on disk."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from moorage.model.variant import Rendered

_MOST_BYTES: Final = 32 << 20
_LARGEST: Final = 4 << 20
"""Of one; larger ones are asked for seldom, and would push out all others."""
_BESIDE: Final = 1024
"""Bytes that an entry takes besides its data, about."""


class Lately:
    """A VariantCache of 32 MiB for all; those go first that nobody asked for the longest time."""

    trouble = ""

    def __init__(self, *, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[tuple[int, str, str], Rendered] = OrderedDict()
        self.total_bytes = 0

    async def get(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant, or None for a miss."""
        return self.get_now(store, key, name)

    def get_now(self, store: int, key: str, name: str) -> Rendered | None:
        """The same: all is in memory."""
        found = self._held.get((store, key, name))
        if found is not None:
            self._held.move_to_end((store, key, name))
        return found

    async def lend(self, store: int, key: str, name: str) -> int | None:
        """None: there are no files."""
        del store, key, name
        return None

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None:
        """Hold a variant; a repeat replaces it."""
        self.hold(store, key, name, rendered)

    def hold(self, store: int, key: str, name: str, rendered: Rendered) -> None:
        """The same."""
        size = _size(rendered)
        if size > min(_LARGEST, self._most_bytes):
            return
        self.drop(store, key, name)
        self._held[store, key, name] = rendered
        self.total_bytes += size
        while self.total_bytes > self._most_bytes:
            _, gone = self._held.popitem(last=False)
            self.total_bytes -= _size(gone)

    def drop(self, store: int, key: str, name: str) -> None:
        """Forget a variant. A repeat does nothing."""
        gone = self._held.pop((store, key, name), None)
        self.total_bytes -= 0 if gone is None else _size(gone)

    def clear(self) -> None:
        """Forget all."""
        self._held.clear()
        self.total_bytes = 0


def _size(rendered: Rendered) -> int:
    return len(rendered.data) + _BESIDE
