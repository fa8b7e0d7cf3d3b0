"""Locate: item -> store and key, kept in memory for at most 5 s, and dropped at once on our own changes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from moorage.model.catalogue import Item, ItemId
from moorage.model.store import Store
from moorage.model.transaction import Facts, Transaction
from moorage.reading.refusals import Refusals

KEPT_S: Final = 5.0
MAX_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Located:
    """An item and the store that holds its bytes."""

    item: Item
    store: Store


class Locator:
    """Answers where an item's bytes are. Bounded: the longest unused places are forgotten first."""

    def __init__(self, facts: Facts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._facts = facts
        self._clock = clock
        self._kept: OrderedDict[ItemId, tuple[float, Located]] = OrderedDict()
        self._forgotten = 0
        self.refusals = Refusals(clock=clock)
        """What origins refused a moment ago; it ends with the places."""

    def known(self, item: ItemId) -> Located | None:
        """The place if it is in memory and at most 5 s old."""
        kept = self._kept.get(item)
        if kept is None or kept[0] < self._clock():
            return None
        self._kept.move_to_end(item)
        return kept[1]

    async def locate(self, item: ItemId) -> Located:
        """The place of an item. NotFound when there is no such item."""
        known = self.known(item)
        if known is not None:
            return known

        def read(tx: Transaction) -> Located:
            found = tx.items.get(item)
            return Located(found, tx.stores.get(found.store))

        forgotten = self._forgotten
        located = await self._facts.read(read)
        if forgotten != self._forgotten:  # it may have been read before the change
            return located
        self._kept[item] = (self._clock() + KEPT_S, located)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return located

    def forget(self, item: ItemId | None = None) -> None:
        """Drop one place, or all of them, and what origins refused of it."""
        self._forgotten += 1
        kept = None if item is None else self._kept.pop(item, None)
        if kept is not None:
            self.refusals.forget(kept[1].item.store, kept[1].item.key)
            return
        self.refusals.forget()
        if item is None:
            self._kept.clear()
