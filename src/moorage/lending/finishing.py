"""The end of a lent upload: what the borrower says to have written, compared with what the store has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from moorage.model.errors import Invalid, MoorageError, ObjectNotFound
from moorage.model.keys import ETag, Key, escape
from moorage.model.lending import Loan
from moorage.model.objects import ObjectInfo
from moorage.model.store import ObjectStore

MOST_OBJECTS: Final = 1000
_AT_ONCE: Final = 16


class Verdict(StrEnum):
    """What a look into the store found."""

    THERE = "there"
    ABSENT = "absent"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """The store gave no answer, or none to us."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An object as the borrower tells of it. ``etag`` empty: not told."""

    key: Key
    size: int
    etag: ETag = ETag("")


@dataclass(frozen=True, slots=True)
class Found:
    """An object as the store has it; ``info`` None where it has none, or did not say."""

    key: Key
    verdict: Verdict
    info: ObjectInfo | None = None
    detail: str = ""

    @property
    def there(self) -> bool:
        """True where the store has it as it was told."""
        return self.verdict is Verdict.THERE


async def look(loan: Loan, opened: ObjectStore, objects: Sequence[Claimed]) -> list[Found]:
    """Stat each object, a few at once. Raises Invalid for keys that the loan does not reach."""
    if len(objects) > MOST_OBJECTS:
        raise Invalid(f"These are {len(objects)} objects.", f"Tell of at most {MOST_OBJECTS} at once.", field="objects")
    outside = next((one.key for one in objects if not loan.area.holds(one.key)), None)
    if outside is not None:
        raise Invalid(
            f"The key {escape(outside)!r} is outside of {escape(loan.area.prefix)!r}, for which the loan is.",
            "Tell of what was written with this loan.",
            field="objects",
        )
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(claimed: Claimed) -> Found:
        async with places:
            return await _one(opened, claimed)

    return list(await asyncio.gather(*map(one, objects)))


async def _one(opened: ObjectStore, claimed: Claimed) -> Found:
    try:
        info = await opened.stat(claimed.key)
    except ObjectNotFound as error:
        return Found(claimed.key, Verdict.ABSENT, detail=error.message)
    except MoorageError as error:
        return Found(claimed.key, Verdict.UNKNOWN, detail=error.message)
    if info.size != claimed.size:
        detail = f"The store has {info.size} bytes, not {claimed.size}."
        return Found(claimed.key, Verdict.DIFFERS, info, detail)
    if claimed.etag and info.etag != claimed.etag.strip('"'):
        return Found(claimed.key, Verdict.DIFFERS, info, f"The store has the ETag {info.etag}.")
    return Found(claimed.key, Verdict.THERE, info)
