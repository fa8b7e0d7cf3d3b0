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


class CacheList(Shape):
    """All caches."""

    caches: list[CacheShape]


class PurgedShape(Shape):
    """What left a cache."""

    name: str
    entries: int
    bytes: int
