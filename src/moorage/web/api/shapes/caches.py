"""Shapes of answers about caches."""

from __future__ import annotations

from moorage.web.api.shapes.parts import Shape


class CacheShape(Shape):
    """A cache: what it holds, its limits, and how often what was asked for was there."""

    name: str
    entries: int
    bytes: int
    max_bytes: int
    expires_s: float
    hits: int
    misses: int
    trouble: str
    """Why its disk took nothing when it was last written to; empty where it took all."""


class CacheList(Shape):
    """All caches."""

    caches: list[CacheShape]


class PurgedShape(Shape):
    """What left a cache."""

    name: str
    entries: int
    bytes: int


class PurgedList(Shape):
    """What left each cache, and a sentence that tells it."""

    caches: list[PurgedShape]
    note: str


class StoreDayShape(Shape):
    """What a store was asked for in a day (UTC), what readers got, and estimates of money."""

    day: str
    store: str | None
    """Its name; null for stores that are gone."""
    gets: int
    puts: int
    """Requests that write, copy or list."""
    received: int
    """Bytes that were asked of the store."""
    sent: int
    served: int
    saved: int
    """Bytes of originals that were handed on, less those that were fetched for the cache; may be below 0."""
    hits: int
    cost: float | None
    """Null where no price is known."""
    saving: float | None


class StoreDayList(Shape):
    """Figures by day and store. Prices are list prices of ``priced``; ``server``: where this server is said to be."""

    days: list[StoreDayShape]
    first: str
    last: str
    currency: str
    priced: str
    server: str


class WarmFaultShape(Shape):
    """An item that could not be warmed."""

    item: str
    name: str
    reason: str


class WarmUpShape(Shape):
    """What a warm-up was asked for, and the first items that failed."""

    job: str
    project: str
    folder: str
    prefix: str
    kind: str
    previews: list[int]
    originals: bool
    needed: int
    """Bytes of the originals."""
    fetched: int
    made: int
    """Bytes of previews."""
    faults: list[WarmFaultShape]
