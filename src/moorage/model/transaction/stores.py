"""Ports to connections and stores."""

from __future__ import annotations

from typing import Protocol

from moorage.model.probe import ProbeReport
from moorage.model.store import Store, StoreId


class Stores(Protocol):
    """Connections and stores; credentials are sealed on the way in and opened on the way out."""

    def add(self, store: Store) -> Store:
        """Insert with a new id. AlreadyExists when the name is taken."""

    def get(self, store: StoreId) -> Store: ...

    def named(self, name: str) -> Store: ...

    def all(self) -> list[Store]: ...

    def update(self, store: Store) -> None: ...

    def remove(self, store: StoreId) -> None: ...

    def users_of(self, store: StoreId) -> tuple[str, ...]:
        """What stands in the way of removing it, as 'mirror 12', 'project frames', 'items 3'."""

    def note_check(self, store: StoreId, report: ProbeReport) -> None: ...

    def last_check(self, store: StoreId) -> ProbeReport | None: ...

    def note_had_objects(self, store: StoreId) -> None:
        """Remember that this store once held objects: an empty root is then a mount that vanished."""

    def had_objects(self, store: StoreId) -> bool: ...

    def forget_credentials(self) -> list[str]:
        """Leave ``Forgotten`` in place of all credentials, unopened; the names of the stores that had any."""

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the credentials of ``limit`` connections with ids greater than ``after`` with today's key.

        The last of these ids; 0: none is left. SealBroken where one does not open.
        """
