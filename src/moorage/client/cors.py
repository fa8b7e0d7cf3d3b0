"""Calls about CORS: what a bucket lets pages do, and making it what ours need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.model.cors import CorsRule


@dataclass(frozen=True, slots=True)
class CorsLack:
    """What pages of ``origin`` may not do: a whole ``method``, or headers with it."""

    origin: str
    method: str
    refused: bool
    request_headers: tuple[str, ...] = ()
    exposed_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CorsAnswer:
    """Whether the server lets a browser's question pass."""

    origin: str
    method: str
    passes: bool


@dataclass(frozen=True, slots=True)
class Cors:
    """What a bucket has and what our pages need. ``rules`` and ``after`` are None where they cannot be read."""

    store: str
    origin: str
    enough: bool
    changes: bool
    applied: bool
    account_wide: bool
    needed: tuple[CorsRule, ...]
    rules: tuple[CorsRule, ...] | None = None
    after: tuple[CorsRule, ...] | None = None
    unread: str = ""
    lacks: tuple[CorsLack, ...] = ()
    browser: tuple[CorsAnswer, ...] = ()
    notes: tuple[str, ...] = ()


class CorsCalls(Calls):
    """CORS of stores."""

    async def cors(self, name: str, *, modes: Sequence[str] = ()) -> Cors:
        """Compare what the bucket has with what is needed; nothing is changed."""
        query = query_of(modes=",".join(modes) or None)
        return decode(Cors, await self._transport.get(f"/stores/{part(name)}/cors", query))

    async def apply_cors(self, name: str, *, modes: Sequence[str] = ()) -> Cors:
        """Give the bucket the rules that are needed beside those of others; a repeat changes nothing."""
        return decode(Cors, await self._transport.post(f"/stores/{part(name)}/cors", {"modes": list(modes)}))
