"""What stands for a project: what its people may link from, and the store of web addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.access import Principal
from moorage.model.catalogue import ProjectId
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Transaction
from moorage.reading.bases import is_for_the_web
from moorage.reading.resolve import Resolver
from moorage.registering.usable import opening_connections, usable_stores

WEB: Final = "https"


@dataclass(frozen=True, slots=True)
class Registered:
    """Resolves by what is registered now. ``web`` without an id: the store of web servers, still to be made."""

    resolver: Resolver
    web: Store | None


def registered(tx: Transaction, asker: Principal, project: ProjectId, *, opens: bool, web: bool) -> Registered:
    """What the asker may link from into the project. ``opens``, ``web``: stores may be made."""
    connections = opening_connections(tx, asker, project) if opens else []
    there = next((store for store in tx.stores.all() if is_for_the_web(store)), None)
    to_come = Store(WEB, Connection(Provider.HTTPS), Bucket("")) if web else None
    return Registered(Resolver(usable_stores(tx, asker, project), connections), there or to_come)
