"""The credentials before the last replacement: kept with it, taken back by *undo*, forgotten once the new ones held.

They stay, sealed, until every store of the connection has passed a check, the daily one or one that is asked for, an
hour or more after the replacement.
"""

from __future__ import annotations

from typing import Final

from moorage.model.access import Principal
from moorage.model.credentials import Forgotten
from moorage.model.errors import Conflict
from moorage.model.store import Connection, ConnectionId, Store, StoreId
from moorage.model.transaction import Transaction
from moorage.registering.declared import place_of

SETTLED_MS: Final = 3600 * 1000
"""A check that passes sooner proves little: servers and their caches may take revoked keys for minutes."""
REPLACED: Final = "credentials.replace"
UNDONE: Final = "credentials.undo"
FORGOTTEN: Final = "credentials.forget"


def keep(tx: Transaction, principal: Principal, before: Connection, after: Connection, *, now_ms: int) -> None:
    """Remember the credentials of ``before``, inside the transaction that writes ``after`` but ahead of it.

    Where those of now never held, the ones before them stay: they are the last that worked.
    """
    if not before.id or after.credentials == before.credentials:
        return
    if isinstance(before.credentials, Forgotten):
        tx.connections.drop_former(before.id)
    elif tx.connections.former(before.id) is None or not failing(tx, before.id):
        tx.connections.keep_former(before.id, now_ms=now_ms)
    tx.audit.add(
        principal,
        REPLACED,
        subject_of(before),
        stores=[one.name for one in stores_of(tx, before.id)],
        before=before.credentials.kind,
        after=after.credentials.kind,
    )


def settle(tx: Transaction, store: StoreId) -> None:
    """Forget the former credentials once those of now held; called after a check of the store was noted."""
    connection = tx.stores.get(store).connection
    former = tx.connections.former(connection.id)
    if former is None:
        return
    reports = [tx.stores.last_check(one.id) for one in stores_of(tx, connection.id)]
    since_ms = former.replaced_ms + SETTLED_MS
    if all(one is not None and one.passed and one.checked_ms >= since_ms for one in reports):
        tx.connections.drop_former(connection.id)


def failing(tx: Transaction, connection: ConnectionId) -> tuple[str, ...]:
    """Names of the connection's stores that do not pass their check; each replacement is one."""
    reports = [(one.name, tx.stores.last_check(one.id)) for one in stores_of(tx, connection)]
    return tuple(name for name, report in reports if report is not None and not report.passed)


def stores_of(tx: Transaction, connection: ConnectionId) -> list[Store]:
    """The stores that have the connection, by name."""
    return [one for one in tx.stores.all() if one.connection.id == connection]


def subject_of(connection: Connection) -> str:
    """What audit rows about its credentials are about."""
    return f"connection {connection.name or connection.id}"


def need_own(connection: Connection) -> None:
    """Raise Conflict, which names the place, for a connection that is declared in settings or a file."""
    if not connection.origin:
        return
    place = place_of(connection)
    raise Conflict(
        f"The connection {connection.name} is declared in {connection.origin}. Nothing was changed.",
        "Change the settings and start the server again."
        if place == "settings"
        else f"Change it in {place}; what is written there counts within seconds.",
    )
