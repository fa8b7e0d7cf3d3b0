"""Replaced credentials: what is kept of the former ones -> proved again -> taken back, or forgotten."""

from __future__ import annotations

from dataclasses import dataclass, replace

from moorage.model.access import Principal
from moorage.model.errors import Conflict
from moorage.model.store import Connection, Former, Store
from moorage.model.transaction import Facts, Transaction
from moorage.registering.former import (
    FORGOTTEN,
    REPLACED,
    SETTLED_MS,
    UNDONE,
    failing,
    need_own,
    stores_of,
    subject_of,
)
from moorage.registering.owning import need_force, owned_store
from moorage.registering.register import Registering, note, refusal


@dataclass(frozen=True, slots=True)
class Replaced:
    """Credentials that were replaced and can be taken back."""

    connection: Connection
    """As it was before; its credentials are the former ones."""
    replaced_ms: int
    by: str
    """Address of who did it; empty where that is not known any more."""
    settles_ms: int
    """From then on a check that passes forgets them."""
    failing: tuple[str, ...]
    """Stores that do not pass their check since."""


@dataclass(frozen=True, slots=True)
class Replacing:
    """The verbs on former credentials, for those who may change the store."""

    facts: Facts
    registering: Registering

    async def replaced(self, principal: Principal, name: str) -> Replaced | None:
        """What is kept of the credentials that the named store had before the last replacement."""
        return await self.facts.read(lambda tx: replaced(tx, owned_store(tx, principal, name).connection))

    async def undo(self, principal: Principal, name: str, *, force: bool = False) -> None:
        """Bring the former credentials back, for all stores of the connection; then there is nothing left to undo.

        They are tried first: ProbeFailed leaves everything as it was, unless ``force``. Raises Conflict where nothing
        is kept, or where the connection is declared in a file.
        """
        need_force(principal, force=force)

        def read(tx: Transaction) -> tuple[Connection, Former, list[Store]]:
            now = owned_store(tx, principal, name).connection
            need_own(now)
            return now, _kept(tx, now), stores_of(tx, now.id)

        now, former, stores = await self.facts.read(read)
        wanted = replace(now, credentials=former.credentials)
        proved = {}
        for store in stores:
            found = proved[store.id] = await self.registering.probed(replace(store, connection=wanted))
            if not found.report.passed and not force:
                failed = f"With its former credentials the store {store.name} fails too. Nothing was changed."
                raise refusal(found.report, failed)

        def write(tx: Transaction) -> None:
            if (tx.connections.get(now.id), tx.connections.former(now.id)) != (now, former):
                raise Conflict(f"The store {name} was changed meanwhile. Nothing was undone.", "Look at it again.")
            tx.connections.update(wanted)
            tx.connections.drop_former(now.id)
            for store, found in proved.items():
                note(tx, store, found)
            tx.audit.add(
                principal,
                UNDONE,
                subject_of(now),
                stores=[one.name for one in stores],
                before=now.credentials.kind,
                after=wanted.credentials.kind,
                forced=force,
            )

        await self.facts.write(write)
        for store in stores:
            self.registering.forget(store.id)

    async def forget(self, principal: Principal, name: str) -> None:
        """Forget the former credentials now; nothing can be undone then. A repeat changes nothing."""

        def write(tx: Transaction) -> None:
            now = owned_store(tx, principal, name).connection
            if tx.connections.former(now.id) is not None:
                tx.connections.drop_former(now.id)
                tx.audit.add(principal, FORGOTTEN, subject_of(now))

        await self.facts.write(write)


def replaced(tx: Transaction, connection: Connection) -> Replaced | None:
    """What is kept of a connection's former credentials, inside a transaction."""
    former = tx.connections.former(connection.id)
    if former is None:
        return None
    row = tx.audit.last(REPLACED, subject_of(connection))
    return Replaced(
        replace(connection, credentials=former.credentials),
        former.replaced_ms,
        "" if row is None else row.email,
        former.replaced_ms + SETTLED_MS,
        failing(tx, connection.id),
    )


def _kept(tx: Transaction, connection: Connection) -> Former:
    former = tx.connections.former(connection.id)
    if former is None:
        raise Conflict(
            "There is nothing to undo: no former credentials are kept. Nothing was changed.",
            "Give the store the credentials that you want: moorage store change NAME.",
        )
    return former
