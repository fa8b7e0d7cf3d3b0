"""Ports to adopted objects and aliases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moorage.model.aliases import Alias
from moorage.model.catalogue import ItemId, Page, ProjectId
from moorage.model.links import LinkRow
from moorage.model.store import StoreId


class Adoptions(Protocol):
    """Ids that were handed out for objects. One never stands for another object."""

    def known(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> dict[bytes, ItemId]:
        """The ids of those objects that have one."""

    def shown(self, project: ProjectId, store: StoreId, keys: Sequence[bytes]) -> dict[bytes, ItemId]:
        """Live items of the project that show these objects, be they links, uploaded or mirrored; the oldest each."""

    def keep(self, project: ProjectId, store: StoreId, key: bytes, item: ItemId) -> None:
        """Hand the id of an item out for its object."""

    def insert(self, project: ProjectId, row: LinkRow, item: ItemId | None = None) -> ItemId | None:
        """Insert an item and hand its id out; ``item``: the id that the object has. None: the name is taken."""


class Aliases(Protocol):
    """Names of items. What was set once is never changed, only followed by more."""

    def set(self, project: ProjectId, name: str, item: ItemId, *, user: int, email: str, now_ms: int) -> None: ...

    def get(self, project: ProjectId, name: str) -> Alias:
        """With all of its history. NotFound when it was never set."""

    def page(self, project: ProjectId, *, after: str | None = None, limit: int = 100) -> Page[Alias]:
        """By name, each with what it stands for now only; ``after`` is the ``next`` of the page before."""
