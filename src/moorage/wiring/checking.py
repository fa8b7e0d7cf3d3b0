"""The daily check of every store, quietly and spread over the day; sooner where a reader was refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog

from moorage.model.credentials import Forgotten
from moorage.model.errors import MoorageError
from moorage.model.store import Store, StoreId
from moorage.model.transaction import Facts, Transaction
from moorage.registering.register import Registering
from moorage.wiring.ending import Endings

DAY_MS: Final = 24 * 3600 * 1000
DOUBT_MS: Final = 600 * 1000
"""A store that goes on refusing readers is not checked more often for that: a single object may be out of bounds."""
_SHORTEST_S: Final = 60.0
_LONGEST_S: Final = 600.0
log: Final = structlog.get_logger("moorage.checks")


class DailyChecks:
    """Checks the store whose last check is the oldest, once that is a day old. Never two at a time.

    A store that refuses a reader though its last check passed is checked at once: its credentials may not hold.
    """

    def __init__(self, facts: Facts, registering: Registering, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._registering = registering
        self._endings = Endings(facts, now_ms=now_ms)
        self._now_ms = now_ms
        self._tried: dict[StoreId, int] = {}
        """When a check failed to begin: it is not begun again before a day has gone."""
        self._refused: dict[StoreId, int] = {}
        self._doubted: set[StoreId] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; ``stop`` ends it."""
        self._task = asyncio.create_task(self._for_ever())

    async def stop(self) -> None:
        """End it; a check under way removes what it wrote first."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def doubt(self, store: StoreId) -> None:
        """A reader was refused there. Cheap."""
        now_ms = self._now_ms()
        if now_ms - self._refused.get(store, -DOUBT_MS) >= DOUBT_MS:
            self._refused[store] = now_ms
            self._doubted.add(store)
            self._woken.set()

    async def check_doubted(self) -> list[str]:
        """Check the stores that refused readers though their last checks passed; their names."""
        doubted, self._doubted = self._doubted, set()

        def read(tx: Transaction) -> list[Store]:
            stores = [one for one in tx.stores.all() if one.id in doubted]
            return [one for one in stores if (report := tx.stores.last_check(one.id)) and report.passed]

        stores = await self._facts.read(read) if doubted else []
        for store in stores:
            await self._check(store)
        return [store.name for store in stores]

    async def check_one(self) -> str | None:
        """Check the store that is due; its name, or None where none is."""
        due = await self._facts.read(self._due)
        if due is None:
            return None
        self._tried[due.id] = self._now_ms()
        await self._check(due)
        return due.name

    async def _check(self, store: Store) -> None:
        before = await self._facts.read(lambda tx: tx.stores.last_check(store.id))
        try:
            report = await self._registering.check_quietly(store)
        except MoorageError as error:
            log.warning("The daily check of a store could not be made.", store=store.name, error=str(error))
            return
        if not report.passed and (before is None or before.passed):
            line = next(line for line in report.lines if line.refuses)
            log.warning("A store no longer passes its check.", store=store.name, permission=line.permission.value)

    def _due(self, tx: Transaction) -> Store | None:
        aged = []
        for store in tx.stores.all():
            if isinstance(store.connection.credentials, Forgotten):
                continue
            report = tx.stores.last_check(store.id)
            checked_ms = 0 if report is None else report.checked_ms
            aged.append((max(checked_ms, self._tried.get(store.id, 0)), store))
        oldest = min(aged, key=lambda one: one[0], default=None)
        return oldest[1] if oldest and oldest[0] <= self._now_ms() - DAY_MS else None

    async def _for_ever(self) -> None:
        while True:
            try:
                await self._endings.look()
                count = len(await self._facts.read(lambda tx: tx.stores.all()))
                # Twice as often as needed, so that all are done within the day after a pause of the server.
                await self._pause(min(_LONGEST_S, max(_SHORTEST_S, DAY_MS / 2000 / max(1, count))))
                await self.check_doubted()
                await self.check_one()
            except Exception:
                log.exception("The daily check failed; it goes on with the next store.")
                await asyncio.sleep(_SHORTEST_S)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()
