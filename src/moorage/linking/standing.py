"""What stands for a project: the stores that a person may link from, and the connections that may make more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.access import Principal
from moorage.model.catalogue import ProjectId
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Scope, Store
from moorage.model.transaction import Transaction
from moorage.reading.bases import is_for_the_web
from moorage.reading.resolve import Resolver
from moorage.registering.register import may_use

WEB: Final = "https"


@dataclass(frozen=True, slots=True)
class Registered:
    """Resolves by what is registered now. ``web`` without an id: the store of web servers, still to be made."""

    resolver: Resolver
    web: Store | None


def registered(tx: Transaction, asker: Principal, project: ProjectId, *, opens: bool, web: bool) -> Registered:
    """What the asker may link from into the project. ``opens``, ``web``: stores may be made."""
    stores = tx.stores.all()
    usable = [store for store in stores if _open_to(asker, project, store)]
    connections = [
        one
        for one in (tx.connections.all() if opens else [])
        if one.open_buckets is not None and _open_to(asker, project, Store("", one, scope=one.scope))
    ]
    there = next((store for store in stores if is_for_the_web(store)), None)
    to_come = Store(WEB, Connection(Provider.HTTPS), Bucket("")) if web else None
    return Registered(Resolver(usable, connections), there or to_come)


def _open_to(asker: Principal, project: ProjectId, store: Store) -> bool:
    """Whether the person may use it, and the project too."""
    scope: Scope = store.scope
    return may_use(asker, store) and (not scope.projects or project in scope.projects)
