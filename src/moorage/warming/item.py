"""One item: its previews made, its original fetched, through the same doors as for readers, and out of their way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from moorage.model.catalogue import Item, Kind
from moorage.model.errors import Busy, Conflict, MoorageError, ObjectNotFound, StoreDenied, TryAgain, Undecodable
from moorage.model.store import Provider, Store
from moorage.model.variant import Recipe
from moorage.model.warming import WarmUp
from moorage.reading.content import Content
from moorage.reading.locate import Located
from moorage.reading.variants import Variants

ORIGINALS: Final = 4
"""Objects that are fetched side by side."""
_AT_HAND: Final = (Provider.DISK, Provider.MEMORY)
_CAUSES: Final = (
    (Undecodable, "no preview can be made"),
    (ObjectNotFound, "object not found"),
    (StoreDenied, "access denied"),
    (Busy, "server is busy"),
    (TryAgain, "store does not answer"),
    (Conflict, "cache keeps nothing"),
)


@dataclass(slots=True)
class Outcome:
    """What became of one item."""

    item: Item
    made: int = 0
    """Bytes of previews."""
    fetched: int = 0
    """Bytes of the original."""
    wanted: bool = True
    """Whether anything was to be done for it."""
    error: MoorageError | None = None

    @property
    def cause(self) -> str:
        """The kind of its error."""
        return next((name for kind, name in _CAUSES if isinstance(self.error, kind)), "other error")

    @property
    def reason(self) -> str:
        """Its error for people."""
        if isinstance(self.error, Undecodable):
            return self.error.reason
        return "" if self.error is None else self.error.message


@dataclass
class Warmer:
    """Warms items. ``decoders``: previews that are made side by side, fewer than there are decoder processes."""

    content: Content
    """Reads on the connections of jobs."""
    variants: Variants
    decoders: int
    _making: asyncio.Semaphore = field(init=False)
    _fetching: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._making = asyncio.Semaphore(self.decoders)
        self._fetching = asyncio.Semaphore(ORIGINALS)

    async def warm(self, of: WarmUp, item: Item, store: Store, over: Callable[[], bool]) -> Outcome | None:
        """Do for one item what was asked for; None where the slice ended before. What is cached by then stays so."""
        done = Outcome(item)
        previews = bool(of.sizes) and item.kind is not Kind.FILE
        original = of.originals and kept(store)
        done.wanted = previews or original
        try:
            located = await self.content.seen(Located(item, store))
            if original and not await self._fetch(located, done, over):
                return None
            for size in of.sizes if previews else ():
                if over():
                    return None
                async with self._making:
                    rendered = await self.variants.preview(located, Recipe.asked(size, size))
                need_room("previews", self.variants.previews.trouble)
                done.made += len(rendered.data)
        except MoorageError as error:
            done.error = replace(error)
        return done

    async def _fetch(self, located: Located, done: Outcome, over: Callable[[], bool]) -> bool:
        async with self._fetching:
            located, body = await self.content.open(located)
            passed = 0
            async with body:
                async for block in body:
                    passed += len(block)
                    if over():
                        break
        need_room("originals", self.content.originals.trouble)
        if passed == located.item.size:
            done.fetched = passed
        return passed == located.item.size


def need_room(cache: str, trouble: str) -> None:
    """Raise Conflict where a cache keeps nothing: what was made for it is gone already."""
    if trouble:
        raise Conflict(
            f"The cache of {cache} keeps nothing: {trouble}.",
            "Make room on the disk of the data directory, and see that the server may write there; then warm it again.",
        )


def kept(store: Store) -> bool:
    """Whether originals of the store go through the cache: those on disks do not."""
    return store.connection.provider not in _AT_HAND
