"""Idempotency keys: a POST that is sent again is answered as the first time, and never done twice.

The first transaction of a request with a key also writes the key down, so that effect and key stand or fall
together. The answer is added when it is known; should the server die in between, a repeat is told so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from moorage.model.access import UserId
from moorage.model.errors import Conflict, Invalid, KeyReused
from moorage.model.transaction import Answered, Facts, Transaction

T = TypeVar("T")
MAX_KEY: Final = 200
UNKNOWN: Final = 0
"""The status of a key whose effect was committed and whose answer was lost."""


@dataclass
class Pending:
    """A key that the request under way brought."""

    user: UserId
    key: str
    request_hash: bytes
    expires_ms: int
    written: bool = False


PENDING: Final[ContextVar[Pending | None]] = ContextVar("pending", default=None)


class OnceFacts:
    """The facts, with the key of the request under way written in its first transaction."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """As the facts do."""
        return await self._facts.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """As the facts do; the key is committed with the effect."""
        pending = PENDING.get()
        if pending is None or pending.written:
            return await self._facts.write(work)

        def both(tx: Transaction) -> T:
            done = work(tx)
            answered = Answered(pending.request_hash, UNKNOWN, b"")
            tx.idempotency.add(pending.user, pending.key, answered, pending.expires_ms)
            return done

        done = await self._facts.write(both)
        pending.written = True
        return done


def request_hash(method: str, path: str, body: bytes) -> bytes:
    """What must be the same for a request to be the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode("utf-8", "surrogateescape"), body))).digest()


async def known_answer(facts: Facts, pending: Pending, now_ms: int) -> Answered | None:
    """The answer of the first request with this key; None when this is the first.

    Raises KeyReused when the key came with another request, Conflict when its answer was not kept.
    """
    if not pending.key.isprintable() or len(pending.key) > MAX_KEY:
        raise Invalid("The idempotency key will not do.", f"Use at most {MAX_KEY} printable letters.")
    known = await facts.read(lambda tx: tx.idempotency.get(pending.user, pending.key, now_ms))
    if known is None:
        return None
    if known.request_hash != pending.request_hash:
        raise KeyReused("This idempotency key came with another request before. Nothing was changed.", "Use a new key.")
    if known.status == UNKNOWN:
        raise Conflict("This request was carried out before, and its answer was not kept.", "Look at what it made.")
    return known
