"""Discarding: claim what is due -> delete the object in its store -> forget it. Each step may be repeated."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from moorage.model.access import SYSTEM
from moorage.model.errors import MoorageError, NotFound
from moorage.model.keys import escape
from moorage.model.store import ObjectStore, Store, StoreId
from moorage.model.transaction import Facts, LooseObject, Transaction

AGAIN_MS: Final = 30 * 60 * 1000
"""An object that could not be deleted is tried again after that time, for as long as it takes."""
_AT_ONCE: Final = 8
log = logging.getLogger(__name__)


class Discarding:
    """Deletes objects that Moorage wrote and no item holds any more."""

    def __init__(self, facts: Facts, adapter: Callable[[Store], ObjectStore], *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._adapter = adapter
        self._now_ms = now_ms

    async def discard(self) -> int:
        """Delete all that is due; how many objects. A store that cannot be reached is passed over until later."""
        count = 0
        failed: set[StoreId] = set()
        while claimed := await self._facts.write(self._claim):
            by_store: defaultdict[StoreId, list[LooseObject]] = defaultdict(list)
            for loose in claimed:
                by_store[loose.store].append(loose)
            for store, some in by_store.items():
                if store not in failed:
                    deleted = await self._delete(store, some)
                    count += len(deleted)
                    if len(deleted) < len(some):
                        failed.add(store)
        return count

    def _claim(self, tx: Transaction) -> list[LooseObject]:
        now_ms = self._now_ms()
        return tx.loose.claim(now_ms, now_ms + AGAIN_MS)

    async def _delete(self, store: StoreId, some: Sequence[LooseObject]) -> list[LooseObject]:
        """Delete objects of one store; those that are gone now."""
        try:
            found = await self._facts.read(lambda tx: tx.stores.get(store))
            adapter = self._adapter(found)
        except NotFound:
            await self._facts.write(lambda tx: tx.loose.remove([loose.id for loose in some]))
            return list(some)
        except MoorageError as error:
            log.warning("Objects of store %d wait to be deleted: %s", store, error.message)
            return []
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(loose: LooseObject) -> LooseObject | None:
            async with places:
                try:
                    await adapter.delete(loose.key)
                except MoorageError as error:
                    log.warning("An object of store %s waits to be deleted: %s", found.name, error.message)
                    return None
            return loose

        # One goes first: a store that does not answer is not asked a hundred times.
        tried = [await one(some[0])]
        if tried[0] is not None:
            tried += await asyncio.gather(*map(one, some[1:]))
        done = [loose for loose in tried if loose is not None]
        if done:
            await self._facts.write(lambda tx: _forget(tx, found, done))
        return done


def _forget(tx: Transaction, store: Store, done: Sequence[LooseObject]) -> None:
    tx.loose.remove([loose.id for loose in done])
    for loose in done:
        tx.audit.add(SYSTEM, "object.delete", f"store {store.name}", key=escape(loose.key))
