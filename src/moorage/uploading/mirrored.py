"""Uploads into a folder of a mirror: name -> write -> catalogue. They go to the very place that the folder shows.

Such an object is never deleted by Moorage, not even when the upload ends between the last two steps: it then lies
whole where it was sent, and the next index shows it. An index that sees it first is no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from moorage.model.errors import AlreadyExists, Conflict, NotFound, ObjectNotFound
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.mirror import Mirror
from moorage.model.objects import ObjectInfo
from moorage.model.store import ANYWAY, Condition, ObjectStore, Store, StoreId
from moorage.model.transaction import ChangedRow, Facts, Transaction
from moorage.uploading.destination import Shows, Target, mirrored_key, taken
from moorage.uploading.names import numbered
from moorage.uploading.wish import IfExists, Uploaded, Wish


class Mirrored:
    """Writes objects where mirrors show them."""

    def __init__(self, facts: Facts, adapter: Callable[[Store], ObjectStore], *, shows: Shows) -> None:
        self._facts = facts
        self._adapter = adapter
        self._shows = shows
        self._under_way: set[tuple[StoreId, Key]] = set()
        """Places that uploads of this process are about to fill."""

    async def upload(self, wish: Wish, target: Target, store: Store, mirror: Mirror) -> Uploaded:
        """Write the body at the key of the item's name, then show it."""
        adapter = self._adapter(store)
        name = wish.name
        key = mirrored_key(target, mirror, name, self._shows)
        if wish.if_exists is IfExists.BOTH:
            name, key = await self._free(wish, target, store, mirror)
        condition = ANYWAY if wish.if_exists is IfExists.REPLACE else Condition(if_absent=True)
        with self._alone(store, key, name, wish.if_exists):
            try:
                info = await wish.put(store, adapter, key, condition)
            except AlreadyExists as exc:
                raise _unseen(name, store) from exc
            info = await _as_listed(adapter, info)
            return await self._facts.write(lambda tx: self._catalogue(tx, wish, store, info, name))

    @contextmanager
    def _alone(self, store: Store, key: Key, name: Key, if_exists: IfExists) -> Iterator[None]:
        """Hold the place, so that nobody sends a whole body in vain."""
        if if_exists is IfExists.REPLACE:
            yield
            return
        place = (store.id, key)
        if place in self._under_way:
            raise taken(name)
        self._under_way.add(place)
        try:
            yield
        finally:
            self._under_way.discard(place)

    async def _free(self, wish: Wish, target: Target, store: Store, mirror: Mirror) -> tuple[Key, Key]:
        """The first name that neither the folder nor the store has, and its key."""
        adapter = self._adapter(store)
        for name in numbered(wish.name):
            key = mirrored_key(target, mirror, name, self._shows)
            if await self._facts.read(lambda tx, name=name: tx.items.taken(wish.folder, [key_bytes(name)])):  # type: ignore[misc]
                continue
            try:
                await adapter.stat(key)
            except ObjectNotFound:
                if (store.id, key) not in self._under_way:
                    return name, key
        raise taken(wish.name)

    def _catalogue(self, tx: Transaction, wish: Wish, store: Store, info: ObjectInfo, name: Key) -> Uploaded:
        try:
            folder = tx.folders.hold(wish.folder)
        except NotFound as exc:
            raise Conflict(
                f"The folder was removed while the bytes were on their way. They lie in the store {store.name} at "
                f"{escape(info.key)!r}, and nothing shows them.",
                "Mirror that place again, or delete the object there.",
            ) from exc
        row = wish.row(info, name)
        found = tx.items.replace(row, 0)
        replaced = found is not None and wish.if_exists is IfExists.REPLACE
        if found is None and (dead := tx.items.gone_named(wish.folder, name)) is not None:
            facts = ChangedRow(folder.id, row.name, row.size, row.etag, row.modified_ms, row.generation)
            tx.items.revive([dead], [facts])
            found = tx.items.replace(row, 0)
        if found is None:
            # An index may commit the same row in this very moment: then that one is changed.
            found = tx.items.add(folder.project, row) or tx.items.replace(row, 0)
        if found is None:
            raise Conflict(
                f"{escape(name)!r} came and went while it was uploaded. Its bytes lie in the store.", "Re-index."
            )
        item = tx.items.get(found)
        wish.note(tx, item, store, replaced=replaced)
        return Uploaded(item, replaced)


async def _as_listed(adapter: ObjectStore, info: ObjectInfo) -> ObjectInfo:
    """The facts as an index will see them: a listing of versioned objects may not name their versions."""
    if not info.generation:
        return info
    page = await adapter.list_page(info.key, limit=1)
    listed = page.objects[0] if page.objects else None
    if listed is None or listed.key != info.key or listed.etag != info.etag:
        return info
    return replace(info, generation=listed.generation, modified_ms=listed.modified_ms)


def _unseen(name: Key, store: Store) -> AlreadyExists:
    return AlreadyExists(
        f"The store {store.name} has an object for {escape(name)!r} already, which this folder does not show: it is "
        "hidden, or not indexed yet. Nothing was stored.",
        "Restore or re-index it, or upload with if_exists=replace or if_exists=both, or under another name.",
        store=store.name,
        bucket=store.bucket,
        key=escape(name),
    )
