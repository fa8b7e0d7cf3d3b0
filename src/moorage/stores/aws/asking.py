"""Requests for keys: few, short, each on a connection of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from moorage.stores.transport import Answer, Clock, Counters, Guard, Limits, Purpose, Request, Transport

LOCAL: Final = Limits(connect_s=2, first_byte_s=5, idle_s=5, tries=2, backoff_s=0.2, longest_pause_s=5)
"""Of services on this machine's own link."""
REMOTE: Final = Limits(connect_s=5, first_byte_s=15, idle_s=15, tries=3, longest_pause_s=5)
"""Of services of a region."""
_SMALL: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asking:
    """A few requests to one service."""

    transport: Transport

    @property
    def clock(self) -> Clock:
        """Ours, and what the service's answers say of it."""
        return self.transport.clock

    async def send(self, make: Callable[[], Request]) -> Answer:
        """The whole answer. Raises StoreUnreachable."""
        return await self.transport.send(make, purpose=Purpose.ADMIN, collect_bytes=_SMALL)


@asynccontextmanager
async def asking(limits: Limits, counters: Counters, ca: str = "", guard: Guard | None = None) -> AsyncIterator[Asking]:
    """Closed at the end: an hour passes until the next request. ``counters`` are those of whoever needs the keys."""
    transport = Transport(limits=limits, ca=ca, counters=counters, guard=guard)
    try:
        yield Asking(transport)
    finally:
        await transport.aclose()
