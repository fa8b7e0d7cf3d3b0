"""Credentials that end: sentences for doctor, a gauge for /metrics, and warnings at 30, 7 and 1 days and at the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from prometheus_client import Gauge

from moorage.model.clock import now_ms as clock
from moorage.model.errors import SealBroken
from moorage.model.expiry import AUTHORITY, DAY_MS, Ending, days_left, stage
from moorage.model.store import Store
from moorage.model.transaction import Facts, Transaction
from moorage.registering.declared import place_of
from moorage.registering.identity import endings_of

FACT: Final = "endings warned of"
DAYS: Final = Gauge(
    "moorage_store_credentials_days_left",
    "Days until the first thing ends that the store needs to be reached; less than 0 once it has ended.",
    ["store"],
)
log: Final = structlog.get_logger("moorage.endings")


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning that was logged."""

    stores: tuple[str, ...]
    what: str
    days_left: int


class Endings:
    """Looks once a day at what ends, and warns of each thing once at each stage."""

    def __init__(self, facts: Facts, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._now_ms = now_ms
        self._looked_ms = -DAY_MS

    async def look(self) -> list[Warned]:
        """Warn of what came to its last 30, 7 or 1 days or ended since the last look, also that of another start."""
        now_ms = self._now_ms()
        if now_ms - self._looked_ms < DAY_MS:
            return []
        warned = await self._facts.write(lambda tx: _due(tx, now_ms))
        self._looked_ms = now_ms
        for one in warned:
            told = "Credentials have ended." if one.days_left < 0 else "Credentials end soon."
            log.warning(told, stores=list(one.stores), what=one.what, days_left=one.days_left)
        return warned


async def note_days(facts: Facts) -> None:
    """Bring the gauge up to date; it tells ids, because everybody may read it."""
    try:
        stores = await facts.read(lambda tx: tx.stores.all())
    except SealBroken:  # doctor tells; a scrape shows the rest
        stores = []
    DAYS.clear()
    for store in stores:
        if ends := endings_of(store.connection):
            DAYS.labels(str(store.id)).set(round((ends[0].at_ms - clock()) / DAY_MS, 3))


def ending_sentence(store: Store, ending: Ending, now_ms: int) -> str:
    """What of a store ends when, and once that is near, what to do."""
    days = days_left(ending.at_ms, now_ms)
    when = f"{datetime.fromtimestamp(ending.at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    left = "less than a day" if days == 0 else "1 day" if days == 1 else f"{days} days"
    told = f"Its {ending.what} ended on {when}." if days < 0 else f"Its {ending.what} ends in {left}, on {when}."
    if stage(ending.at_ms, now_ms) is None:
        return told
    if store.connection.origin:
        return f"{told} Replace it in {place_of(store.connection)}."
    return f"{told} Replace it: moorage store change {store.name}{' --ca FILE' if ending.what == AUTHORITY else ''}"


def _due(tx: Transaction, now_ms: int) -> list[Warned]:
    """What came to another stage than was noted; the stages are noted."""
    before = json.loads(tx.instance.get(FACT) or b"{}")
    stores = tx.stores.all()
    noted, warned = {}, []
    for connection in tx.connections.all():
        first = next(iter(endings_of(connection)), None)
        now = None if first is None else stage(first.at_ms, now_ms)
        if first is None or now is None:
            continue
        noted[str(connection.id)] = {"at_ms": first.at_ms, "stage": now}
        if before.get(str(connection.id)) != noted[str(connection.id)]:
            names = tuple(one.name for one in stores if one.connection.id == connection.id)
            warned.append(Warned(names or (connection.name,), first.what, days_left(first.at_ms, now_ms)))
    if noted != before:
        tx.instance.set(FACT, json.dumps(noted).encode())
    return warned
