"""Calls about caches: what they hold, emptying and warming them, and what stores cost by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import Started
from moorage.model.keys import ESCAPED, escape, needs_escape

CacheName = Literal["previews", "storage", "converted"]


@dataclass(frozen=True, slots=True)
class Cache:
    """What a cache holds; ``hits`` and ``misses`` count from the start of the server on.

    ``trouble``: why its disk took nothing when it was last written to; empty where it took all.
    """

    name: str
    entries: int
    bytes: int
    max_bytes: int
    expires_s: float
    hits: int
    misses: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PurgedCache:
    """What left a cache."""

    name: str
    entries: int
    bytes: int


@dataclass(frozen=True, slots=True)
class StoreDay:
    """What a store was asked for in a day (UTC). ``store`` is None for those that are gone.

    ``puts`` are requests that write, copy or list. ``saved``: bytes of originals that were handed on, less those that
    were fetched for the cache. Money is an estimate; None where no price is known.
    """

    day: date
    store: str | None
    gets: int
    puts: int
    received: int
    sent: int
    served: int
    saved: int
    hits: int
    cost: float | None
    saving: float | None


@dataclass(frozen=True, slots=True)
class StoreDays:
    """Figures by day and store, at the list prices of ``priced``. ``server``: where the server is said to be."""

    days: list[StoreDay]
    first: date
    last: date
    currency: str
    priced: date
    server: str = ""


@dataclass(frozen=True, slots=True)
class StoreTotal:
    """The sums of a store's days."""

    store: str | None
    gets: int = 0
    puts: int = 0
    received: int = 0
    sent: int = 0
    served: int = 0
    saved: int = 0
    hits: int = 0
    cost: float | None = None
    saving: float | None = None

    def with_day(self, day: StoreDay) -> StoreTotal:
        """With one day more."""
        return StoreTotal(
            self.store,
            self.gets + day.gets,
            self.puts + day.puts,
            self.received + day.received,
            self.sent + day.sent,
            self.served + day.served,
            self.saved + day.saved,
            self.hits + day.hits,
            _sum(self.cost, day.cost),
            _sum(self.saving, day.saving),
        )


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one + (other or 0.0)


@dataclass(frozen=True, slots=True)
class WarmFault:
    """An item that could not be warmed."""

    item: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What a job was asked to warm up; ``faults`` are the first 100 items that failed."""

    job: str
    project: str
    folder: str
    prefix: str
    kind: str
    previews: list[int]
    originals: bool
    needed: int
    fetched: int
    made: int
    faults: list[WarmFault]


class CacheCalls(Calls):
    """Caches of the server; for admins."""

    async def caches(self) -> list[Cache]:
        """The caches of previews, of originals ("storage") and of conversions ("converted")."""
        return decode(list[Cache], (await self._transport.get("/cache"))["caches"])

    async def purge_cache(self, name: CacheName, *, item: str = "", store: str = "", prefix: str = "") -> PurgedCache:
        """Empty a cache, or take out what was made of an item, a store, or its keys that begin with ``prefix``."""
        odd = needs_escape(prefix)
        query = query_of(
            item=item or None,
            store=store or None,
            prefix=(escape(prefix) if odd else prefix) or None,
            key_encoding=ESCAPED if odd else None,
        )
        return decode(PurgedCache, await self._transport.delete(f"/cache/{name}", query))

    async def store_days(self, *, store: str = "", first: date | None = None, last: date | None = None) -> StoreDays:
        """What stores were asked for by day; both days are included, the last 30 where nothing is said."""
        span = {"from": None if first is None else first.isoformat(), "to": None if last is None else last.isoformat()}
        return decode(StoreDays, await self._transport.get("/cache/days", query_of(store=store or None, **span)))

    async def warm(
        self,
        project: str,
        *,
        folder: str = "",
        prefix: str = "",
        kind: str = "",
        previews: Sequence[int] = (),
        originals: bool = False,
    ) -> Started:
        """Make previews of these sides, fetch originals, or both, of a project or a folder; the answer names the job.

        It ends before it would push out of a cache what it brought there.
        """
        body = {
            "project": project,
            "folder": folder,
            "prefix": prefix,
            "kind": kind,
            "previews": list(previews),
            "originals": originals,
        }
        return decode(Started, await self._transport.post("/cache/warm", body))

    async def warmed(self, job: str) -> WarmUp:
        """What a job was asked to warm up, and which items failed. Raises: NotFound."""
        return decode(WarmUp, await self._transport.get(f"/cache/warm/{part(job)}"))
