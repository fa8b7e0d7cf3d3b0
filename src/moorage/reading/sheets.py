"""Contact sheets: of an item with several pages, and of many items by their previews."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import MoorageError
from moorage.model.sheet import Mosaic, Sheet
from moorage.model.variant import Recipe, Rendered, Task
from moorage.reading.locate import Located
from moorage.reading.variants import Variants

_AT_ONCE: Final = 4
"""Previews that one sheet waits for side by side, so that it does not fill the queue of the decoders."""


async def of_item(variants: Variants, located: Located, sheet: Sheet) -> Rendered:
    """The sheet of an item's pages, kept as a conversion. Raises as ``Variants.convert`` does."""
    return await variants.convert(located, Task.SHEET, sheet)


async def of_items(variants: Variants, items: Sequence[Located | None], sheet: Sheet) -> Rendered:
    """The sheet of the previews of items; the place of one that has none stays empty.

    The previews are kept, the sheet is not: it is made of them in little time.
    """
    recipe, turns = Recipe(sheet.cell, sheet.cell), asyncio.Semaphore(_AT_ONCE)

    async def preview(located: Located | None) -> bytes:
        if located is None:
            return b""
        async with turns:
            try:
                return (await variants.preview(located, recipe)).data
            except MoorageError:
                return b""

    found = await asyncio.gather(*map(preview, items))
    mosaic = Mosaic(sheet, tuple(map(len, found)))
    return await variants.imager.make(Task.MOSAIC, _InMemory(b"".join(found) or b"\0"), mosaic)


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Bytes as a source for a decoder."""

    content: bytes
    media_type: str = ""
    descriptor: int | None = None

    @property
    def size(self) -> int:
        """Their length."""
        return len(self.content)

    async def read(self, start: int, length: int) -> bytes:
        """The bytes [start, start + length)."""
        return self.content[start : start + length]
