"""What somebody may link from into a project: stores, and connections whose stores are made by their first use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from moorage.model.access import Principal
from moorage.model.catalogue import ProjectId
from moorage.model.store import Connection, Store
from moorage.model.transaction import Transaction
from moorage.registering.register import may_use


class OpenBucket(Protocol):
    """Makes the store of a bucket that a connection admits, after a probe; a repeat answers the one there is."""

    async def __call__(self, principal: Principal, connection: Connection, bucket: str, *, key: str) -> Store:
        """``key`` tells which folder of the bucket is meant."""


WebStore = Callable[[], Awaitable[Store]]
"""The store of web addresses, made at first need."""


def usable_stores(tx: Transaction, asker: Principal, project: ProjectId) -> list[Store]:
    """Those that the person may use, and the project too."""
    return [store for store in tx.stores.all() if open_to(asker, project, store)]


def opening_connections(tx: Transaction, asker: Principal, project: ProjectId) -> list[Connection]:
    """Those whose stores would be open to both."""
    return [
        one
        for one in tx.connections.all()
        if one.open_buckets is not None and open_to(asker, project, Store("", one, scope=one.scope))
    ]


def open_to(asker: Principal, project: ProjectId, store: Store) -> bool:
    """Whether the person may use the store, and the project too."""
    return may_use(asker, store) and (not store.scope.projects or project in store.scope.projects)
