"""One-time links by which somebody without an account connects a bucket to a project."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NewType

from moorage.model.access import UserId
from moorage.model.catalogue import ProjectId
from moorage.model.keys import Key

BucketLinkId = NewType("BucketLinkId", int)
MOST_TRIES: Final = 20
"""Sendings of the form behind one link; each makes the server knock at an address that its holder names."""


class LinkState(StrEnum):
    """Whether a link still works, and else why not."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    WORN = "worn"
    """It was tried too often."""


@dataclass(frozen=True, slots=True)
class BucketLink:
    """One link. Its secret text is not kept, only the SHA-256 of it."""

    project: ProjectId
    folder: Key
    """The way below the project's root to the mount; empty: whoever connects the bucket names it."""
    provider: str
    """``s3``, ``azure`` or ``google``; empty: whoever connects the bucket chooses."""
    note: str
    """What the maker wants to tell."""
    user: UserId
    """Who made it, and in whose name the store is added."""
    email: str
    created_ms: int
    expires_ms: int
    id: BucketLinkId = BucketLinkId(0)
    tries: int = 0
    used_ms: int | None = None
    revoked_ms: int | None = None
    store: str = ""
    """The store that was made by it."""

    def state(self, now_ms: int) -> LinkState:
        """Whether it works at that time."""
        if self.used_ms is not None:
            return LinkState.USED
        if self.revoked_ms is not None:
            return LinkState.REVOKED
        if self.expires_ms <= now_ms:
            return LinkState.EXPIRED
        return LinkState.WORN if self.tries >= MOST_TRIES else LinkState.OPEN
