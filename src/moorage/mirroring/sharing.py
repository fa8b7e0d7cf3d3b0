"""What slices of a job share: one adapter, whose connections and snapshots all use, and the keys that are left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from moorage.model.errors import MoorageError
from moorage.model.jobs import JobId, Work
from moorage.model.store import ObjectStore, Store, StoreOpener

SHARE_AFTER: Final = 8
"""Pages after which a slice looks whether others are idle; twice as many each time that it was in vain.

To Ceph a key that is asked for costs about as much as half a page, and a split asks for ten.
"""


class SharedStores:
    """Opens the adapter for the first slice of a job and closes it after the last."""

    def __init__(self, open_store: StoreOpener) -> None:
        self._open_store = open_store
        self._held: dict[JobId, tuple[ObjectStore, int]] = {}

    @asynccontextmanager
    async def open(self, job: JobId, store: Store) -> AsyncIterator[ObjectStore]:
        """The job's adapter; the facts of ``store`` count when nobody has it open."""
        opened, users = self._held.get(job) or (self._open_store(store), 0)
        self._held[job] = (opened, users + 1)
        try:
            yield opened
        finally:
            _, users = self._held.pop(job)
            if users > 1:
                self._held[job] = (opened, users - 1)
            else:
                await opened.aclose()


class Sharing:
    """Tries to give work away beside a slice that goes on. ``share``: False when it was not worth the requests."""

    def __init__(self, share: Callable[[Work], Awaitable[bool]]) -> None:
        self._share = share
        self._pages = 0
        self._wait = SHARE_AFTER
        self._trying: asyncio.Task[None] | None = None

    def went_on(self, work: Work) -> None:
        """A page of the row was committed."""
        self._pages += 1
        if self._trying is not None and self._trying.done():
            self._trying.result()
            self._trying = None
        if self._pages >= self._wait and self._trying is None:
            self._pages = 0
            self._trying = asyncio.create_task(self._try(work))

    async def _try(self, work: Work) -> None:
        try:
            shared = await self._share(work)
        except MoorageError:
            shared = False  # whether the store can be listed, the pages will tell
        if not shared:
            self._wait *= 2

    async def end(self) -> None:
        """Try no more."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
