"""Finding what shall be adopted: by address, or by what a store lists below a prefix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from moorage.adopting.outcome import MOST, Found, Outcome, Wish
from moorage.mirroring.globs import Globs, check_globs
from moorage.model.access import Principal
from moorage.model.address import address_in
from moorage.model.catalogue import ProjectId
from moorage.model.errors import Invalid, MoorageError, NotFound
from moorage.model.keys import Bucket, Key, escape
from moorage.model.objects import ObjectInfo
from moorage.model.store import ConnectionId, ObjectStore, Store
from moorage.model.transaction import Facts, Transaction
from moorage.reading.resolve import Opens, Resolved, Resolver, Web
from moorage.registering.usable import OpenBucket, WebStore, open_to, opening_connections, usable_stores

PAGES: Final = 20
"""Pages of a listing that are looked through in one call."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address and the object that it names, which may be there or not."""

    url: str
    store: Store
    key: Key


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds places for a project. ``linkable`` refuses web addresses that must not be kept, by raising Invalid."""

    facts: Facts
    adapter: Callable[[Store], ObjectStore]
    web_store: WebStore
    open_bucket: OpenBucket | None
    linkable: Callable[[str], str]

    async def places(self, asker: Principal, project: ProjectId, urls: Sequence[str], outcome: Outcome) -> list[Place]:
        """The places that the addresses name; what cannot be resolved is noted in ``outcome``."""
        resolver = await self._resolver(asker, project)
        failed: dict[tuple[ConnectionId, Bucket], MoorageError] = {}
        found = []
        for url in dict.fromkeys(urls):
            try:
                place = resolver.find(url)
                if isinstance(place, Opens):
                    await self._open(asker, place, failed)
                    resolver = await self._resolver(asker, project)
                    place = resolver.find(url)
                found.append(await self._place(url, place))
            except MoorageError as error:
                outcome.fail(url, error)
        return found

    async def listed(self, asker: Principal, wish: Wish) -> list[Found]:
        """What the store lists below the prefix and the glob takes. Invalid where that is more than one call adopts."""
        store = await self.facts.read(lambda tx: _named(tx, asker, wish))
        globs = Globs(check_globs([wish.glob] if wish.glob else [], "glob"))
        prefix = wish.prefix if wish.prefix.startswith(store.prefix) else store.prefix + wish.prefix
        opened = self.adapter(store)
        found: list[Found] = []
        after: Key | None = None
        for _ in range(PAGES):
            page = await opened.list_page(prefix, after=after)
            for one in page.objects:
                if globs.take(one.key[len(prefix) :]):
                    info = ObjectInfo(one.key, one.size, one.etag, one.modified_ms, one.generation)
                    found.append(Found(address_in(store, one.key), store, one.key, info))
            after = page.next_after
            if after is None or len(found) > MOST:
                break
        if after is not None or len(found) > MOST:
            raise Invalid(
                f"Below {escape(prefix)!r} there is more than one call adopts: at most {MOST} objects, of at most "
                f"{PAGES * MOST:,}. Nothing was adopted.",
                "Write a longer prefix, or mirror the prefix.",
                field="prefix",
            )
        return found

    async def _resolver(self, asker: Principal, project: ProjectId) -> Resolver:
        opens = self.open_bucket is not None

        def read(tx: Transaction) -> Resolver:
            connections = opening_connections(tx, asker, project) if opens else []
            return Resolver(usable_stores(tx, asker, project), connections)

        return await self.facts.read(read)

    async def _open(
        self, asker: Principal, place: Opens, failed: dict[tuple[ConnectionId, Bucket], MoorageError]
    ) -> None:
        """Make the store that the address opens; one that could not be made is not tried again."""
        assert self.open_bucket is not None
        name = (place.connection.id, place.bucket)
        if name not in failed:
            try:
                await self.open_bucket(asker, place.connection, place.bucket, key=place.key)
            except MoorageError as error:
                failed[name] = error
        if name in failed:
            raise failed[name]

    async def _place(self, url: str, place: Resolved | Opens | Web) -> Place:
        if isinstance(place, Web):
            key = Key(self.linkable(place.url))
            return Place(url, await self.web_store(), key)
        if isinstance(place, Opens):
            raise NotFound("The store that was made does not hold it.", "Look at the store's prefix.")
        store, key = place.store, place.key
        if not key:
            raise Invalid("The address names a bucket and no object in it.", "Write the object's key behind it.")
        return Place(url, store, key)


def _named(tx: Transaction, asker: Principal, wish: Wish) -> Store:
    store = tx.stores.named(wish.store)
    if not open_to(asker, wish.project, store):
        raise NotFound(f"There is no store {wish.store}, or it is not open to you.", "List them with store ls.")
    return store
