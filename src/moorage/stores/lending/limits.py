"""Limits that several providers share, as errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from moorage.model.errors import Invalid, Refused
from moorage.model.keys import ETag
from moorage.model.lending import Ask, Begun, LentUrl
from moorage.model.objects import ObjectInfo
from moorage.stores.transport.store import LONGEST_LIFE_S

LARGEST_PUT: Final = 5 * 1024**3
"""Bytes of an object that goes in one request, at every provider."""


def need_life(ask: Ask, *, least_s: int, most_s: int, why: str) -> None:
    """Raises Invalid for a life that the provider does not give; ``why`` says which limit it is."""
    if not least_s <= ask.life_s <= most_s:
        raise Invalid(
            f"{why} lives {least_s} s to {most_s} s; {ask.life_s} s were asked for. Nothing was lent.",
            f"Ask for expires_in between {least_s} and {most_s}.",
            field="expires_in",
        )


def signed_life(ask: Ask, *, ends_s: float, now_s: float) -> int:
    """Seconds that signed URLs live: as asked for, and never longer than the session that signs them."""
    need_life(ask, least_s=1, most_s=LONGEST_LIFE_S, why="A signed URL")
    left_s = ends_s - now_s
    return ask.life_s if math.isinf(left_s) else max(1, min(ask.life_s, int(left_s)))


def need_keys(ask: Ask, what: str) -> None:
    """Raises Refused where single keys are needed and none were named."""
    if not ask.keys:
        raise Refused(f"{what} Nothing was lent.", "Name the keys in keys: one URL is made for each (at most 1,000).")


def no_method(ask: Ask, store: str, those: str) -> Refused:
    """The error for a method that a store does not have."""
    method = "loans" if ask.method is None else f"loans by {ask.method.value}"
    return Refused(f"The store {store} has no {method} to {ask.action.value}. Nothing was lent.", those)


def nothing_to_lend(store: str) -> Refused:
    """The error for a store without credentials."""
    return Refused(
        f"The store {store} is open to everybody: there is nothing to lend. Nothing was lent.",
        "Read it without credentials; to write, give the store credentials.",
    )


class NothingBegun:
    """The part of a ``Lender`` that begins no uploads for its borrowers, and can take nothing back."""

    async def part_urls(self, begun: Begun, numbers: range, life_s: int) -> tuple[LentUrl, ...]:
        """Refused."""
        del numbers, life_s
        raise _not_begun(begun)

    async def complete(self, begun: Begun, parts: Sequence[tuple[int, ETag]]) -> ObjectInfo:
        """Refused."""
        del parts
        raise _not_begun(begun)

    async def cancel(self, begun: Begun) -> None:
        """Nothing is there to be cancelled."""

    def denial(self, before_ms: int) -> str:
        """There is no such policy."""
        del before_ms
        return ""


def _not_begun(begun: Begun) -> Refused:
    return Refused(
        f"No parts of {begun.key!r} are sent to this store.", "Whoever holds the loan sends and completes it alone."
    )
