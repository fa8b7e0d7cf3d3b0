"""One making per name, however many ask for it; a refusal is remembered for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Generic, TypeVar

from moorage.model.errors import Undecodable

T = TypeVar("T")
_MOST_REFUSALS: Final = 10_000


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiters: int = 0


class SingleFlight(Generic[T]):
    """Runs one making per name at a time. All who ask meanwhile get its result or its error.

    A caller that is cancelled leaves the others waiting; when the last one is, the making is cancelled too.
    An Undecodable is raised again for ``refusal_life`` without another try.
    """

    def __init__(
        self, *, refusal_life: timedelta = timedelta(seconds=30), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._life_s = refusal_life.total_seconds()
        self._clock = clock
        self._flights: dict[str, _Flight[T]] = {}
        self._refusals: dict[str, tuple[float, Undecodable]] = {}

    async def __call__(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` returned or raised, or what it raised a moment ago where that was Undecodable."""
        self._raise_refusal(name)
        flight = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = _Flight(asyncio.create_task(self._fly(name, make)))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._land(name, flight.task)
                flight.task.cancel()

    async def _fly(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        try:
            return await make()
        except Undecodable as exc:
            self._remember(name, exc)
            raise
        finally:
            self._land(name, asyncio.current_task())

    def _land(self, name: str, task: asyncio.Task[T] | None) -> None:
        flight = self._flights.get(name)
        if flight is not None and flight.task is task:
            del self._flights[name]

    def _remember(self, name: str, refusal: Undecodable) -> None:
        while len(self._refusals) >= _MOST_REFUSALS:
            del self._refusals[next(iter(self._refusals))]
        self._refusals[name] = (self._clock() + self._life_s, refusal)

    def _raise_refusal(self, name: str) -> None:
        known = self._refusals.get(name)
        if known is None:
            return
        until, refusal = known
        if self._clock() < until:
            raise replace(refusal)  # a fresh one, since an exception collects the stack of each raise
        del self._refusals[name]
