"""Housekeeping: counters folded, removed rows and objects deleted, old records forgotten, sort orders built."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from moorage.costing import Costs
from moorage.lending import Sweeping
from moorage.linking import Links
from moorage.model.catalogue import Order
from moorage.model.transaction import Facts, Transaction
from moorage.uploading import Discarding
from moorage.warming import WarmUps
from moorage.wiring.addresses import SeenAddresses

FOLD_S: Final = 2.0
"""Subtree counts are at most 5 s old, so folding begins well before."""
COSTS_S: Final = 10.0
"""What a killed process has counted since is lost."""
SWEEP_S: Final = 3600.0
TRASH_MS: Final = 30 * 24 * 3600 * 1000
JOBS_KEPT_MS: Final = 90 * 24 * 3600 * 1000
log: Final = structlog.get_logger("moorage.housekeeping")


class Housekeeping:
    """Small work in the background of the serving process; any of it may be lost and is done again."""

    def __init__(
        self,
        facts: Facts,
        *,
        now_ms: Callable[[], int],
        seen: SeenAddresses,
        discarding: Discarding,
        sweeping: Sweeping,
        linking: Links,
        costs: Costs,
        warm_ups: WarmUps,
    ) -> None:
        self._facts = facts
        self._discarding = discarding
        self._sweeping = sweeping
        self._linking = linking
        self._costs = costs
        self._warm_ups = warm_ups
        self._now_ms = now_ms
        self._seen = seen
        self._woken = asyncio.Event()
        self._orders: set[Order] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; ``stop`` ends it."""
        self.wake()
        self._tasks = [
            asyncio.create_task(self._every(FOLD_S, self.fold)),
            asyncio.create_task(self._every(FOLD_S, self._seen.save)),
            asyncio.create_task(self._every(COSTS_S, self._costs.save)),
            asyncio.create_task(self._sweep()),
        ]

    async def stop(self) -> None:
        """End it; what is in flight is finished or rolled back."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def wake(self) -> None:
        """Delete what was removed now."""
        self._woken.set()

    def want_order(self, order: Order) -> None:
        """Build the index of a sort order, once."""
        self._orders.add(order)
        self._woken.set()

    async def fold(self) -> None:
        """Fold count deltas until none is left."""
        while await self._facts.write(lambda tx: tx.folders.fold()):
            await asyncio.sleep(0)

    async def clean(self) -> None:
        """Build wanted orders, then delete what was removed or is too old, in small batches."""
        while self._orders:
            order = self._orders.pop()
            log.info("Building a sort order.", order=order.value)
            await self._facts.write(lambda tx, order=order: tx.items.build_order(order))  # type: ignore[misc]
        now_ms = self._now_ms()
        for batch in (
            lambda tx: tx.projects.purge(),
            lambda tx: tx.items.empty_trash(now_ms - TRASH_MS),
            lambda tx: tx.jobs.remove_old(now_ms - JOBS_KEPT_MS),
        ):
            await self._drain(batch)
        await self._discarding.discard()
        await self._sweeping.sweep()
        await self._linking.forget_old()
        await self._warm_ups.forget_old()

    async def _drain(self, batch: Callable[[Transaction], int]) -> None:
        while await self._facts.write(batch):
            await asyncio.sleep(0)

    async def _sweep(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), SWEEP_S)
            self._woken.clear()
            await self._safely(self.clean)

    async def _every(self, pause_s: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(pause_s)
            await self._safely(work)

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("Housekeeping failed; it will be tried again.")
