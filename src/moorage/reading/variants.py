"""Variants: previews and posters, made once per recipe and source version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from moorage.model.catalogue import Item, Kind, Measured
from moorage.model.errors import Undecodable
from moorage.model.keys import escape
from moorage.model.transaction import Facts
from moorage.model.variant import Imager, Recipe, Rendered, VariantCache
from moorage.reading.content import Content, readable
from moorage.reading.locate import Located, Locator
from moorage.reading.source import opened


class Once(Protocol):
    """Runs one making per name, however many wait for it."""

    async def __call__(self, name: str, make: Callable[[], Awaitable[Rendered]]) -> Rendered:
        """What ``make`` returned, or its error, for all who asked under this name meanwhile."""


@dataclass(frozen=True, slots=True)
class Variants:
    """Makes and remembers variants of items."""

    facts: Facts
    content: Content
    locator: Locator
    imager: Imager
    cache: VariantCache
    once: Once

    async def preview(self, located: Located, recipe: Recipe) -> Rendered:
        """The item as a small image: of an image itself, of a video its poster.

        Raises Undecodable with a reason to show for anything else, and for broken bytes; NotFound for a tombstone,
        also where a preview of it was kept.
        """
        item = located.item
        readable(item)
        name = recipe.name(item.version)
        found = await self.cache.get(item.store, item.key, name)
        if found is not None:
            return found
        if item.kind is Kind.FILE:
            raise Undecodable(
                f"{escape(item.name)!r} is no image or video.",
                "Open or download it instead.",
                reason="No preview for this kind of file.",
            )
        return await self.once(f"{item.store}\0{item.key}\0{name}", lambda: self._make(located, recipe))

    async def _make(self, located: Located, recipe: Recipe) -> Rendered:
        video = located.item.kind is Kind.VIDEO
        async with opened(self.content, located, whole=not video) as (read, source):
            make = self.imager.poster if video else self.imager.preview
            rendered = await make(source, recipe)
        item = read.item
        await self.cache.put(item.store, item.key, recipe.name(item.version), rendered)
        await self._note(item, rendered)
        return rendered

    async def _note(self, item: Item, rendered: Rendered) -> None:
        measured = Measured(rendered.source_width, rendered.source_height, rendered.duration_ms)
        if (item.width, item.height, item.duration_ms) == (measured.width, measured.height, measured.duration_ms):
            return
        await self.facts.write(lambda tx: tx.items.note_measured(item.id, item.version, measured))
        self.locator.forget(item.id)
