"""Ports to connections and stores."""

from __future__ import annotations

from typing import Protocol

from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, ConnectionId, Former, Store, StoreId


class Connections(Protocol):
    """Connections; credentials are sealed on the way in and opened on the way out."""

    def add(self, connection: Connection) -> Connection:
        """Insert with a new id."""

    def get(self, connection: ConnectionId) -> Connection: ...

    def all(self) -> list[Connection]: ...

    def update(self, connection: Connection) -> None: ...

    def remove(self, connection: ConnectionId) -> None:
        """Remove it; its stores are gone already."""

    def keep_former(self, connection: ConnectionId, *, now_ms: int) -> None:
        """Remember the credentials of now, which are about to be replaced, in place of any remembered before."""

    def former(self, connection: ConnectionId) -> Former | None:
        """The credentials before the last replacement; None where there are none, or they were dropped."""

    def drop_former(self, connection: ConnectionId) -> None:
        """Forget them; a repeat writes nothing."""

    def forget_credentials(self) -> list[str]:
        """Leave ``Forgotten`` in place of all credentials, unopened; the names of the stores that had any."""

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the credentials of ``limit`` connections with ids greater than ``after`` with today's key.

        The last of these ids; 0: none is left. SealBroken where one does not open.
        """


class Stores(Protocol):
    """Stores, each with its connection."""

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
