"""Uploads into a project's own storage: note -> write -> catalogue. Moorage owns what is written.

The object is noted before it is written, and that note changes into the item in one transaction. So whatever ends
this in between leaves an object that ``Discarding`` deletes: never an item without bytes, never bytes forgotten.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from moorage.model.errors import Conflict, MoorageError
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import ObjectStore, Store
from moorage.model.transaction import Facts, LooseId, Transaction
from moorage.uploading.destination import Primary, Target, new_key, taken
from moorage.uploading.names import numbered
from moorage.uploading.wish import IfExists, Uploaded, Wish

LONGEST_MS: Final = 7 * 24 * 3600 * 1000
"""An upload that takes longer is given up."""
SETTLED_MS: Final = 10 * 60 * 1000
"""A write whose answer was lost may still come to pass; by then it has."""
READ_ON_MS: Final = 10 * 60 * 1000
"""Who reads an object while it is replaced may finish."""


class Owning:
    """Writes objects of Moorage's own. ``wake``: something waits to be deleted."""

    def __init__(
        self,
        facts: Facts,
        adapter: Callable[[Store], ObjectStore],
        *,
        primary: Primary,
        now_ms: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._facts = facts
        self._adapter = adapter
        self._primary = primary
        self._now_ms = now_ms
        self._wake = wake

    async def upload(self, wish: Wish, target: Target) -> Uploaded:
        """Store the body under a key that nothing ever had, then show it."""
        store = target.store or await self._primary()
        adapter = self._adapter(store)
        key = new_key(target, store, adapter, wish.name)
        due_ms = self._now_ms() + LONGEST_MS
        loose = await self._facts.write(lambda tx: tx.loose.add(store.id, key, due_ms))
        info = await self._write(wish, store, adapter, key, loose)
        try:
            return await self._facts.write(lambda tx: self._catalogue(tx, wish, store, info, loose))
        except Exception:
            await self._give_up(loose, store, key, self._now_ms())
            self._wake()
            raise

    async def _write(self, wish: Wish, store: Store, adapter: ObjectStore, key: Key, loose: LooseId) -> ObjectInfo:
        try:
            return await wish.put(store, adapter, key)
        except Exception:
            await self._give_up(loose, store, key, self._now_ms() + SETTLED_MS)
            raise

    async def _give_up(self, loose: LooseId, store: Store, key: Key, due_ms: int) -> None:
        def write(tx: Transaction) -> None:
            # Where the note is gone, the object may have come after somebody deleted it: it is noted anew. Should an
            # item hold it after all, because the news of a commit was lost, it stays.
            if not tx.loose.give_up(loose, due_ms):
                tx.loose.add(store.id, key, due_ms)

        # The first error is the one to tell; the note stands in any case and is due some day.
        with contextlib.suppress(MoorageError):
            await self._facts.write(write)

    def _catalogue(self, tx: Transaction, wish: Wish, store: Store, info: ObjectInfo, loose: LooseId) -> Uploaded:
        folder = tx.folders.hold(wish.folder)
        if folder.mirror is not None:
            raise Conflict(
                "A mirror was mounted in this folder while the bytes were on their way. Nothing was stored.",
                "Send it again: it goes to the mirror's store then, or say another folder.",
            )
        if not tx.loose.take(loose):
            raise Conflict(
                "This upload was given up: it took more than a week, or its store was removed. Nothing was stored.",
                "Send it again.",
            )
        if wish.if_exists is IfExists.REPLACE:
            replaced = tx.items.replace(wish.row(info, wish.name, store), self._now_ms() + READ_ON_MS)
            if replaced is not None:
                item = tx.items.get(replaced)
                wish.note(tx, item, store, replaced=True)
                return Uploaded(item, replaced=True)
        for name in numbered(wish.name):
            added = tx.items.add(folder.project, wish.row(info, name, store))
            if added is not None:
                item = tx.items.get(added)
                wish.note(tx, item, store, replaced=False)
                return Uploaded(item, replaced=False)
            if wish.if_exists is not IfExists.BOTH:
                break
        raise taken(wish.name)
