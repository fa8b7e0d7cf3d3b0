"""Content: the bytes of an item, always those of one version."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from moorage.model.catalogue import Item
from moorage.model.costs import UNMETERED, Meter
from moorage.model.errors import Changed, NotFound, ObjectNotFound, StoreDenied
from moorage.model.keys import escape, key_bytes
from moorage.model.objects import ByteRange, FileBody, ObjectBody, ObjectInfo, Piece
from moorage.model.store import ObjectStore, Provider, Store, StoreId
from moorage.model.transaction import ChangedRow, Facts
from moorage.reading.handles import Handles
from moorage.reading.locate import Located, Locator
from moorage.reading.originals import READ_AHEAD, Asked, Original, Originals
from moorage.reading.refusals import Origin

WEB_S: Final = 60.0
"""What a web server has is taken for current for so long: nobody tells when it changes."""
_AT_HAND: Final = (Provider.DISK, Provider.MEMORY)
"""Providers whose bytes are as near as a cache's."""


@dataclass(frozen=True, slots=True)
class Content:
    """Opens items for reading. Every read names the version that the catalogue knows."""

    facts: Facts
    locator: Locator
    adapter: Callable[[Store], ObjectStore]
    """The open adapter of a store, shared by all readers."""
    originals: Originals
    """The cache before every store that is not a disk."""
    denied: Callable[[StoreId], None] = lambda _store: None
    """Called when a store refuses a reader."""
    meter: Meter = UNMETERED
    """Is told of originals that readers get."""
    handles: Handles = field(default_factory=Handles)

    async def exactly(
        self, located: Located, byte_range: ByteRange | None = None, *, ahead: int = READ_AHEAD
    ) -> ObjectBody:
        """The bytes of the version that ``located`` names. Raises Changed when the store has another.

        ``ahead``: chunks to fetch beyond a read that goes on where the one before it ended.

        Raises ObjectNotFound when it is gone, StoreUnreachable and StoreDenied with the store's reason.
        """
        item = located.item
        readable(item)
        info = ObjectInfo(item.key, item.size, item.etag, item.modified_ms, item.generation)
        with self._watched(located):
            original = self._original(located.store, self._origin(located), info)
            return await self._version(located.store, replace(original, ahead=ahead), byte_range)

    async def object(self, store: Store, info: ObjectInfo, byte_range: ByteRange | None = None) -> ObjectBody:
        """The bytes of an object, whether or not an item shows it, in the version that its store named just now.

        Raises Changed when there is another meanwhile, and all that reading from the store raises.
        """
        original = self._original(store, self.adapter(store), info)
        return await self._version(store, replace(original, confirmed=True), byte_range)

    def now(self, located: Located, start: int, stop: int) -> memoryview | list[Piece] | None:
        """The bytes [start, stop) of the version that ``located`` names, where nothing has to be waited for.

        Either the bytes, which stand there until the next call, or where they lie in files that the caller closes.
        """
        item, store = located.item, located.store
        if item.gone is not None or item.unseen:
            return None
        name = store.id, item.key, item.version
        if store.connection.provider in _AT_HAND:
            return self.handles.read_now(name, start, stop)
        return self.originals.pieces_now(name, item.size, start, stop, current_s=_current_s(store))

    def _original(self, store: Store, origin: Asked, info: ObjectInfo) -> Original:
        return Original(store.id, info, info.version, origin, _current_s(store), meter=self.meter)

    async def _version(self, store: Store, original: Original, byte_range: ByteRange | None) -> ObjectBody:
        """Exactly that version: through the cache where the store is not at hand and names its versions."""
        if store.connection.provider not in _AT_HAND and (original.info.etag or original.info.generation):
            found = await self.originals.open(original, byte_range)
            if found is not None:
                return found
        info = original.info
        body = await original.origin.get(info.key, byte_range=byte_range, if_match=info.etag or None)
        if byte_range is not None and isinstance(body, FileBody) and body.descriptor is not None:
            self.handles.keep((store.id, info.key, original.version), body.descriptor, is_that=body.is_unchanged)
        return body

    async def open(
        self, located: Located, byte_range: ByteRange | None = None, *, ahead: int = READ_AHEAD
    ) -> tuple[Located, ObjectBody]:
        """The object as it is now; a changed object is noted in the catalogue first."""
        try:
            return located, await self.exactly(located, byte_range, ahead=ahead)
        except Changed:
            located = await self.refresh(located)
            return located, await self.exactly(located, byte_range, ahead=ahead)

    async def refresh(self, located: Located) -> Located:
        """Ask the store which version is there, and note it in the catalogue when it is another."""
        readable(located.item)
        with self._watched(located):
            info = await self._origin(located).stat(located.item.key)
        same = (info.etag, info.size) == (located.item.etag, located.item.size)
        return located if same else await self.renew(located, info)

    async def seen(self, located: Located) -> Located:
        """The same, after a look at the object where nobody has looked at it yet."""
        return await self.refresh(located) if located.item.unseen else located

    async def nearby(self, located: Located) -> Located:
        """The same, after a look at the object where that costs no request."""
        if located.store.connection.provider in _AT_HAND:
            return await self.refresh(located)
        return await self.seen(located)

    async def renew(self, located: Located, info: ObjectInfo) -> Located:
        """Note that the item's object has another version now."""
        item = located.item
        row = ChangedRow(item.folder, key_bytes(item.name), info.size, info.etag, info.modified_ms, info.generation)
        await self.facts.write(lambda tx: tx.items.change([row]))
        self.locator.forget(item.id)
        renewed = replace(
            item, size=info.size, etag=info.etag, modified_ms=info.modified_ms, generation=info.generation
        )
        return Located(renewed, located.store)

    def _origin(self, located: Located) -> Asked:
        store, item = located.store, located.item
        adapter = self.adapter(store)
        if store.connection.provider in _AT_HAND:
            return adapter
        return Origin(store, adapter, self.locator.refusals, f"{item.version} {item.modified_ms}")

    @contextmanager
    def _watched(self, located: Located) -> Iterator[None]:
        try:
            with naming(located):
                yield
        except StoreDenied:
            self.denied(located.store.id)
            raise


def _current_s(store: Store) -> float:
    return WEB_S if store.connection.provider is Provider.HTTPS else math.inf


@contextmanager
def naming(located: Located) -> Iterator[None]:
    """Tell people of the item, not of its key, when the object is gone."""
    try:
        yield
    except ObjectNotFound as exc:
        raise ObjectNotFound(
            f"The object of {escape(located.item.name)!r} is no longer in the store {located.store.name}.",
            "Re-index its mirror, or bring the object back.",
            store=located.store.name,
            bucket=located.store.bucket,
            key=escape(located.item.key),
        ) from exc


def readable(item: Item) -> None:
    """Raise NotFound for a tombstone: its bytes are not served."""
    if item.gone is not None:
        raise NotFound(
            f"{escape(item.name)!r} is {item.gone.value}; its bytes are not served.",
            "Restore the item first, if its object still exists.",
        )
