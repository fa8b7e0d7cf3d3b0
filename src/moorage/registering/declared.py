"""Connections that settings and files declare: wished -> compared with what is there -> written in one transaction.

What vanished from its file stays as long as a store uses it, but opens no new bucket; ``vanished`` tells it apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Final

from moorage.model.access import Principal
from moorage.model.store import Connection, ConnectionId, Store, StoreId
from moorage.model.transaction import Facts, Transaction

FACT: Final = "declared connections"
_FORMER: Final = " (before)"
"""Ends the origin of what an entry declared before it came to mean another provider."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the last look at what is declared went; kept for doctor, pages and other processes."""

    file: str = ""
    """Path of remote_links.yml; empty: there is none."""
    problem: str = ""
    """Why the file does not count; what it declared before still does."""
    warnings: tuple[str, ...] = ()
    looked_ms: int = 0


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did, by names of connections."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """No longer declared, but in use."""
    stores: tuple[StoreId, ...] = field(default=(), repr=False)
    """Stores whose connection changed."""

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class Declaring:
    """Brings the catalogue in line with what is declared."""

    facts: Facts
    now_ms: Callable[[], int]
    forget: Callable[[StoreId], None] = lambda _store: None
    """Called after a store's connection changed, so that open adapters of it are dropped."""

    async def apply(
        self, principal: Principal, wished: Iterable[Connection], *, sources: tuple[str, ...], standing: Standing
    ) -> Applied:
        """Make, change and remove connections whose origin begins with one of ``sources``. A repeat writes nothing."""
        connections = tuple(wished)
        kept = replace(standing, looked_ms=self.now_ms())

        def write(tx: Transaction) -> Applied:
            applied = _apply(tx, principal, connections, sources)
            note(tx, kept)
            return applied

        applied = await self.facts.write(write)
        for store in applied.stores:
            self.forget(store)
        return applied

    async def note(self, standing: Standing) -> None:
        """Keep that the file does not count. Nothing else is changed."""
        kept = replace(standing, looked_ms=self.now_ms())
        await self.facts.write(lambda tx: note(tx, kept))


def vanished(connection: Connection) -> bool:
    """Whether it was declared and is so no longer."""
    return bool(connection.origin) and connection.open_buckets is None


def note(tx: Transaction, standing: Standing) -> None:
    """Keep how the last look went."""
    tx.instance.set(FACT, json.dumps(asdict(standing)).encode())


def standing_of(tx: Transaction) -> Standing:
    """How the last look went."""
    stored = tx.instance.get(FACT)
    if stored is None:
        return Standing()
    told = json.loads(stored)
    return Standing(**{**told, "warnings": tuple(told["warnings"])})


def warnings_of(tx: Transaction) -> list[str]:
    """All that people should know about what is declared, as sentences."""
    standing = standing_of(tx)
    told = [standing.problem] * bool(standing.problem) + list(standing.warnings)
    stores = tx.stores.all()
    for one in tx.connections.all():
        if vanished(one):
            used = ", ".join(store.name for store in stores if store.connection.id == one.id) or "no store"
            told.append(
                f"The connection {one.name} is not declared in {place_of(one)} any more, but used by {used}: "
                "its stores work on, and it opens no new bucket."
            )
    return told


def place_of(connection: Connection) -> str:
    """Where it is declared, without the entry's name."""
    return connection.origin.partition(":")[0]


def _apply(tx: Transaction, principal: Principal, wished: tuple[Connection, ...], sources: tuple[str, ...]) -> Applied:
    there = {one.origin: one for one in tx.connections.all() if one.origin.startswith(sources)}
    users: dict[ConnectionId, list[Store]] = {}
    for store in tx.stores.all():
        users.setdefault(store.connection.id, []).append(store)
    added, changed, removed, kept, stores = [], [], [], [], []
    for connection in wished:
        before = there.pop(connection.origin, None)
        if before is not None and before.provider is not connection.provider:
            there[f"{connection.origin}{_FORMER}"] = before
            before = None
        if before is None:
            made = tx.connections.add(connection)
            tx.audit.add(principal, "connection.add", f"connection {made.name}", **told(made))
            added.append(made.name)
            continue
        after = replace(connection, id=before.id, scope=before.scope)
        if after != before:
            tx.connections.update(after)
            names = [one.name for one in fields(after) if getattr(after, one.name) != getattr(before, one.name)]
            tx.audit.add(principal, "connection.change", f"connection {after.name}", **told(after), changed=names)
            changed.append(after.name)
            stores += [one.id for one in users.get(after.id, [])]
    for origin, gone in there.items():
        if gone.id not in users:
            tx.connections.remove(gone.id)
            tx.audit.add(principal, "connection.remove", f"connection {gone.name}", **told(gone))
            removed.append(gone.name)
            continue
        kept.append(gone.name)
        marked = replace(gone, origin=origin, open_buckets=None)
        if marked != gone:
            tx.connections.update(marked)
            tx.audit.add(principal, "connection.vanish", f"connection {gone.name}", **told(gone))
    return Applied(tuple(added), tuple(changed), tuple(removed), tuple(kept), tuple(stores))


def told(connection: Connection) -> dict[str, object]:
    """What an audit row says of a connection. No secrets."""
    return {
        "provider": connection.provider.value,
        "endpoint": connection.endpoint,
        "root": connection.root,
        "origin": connection.origin,
        "credentials": connection.credentials.kind,
    }
