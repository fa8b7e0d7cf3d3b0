"""Calls about caches: what they hold, and emptying them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moorage.client.calls import Calls, query_of
from moorage.client.codec import decode
from moorage.model.keys import ESCAPED, escape, needs_escape

CacheName = Literal["previews", "storage", "converted"]


@dataclass(frozen=True, slots=True)
class Cache:
    """What a cache holds; ``hits`` and ``misses`` count from the start of the server on."""

    name: str
    entries: int
    bytes: int
    max_bytes: int
    expires_s: float
    hits: int
    misses: int


@dataclass(frozen=True, slots=True)
class PurgedCache:
    """What left a cache."""

    name: str
    entries: int
    bytes: int


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
