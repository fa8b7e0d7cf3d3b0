"""Refusals: what an origin did not have or did not give a moment ago, and is not asked for again so soon."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from moorage.model.errors import ObjectNotFound, StoreDenied
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo
from moorage.model.store import ObjectStore, Store, StoreId

ABSENT_S: Final = 30.0
"""How long an object that was not there is taken for absent."""
DENIED_S: Final = 5.0
"""How long an object that was refused is taken for refused."""
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Refusal:
    error: ObjectNotFound | StoreDenied
    until_s: float
    adapter: ObjectStore
    """Another one stands there once anything about the store has changed, such as its credentials."""
    known: str
    """The version that the catalogue knew: it learns of another one by an upload, an event or a re-index."""


class Refusals:
    """Refusals by store and key; the oldest are forgotten first."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: OrderedDict[tuple[StoreId, Key], _Refusal] = OrderedDict()

    def forget(self, store: StoreId | None = None, key: Key | None = None) -> None:
        """Ask again: for one object, for all of a store, or for everything."""
        if store is not None and key is not None:
            self._refused.pop((store, key), None)
            return
        for name in [name for name in self._refused if store in (None, name[0])]:
            del self._refused[name]

    @contextmanager
    def asking(self, store: StoreId, key: Key, adapter: ObjectStore, known: str) -> Iterator[None]:
        """Ask an origin within it: raises what it said a moment ago, and remembers what it refuses now."""
        name = (store, key)
        before = self._refused.get(name)
        if before is not None:
            if before.adapter is adapter and before.known == known and self._clock() < before.until_s:
                raise replace(before.error)  # a fresh one, since an exception collects the stack of each raise
            del self._refused[name]
        try:
            yield
        except (ObjectNotFound, StoreDenied) as error:
            life_s = ABSENT_S if isinstance(error, ObjectNotFound) else DENIED_S
            self._refused[name] = _Refusal(replace(error), self._clock() + life_s, adapter, known)
            self._refused.move_to_end(name)
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
            raise


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the bytes of a store come from, which is not asked again for what it refused a moment ago."""

    store: Store
    adapter: ObjectStore
    refusals: Refusals
    known: str = ""
    """What is known of the object now, such as its version; a refusal is forgotten when it is something else."""

    async def stat(self, key: Key) -> ObjectInfo:
        """As the store's own."""
        with self.refusals.asking(self.store.id, key, self.adapter, self.known):
            return await self.adapter.stat(key)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """As the store's own."""
        with self.refusals.asking(self.store.id, key, self.adapter, self.known):
            return await self.adapter.get(key, byte_range=byte_range, if_match=if_match)
