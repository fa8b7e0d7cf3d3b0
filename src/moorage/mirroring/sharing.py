"""One adapter for all slices of a job that run here at the same time: connections and snapshots are shared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moorage.model.jobs import JobId
from moorage.model.store import ObjectStore, Store, StoreOpener


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
