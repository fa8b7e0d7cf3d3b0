"""Variants: previews and posters, made once per recipe and source version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from moorage.model.catalogue import Item, Kind, Measured
from moorage.model.costs import UNMETERED, Meter
from moorage.model.errors import Changed, Undecodable
from moorage.model.keys import escape
from moorage.model.lately import Lately
from moorage.model.transaction import Facts
from moorage.model.variant import Imager, Recipe, Rendered, Task, VariantCache, Wish
from moorage.reading.content import Content, readable
from moorage.reading.locate import Located, Locator
from moorage.reading.source import opened

R = TypeVar("R")
_LOOKS: Final = 3


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
    previews: VariantCache
    converted: VariantCache
    once: Once
    meter: Meter = UNMETERED
    lately: VariantCache = field(default_factory=Lately)

    async def preview(self, located: Located, recipe: Recipe) -> Rendered:
        """The item as a small image: of an image itself, of a video its poster.

        Raises Undecodable with a reason to show for anything else, and for broken bytes; NotFound for a tombstone,
        also where a preview of it was kept.
        """
        task = Task.POSTER if located.item.kind is Kind.VIDEO else Task.PREVIEW
        return await self._made(located, task, recipe, self.previews)

    def preview_now(self, located: Located, name: str) -> Rendered | None:
        """The preview where it is known to be kept, and small; None does not mean that there is none.

        ``name`` is that of its recipe on the item's version.
        """
        item = located.item
        found = self.previews.get_now(item.store, item.key, name)
        if found is not None:
            self.meter.hit(item.store)
        return found

    async def convert(
        self, located: Located, task: Task, wish: Wish, *, whole: bool = True, kept: bool = True
    ) -> Rendered:
        """What the task makes of the item, from the cache of conversions where it was made before.

        ``whole``: the task reads most of an image's bytes; ``kept``: it is one of few wishes that
        many have; all others are held for a while in memory. Raises as ``preview`` does.
        """
        return await self._made(located, task, wish, self.converted if kept else self.lately, whole=whole)

    async def settled(self, located: Located, make: Callable[[Located], Awaitable[R]]) -> tuple[Located, R]:
        """What was made of an item, and the version that it is of: there may be another than the catalogue knew.

        Raises Changed where it is another each time, and what ``make`` raises.
        """
        for _ in range(_LOOKS):
            made = await make(located)
            now = await self.locator.locate(located.item.id)
            if now.item.version == located.item.version:
                return located, made
            located = now
        raise Changed(f"{escape(located.item.name)!r} changes faster than it can be read.", "Try again.")

    async def _made(
        self, located: Located, task: Task, wish: Wish, cache: VariantCache, *, whole: bool = True
    ) -> Rendered:
        item = located.item
        readable(item)
        name = wish.name(item.version)
        found = await cache.get(item.store, item.key, name)
        if found is not None:
            self.meter.hit(item.store)
            return found
        if item.kind is Kind.FILE:
            raise Undecodable(
                f"{escape(item.name)!r} is no image or video.",
                "Open or download it instead.",
                reason="No preview for this kind of file.",
            )
        flight = f"{item.store}\0{item.key}\0{name}"
        return await self.once(flight, lambda: self._make(located, task, wish, cache, whole=whole))

    async def _make(self, located: Located, task: Task, wish: Wish, cache: VariantCache, *, whole: bool) -> Rendered:
        whole = whole and located.item.kind is not Kind.VIDEO
        async with opened(self.content, located, whole=whole) as (read, source):
            rendered = await self.imager.make(task, source, wish)
        item = read.item
        await cache.put(item.store, item.key, wish.name(item.version), rendered)
        # The size of an item is that of its first page.
        if not isinstance(wish, Recipe) or wish.page == 1:
            await self._note(item, rendered)
        return rendered

    async def _note(self, item: Item, rendered: Rendered) -> None:
        measured = Measured(rendered.source_width, rendered.source_height, rendered.duration_ms)
        if (item.width, item.height, item.duration_ms) == (measured.width, measured.height, measured.duration_ms):
            return
        await self.facts.write(lambda tx: tx.items.note_measured(item.id, item.version, measured))
        self.locator.forget(item.id)
