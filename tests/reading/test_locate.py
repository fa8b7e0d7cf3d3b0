"""Places of items are kept in memory, and never one that was read before a change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from moorage.model.catalogue import ItemId
from moorage.reading.locate import Located, Locator

PLACE = Located(cast("Any", "item"), cast("Any", "store"))


@dataclass
class Slow:
    """Facts that something is changed under while they are read."""

    locator: Locator = field(init=False)
    changes: bool = True
    reads: int = 0

    async def read(self, _: object) -> Located:
        self.reads += 1
        if self.changes:
            self.locator.forget()
        return PLACE


async def test_a_place_that_was_read_before_a_change_is_not_kept() -> None:
    facts = Slow()
    facts.locator = Locator(cast("Any", facts))
    assert await facts.locator.locate(ItemId(1)) is PLACE
    assert facts.locator.known(ItemId(1)) is None
    facts.changes = False
    assert await facts.locator.locate(ItemId(1)) is await facts.locator.locate(ItemId(1))
    assert (facts.locator.known(ItemId(1)), facts.reads) == (PLACE, 2)
