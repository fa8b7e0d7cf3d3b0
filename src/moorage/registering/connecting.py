"""Connections by themselves: make, look at, change, check and remove; those of files are looked at and checked only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from moorage.model.access import Principal, Role
from moorage.model.admitted import folders_of
from moorage.model.errors import AlreadyExists, InUse, Invalid
from moorage.model.keys import Bucket, Prefix
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, ConnectionId, Provider, Store, StoreId, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.registering.declared import told
from moorage.registering.former import keep, need_own
from moorage.registering.probe import Checked, probe
from moorage.registering.register import note, refusal, sound

_MOST_CHECKED: Final = 20
_LONGEST: Final = 63


@dataclass(frozen=True, slots=True)
class Known:
    """A connection and the names of its stores."""

    connection: Connection
    stores: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BucketCheck:
    """What the check of one bucket found."""

    bucket: str
    prefix: str
    report: ProbeReport


@dataclass(frozen=True, slots=True)
class Connecting:
    """The verbs on connections; they need an admin."""

    facts: Facts
    open_store: StoreOpener
    now_ms: Callable[[], int]
    forget: Callable[[StoreId], None] = lambda _store: None

    async def all(self, principal: Principal) -> list[Known]:
        """Those that have a name, by it; what came with a store is shown there."""
        principal.need_everywhere(Role.ADMIN)
        return sorted(
            await self.facts.read(lambda tx: [_known(tx, one) for one in tx.connections.all() if one.name]),
            key=lambda one: one.connection.name,
        )

    async def get(self, principal: Principal, connection: ConnectionId) -> Known:
        """One of them. NotFound."""
        principal.need_everywhere(Role.ADMIN)
        return await self.facts.read(lambda tx: _known(tx, tx.connections.get(connection)))

    async def add(self, principal: Principal, connection: Connection) -> Known:
        """Make it. Nothing is probed before a bucket is named. Raises Invalid, AlreadyExists."""
        principal.need_everywhere(Role.ADMIN)
        _sound(connection)

        def write(tx: Transaction) -> Known:
            _need_free(tx, connection)
            made = tx.connections.add(connection)
            tx.audit.add(principal, "connection.add", f"connection {made.name}", **told(made))
            return Known(made, ())

        return await self.facts.write(write)

    async def change(
        self, principal: Principal, connection: ConnectionId, changed: Connection, *, force: bool = False
    ) -> Known:
        """Replace it for all its stores, which are probed first: ProbeFailed leaves everything as it was."""
        known = await self.get(principal, connection)
        need_own(known.connection)
        wanted = replace(changed, id=connection, origin="")
        _sound(wanted)
        reached = ("provider", "endpoint", "region", "path_style", "ca", "root", "credentials")
        differs = any(getattr(wanted, name) != getattr(known.connection, name) for name in reached)
        stores = await self.facts.read(lambda tx: [one for one in tx.stores.all() if one.connection.id == connection])
        found: dict[StoreId, Checked] = {}
        for store in stores if differs else ():
            checked = found[store.id] = await self._probe(replace(store, connection=wanted))
            if not checked.report.passed and not force:
                raise refusal(checked.report, f"Its store {store.name} could not be used so. Nothing was changed.")

        def write(tx: Transaction) -> None:
            _need_free(tx, wanted)
            keep(tx, principal, known.connection, wanted, now_ms=self.now_ms())
            tx.connections.update(wanted)
            for store, checked in found.items():
                note(tx, store, checked)
            tx.audit.add(principal, "connection.change", f"connection {wanted.name}", **told(wanted))

        await self.facts.write(write)
        for store in stores:
            self.forget(store.id)
        return Known(wanted, known.stores)

    async def remove(self, principal: Principal, connection: ConnectionId) -> None:
        """Forget it. InUse while a store has it."""
        known = await self.get(principal, connection)
        need_own(known.connection)

        def write(tx: Transaction) -> None:
            users = _known(tx, tx.connections.get(connection)).stores
            if users:
                raise InUse(
                    f"The connection {known.connection.name} is used by {', '.join(users)}. It was not removed.",
                    "Remove these stores first: moorage store rm NAME.",
                    users=tuple(f"store {one}" for one in users),
                )
            tx.connections.remove(connection)
            tx.audit.add(principal, "connection.remove", f"connection {known.connection.name}")

        await self.facts.write(write)

    async def check(self, principal: Principal, connection: ConnectionId, bucket: str = "") -> list[BucketCheck]:
        """Probe a bucket, or all that the connection or its stores name, for reading. Nothing is kept."""
        known = await self.get(principal, connection)
        places = await self.facts.read(lambda tx: _places(tx, known.connection, bucket))
        if not places:
            raise Invalid(
                f"The connection {known.connection.name} opens every bucket; none is known yet. Nothing was checked.",
                'Name one: {"bucket": "NAME"}.',
                field="bucket",
            )
        return [await self._check(known.connection, *place) for place in places[:_MOST_CHECKED]]

    async def _check(self, connection: Connection, bucket: str, prefix: str) -> BucketCheck:
        store = sound(Store("check", connection, bucket=Bucket(bucket), prefix=Prefix(prefix)))
        return BucketCheck(bucket, store.prefix, (await self._probe(store)).report)

    async def _probe(self, store: Store) -> Checked:
        opened = self.open_store(store)
        try:
            return await probe(store, opened, now_ms=self.now_ms())
        finally:
            await opened.aclose()


def _places(tx: Transaction, connection: Connection, bucket: str) -> list[tuple[str, str]]:
    if bucket:
        return [(bucket, folder) for folder in folders_of(connection, bucket) or ("",)]
    if connection.provider is Provider.DISK:
        return [("", "")]
    words = [word.partition(":")[0] for word in connection.open_buckets or ()]
    opened = [(name, str(folder)) for name in words for folder in folders_of(connection, name) or ()]
    stores = [(str(one.bucket), str(one.prefix)) for one in tx.stores.all() if one.connection.id == connection.id]
    return list(dict.fromkeys([*opened, *stores]))


def _known(tx: Transaction, connection: Connection) -> Known:
    return Known(connection, tuple(one.name for one in tx.stores.all() if one.connection.id == connection.id))


def _sound(connection: Connection) -> None:
    name = connection.name
    if not name or name != name.strip() or not name.isprintable() or len(name) > _LONGEST:
        raise Invalid(
            "A connection needs a name of 1 to 63 printable characters. Nothing was made.",
            "Give one, such as lab.",
            field="name",
        )
    bucket = "" if connection.provider is Provider.DISK else "bucket"
    sound(Store("check", connection, bucket=Bucket(bucket)))


def _need_free(tx: Transaction, connection: Connection) -> None:
    if any(one.name == connection.name and one.id != connection.id for one in tx.connections.all()):
        raise AlreadyExists(
            f"There is a connection '{connection.name}' already. Nothing was changed.", "Choose another name."
        )
