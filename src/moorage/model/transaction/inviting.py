"""Port to links by which buckets are connected."""

from __future__ import annotations

from typing import Protocol

from moorage.model.catalogue import ProjectId
from moorage.model.inviting import BucketLink, BucketLinkId


class BucketLinks(Protocol):
    """One-time links; their secrets come hashed."""

    def add(self, link: BucketLink, hash_: bytes) -> BucketLink:
        """Insert with a new id."""

    def get(self, link: BucketLinkId) -> BucketLink: ...

    def by_hash(self, hash_: bytes) -> BucketLink | None: ...

    def of_project(self, project: ProjectId) -> list[BucketLink]:
        """The last one first."""

    def count_try(self, link: BucketLinkId, most: int) -> bool:
        """Count one more sending of its form; False where there were ``most`` already."""

    def use(self, link: BucketLinkId, now_ms: int, store: str) -> bool:
        """Use it up; False where it was used or revoked before."""

    def revoke(self, link: BucketLinkId, now_ms: int) -> None:
        """Note that it was revoked; one that was used stays as it is."""

    def remove_old(self, before_ms: int) -> None:
        """Forget links that ended before that time."""
