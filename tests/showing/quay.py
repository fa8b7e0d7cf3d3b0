"""A catalogue on SQLite and the verbs of showing, on real directories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirroring.harbour import PlainSealer, empty_catalogue
from moorage.database.engine import Database
from moorage.mirroring import Mirrors
from moorage.model.access import Principal, Role, UserId
from moorage.model.clock import now_ms
from moorage.model.credentials import Keys
from moorage.model.keys import Bucket, Prefix
from moorage.model.store import Connection, ObjectStore, Provider, Scope, Store
from moorage.model.transaction import Transaction
from moorage.registering.register import Registering
from moorage.showing import Showing, Shown, Wish
from moorage.stores.disk import DiskStore
from moorage.stores.s3 import S3Store

KEYS = Keys("AKIAEXAMPLE", "hush")
BOSS = Principal(UserId(1), "boss@example.org", Role.ADMIN)


def person(everywhere: Role | None = None, **roles: Role) -> Principal:
    """Somebody with these roles; ``p4096=Role.VIEWER`` is one on the project 4096."""
    return Principal(UserId(7), "p@example.org", everywhere, {int(name[1:]): role for name, role in roles.items()})


def disk_store(name: str, root: Path | str, **more: object) -> Store:
    return Store(name, Connection(Provider.DISK, root=str(root)), **more)  # type: ignore[arg-type]  # passed on


def s3_store(name: str, bucket: str, prefix: str = "", endpoint: str = "", keys: Keys = KEYS) -> Store:
    connection = Connection(Provider.S3, endpoint=endpoint, credentials=keys)
    return Store(name, connection, bucket=Bucket(bucket), prefix=Prefix(prefix))


def scoped(*projects: int) -> Scope:
    return Scope(projects=projects)


@dataclass
class Quay:
    """What tests of showing use."""

    facts: Database
    showing: Showing
    mirrors: Mirrors
    hints: list[None]

    async def add(self, *stores: Store) -> None:
        for store in stores:
            await self.facts.write(lambda tx, one=store: tx.stores.add(one))  # type: ignore[misc]  # mypy loses the default

    async def show(self, address: str, **more: object) -> Shown:
        return await self.showing.show(BOSS, Wish(address, **more))  # type: ignore[arg-type]  # passed on as they are

    async def registered(self) -> tuple[list[str], list[str], int]:
        """Names of stores and projects, and how many mirrors there are."""

        def read(tx: Transaction) -> tuple[list[str], list[str], int]:
            names = [one.name for one in tx.stores.all()], [one.name for one in tx.projects.all()]
            return *names, len(tx.mirrors.all())

        return await self.facts.read(read)


def adapter(store: Store) -> ObjectStore:
    """The real one."""
    return DiskStore(store) if store.connection.provider is Provider.DISK else S3Store(store)


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Quay]:
    """A quay on ``<data>/catalogue.db``."""
    catalogue = data / "catalogue.db"
    catalogue.write_bytes(empty_catalogue())
    facts = Database.open(f"sqlite:///{catalogue}", sealer=PlainSealer())
    hints: list[None] = []
    mirrors = Mirrors(facts, adapter, hint=lambda: hints.append(None), now_ms=now_ms)
    registering = Registering(facts, adapter, now_ms)
    try:
        yield Quay(facts, Showing(facts, registering, mirrors, open_store=adapter), mirrors, hints)
    finally:
        await facts.aclose()
