"""A catalogue on SQLite or PostgreSQL and stores in memory, wired for uploads as the server wires them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from moorage.database.engine import Database
from moorage.mirroring.globs import Globs
from moorage.model.access import SYSTEM, Principal
from moorage.model.catalogue import FolderId, Item, Project
from moorage.model.keys import Bucket, Key, Prefix
from moorage.model.mirror import Mirror, MirrorId
from moorage.model.objects import ObjectBody
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.model.transaction import Facts, Transaction
from moorage.stores.memory import MemoryStore, Shelf
from moorage.uploading import Discarding, IfExists, Mirrored, Owning, Uploaded, Uploads, Wish

T = TypeVar("T")
DAY_MS = 24 * 3600 * 1000


@dataclass
class FailingFacts(Facts):
    """The catalogue, which can be told to fail: ``fail`` is asked before each write, as if the process ended there."""

    database: Database
    fail: Callable[[int], BaseException | None] = lambda _: None
    writes: int = 0

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self.database.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        self.writes += 1
        error = self.fail(self.writes)
        if error is not None:
            raise error
        return await self.database.write(work)


@dataclass
class Quay:
    """Everything that an upload needs, and what tests ask of it."""

    facts: FailingFacts
    project: Project
    now: int = 1_000_000
    shelves: dict[str, Shelf] = field(default_factory=dict)
    adapters: dict[str, ObjectStore] = field(default_factory=dict)
    woken: int = 0
    before_end: Callable[[], Awaitable[None]] | None = None
    """Run when the body of the next upload was read."""

    def __post_init__(self) -> None:
        owning = Owning(self.facts, self.adapter, primary=self.primary, now_ms=lambda: self.now, wake=self.wake)
        self.uploads = Uploads(self.facts, owning, Mirrored(self.facts, self.adapter, shows=shows))
        self.discarding = Discarding(self.facts, self.adapter, now_ms=lambda: self.now)

    def wake(self) -> None:
        self.woken += 1

    def adapter(self, store: Store) -> ObjectStore:
        if store.name not in self.adapters:
            self.adapters[store.name] = MemoryStore(store, shelf=self.shelf(store.name))
        return self.adapters[store.name]

    def shelf(self, name: str) -> Shelf:
        return self.shelves.setdefault(name, Shelf())

    async def primary(self) -> Store:
        return await self.facts.read(lambda tx: tx.stores.named("primary"))

    async def put(
        self,
        name: str = "a.jpg",
        data: bytes | Iterable[bytes] = b"hello",
        *,
        folder: FolderId | None = None,
        if_exists: IfExists = IfExists.REFUSE,
        length: int | None = None,
        media_type: str = "",
        who: Principal = SYSTEM,
    ) -> Uploaded:
        blocks = [data] if isinstance(data, bytes) else list(data)
        where = self.project.root if folder is None else folder
        wish = Wish(who, where, Key(name), self.body(blocks), if_exists, length, media_type)
        return await self.uploads.upload(wish)

    async def body(self, blocks: Iterable[bytes]) -> AsyncIterator[bytes]:
        for block in blocks:
            yield block
        if self.before_end is not None:
            hook, self.before_end = self.before_end, None
            await hook()

    async def mirror(self, *, read_only: bool = False, **more: object) -> Mirror:
        """A mirror of ``2021/`` of the store ``reef`` in the folder ``shown``."""

        def make(tx: Transaction) -> Mirror:
            reef = Store("reef", Connection(Provider.MEMORY), bucket=Bucket("reef"), read_only=read_only)
            store = tx.stores.add(reef)
            wanted = Mirror(MirrorId(0), self.project.id, self.project.root, store.id, Prefix("2021/"))
            made = tx.mirrors.add(replace(wanted, **more))  # type: ignore[arg-type]  # fields of the mirror
            folder = tx.folders.mount(self.project.root, "shown", made.id)
            mounted = replace(made, folder=folder.id)
            tx.mirrors.update(mounted)
            return mounted

        return await self.facts.write(make)

    async def items(self, folder: FolderId | None = None) -> dict[str, Item]:
        """Live items of a folder by name."""
        from moorage.model.transaction import ItemQuery

        where = self.project.root if folder is None else folder
        page = await self.facts.read(lambda tx: tx.items.page(where, ItemQuery(), limit=1000))
        return {item.name: item for item in page.rows}

    async def read(self, item: Item) -> bytes:
        """The bytes of an item, from its store."""
        store = await self.facts.read(lambda tx: tx.stores.get(item.store))
        body: ObjectBody = await self.adapter(store).get(item.key, if_match=item.etag)
        async with body:
            return await body.read()

    def keys(self, name: str = "primary") -> list[str]:
        """Keys of all objects of a store."""
        return sorted(self.shelf(name).objects)

    async def discard(self, days: float = 0) -> int:
        """What housekeeping does, so many days from now."""
        self.now += int(days * DAY_MS)
        return await self.discarding.discard()

    async def audited(self) -> list[str]:
        return [row.action for row in await self.facts.read(lambda tx: tx.audit.all())]


def shows(mirror: Mirror, relative: str) -> bool:
    return Globs(mirror.include, mirror.exclude).take(relative)


async def quay_on(database: Database) -> Quay:
    def make(tx: Transaction) -> Project:
        tx.stores.add(Store("primary", Connection(Provider.MEMORY), bucket=Bucket("b"), read_only=False))
        return tx.projects.add("survey")

    return Quay(FailingFacts(database), await database.write(make))
