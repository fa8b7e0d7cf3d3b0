"""Port to loose objects: those that Moorage wrote and that no item holds, not yet or no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

from moorage.model.keys import Key
from moorage.model.store import StoreId

LooseId = NewType("LooseId", int)


@dataclass(frozen=True, slots=True)
class LooseObject:
    """An object that is to be deleted from its store."""

    id: LooseId
    store: StoreId
    key: Key


class Loose(Protocol):
    """What is written before an object is, and after an item let go of one: so no object is ever forgotten.

    An upload writes a row, then the object, then changes the row for an item in one transaction. A row that is
    due was left behind, and its object goes. Items that are replaced or removed for good leave rows by themselves.
    """

    def add(self, store: StoreId, key: Key, due_ms: int) -> LooseId:
        """Note an object that is about to be written; it is deleted from ``due_ms`` on unless it is taken."""

    def take(self, loose: LooseId) -> bool:
        """Forget the row, because an item of this transaction holds its object. False: it was given up already."""

    def give_up(self, loose: LooseId, due_ms: int) -> bool:
        """Let the object be deleted from then on. False: the row is gone."""

    def claim(self, now_ms: int, again_ms: int, limit: int = 100) -> list[LooseObject]:
        """Objects that are due and that no item holds, live or tombstone; no upload can take them any more.

        Until ``again_ms`` nobody else is given them. Rows of objects that an item holds are forgotten here.
        """

    def remove(self, ids: Sequence[LooseId]) -> None:
        """Forget rows whose objects are deleted."""
