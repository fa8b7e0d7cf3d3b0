"""Port to mirrors and their scans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moorage.model.catalogue import ItemId, ProjectId
from moorage.model.jobs import JobId
from moorage.model.mirror import Mirror, MirrorId, Scan, ScanId
from moorage.model.transaction.rows import Row


class Mirrors(Protocol):
    """Mirrors and their scans."""

    def add(self, mirror: Mirror) -> Mirror: ...

    def get(self, mirror: MirrorId) -> Mirror: ...

    def all(self, project: ProjectId | None = None) -> list[Mirror]: ...

    def update(self, mirror: Mirror) -> None: ...

    def remove(self, mirror: MirrorId) -> None:
        """Remove it with its folders and items, by ``purge``; the mount stays as an empty plain folder."""

    def begin_scan(self, scan: Scan) -> Scan: ...

    def scan_of(self, job: JobId) -> Scan: ...

    def add_counts(
        self, scan: ScanId, *, seen: int = 0, added: int = 0, changed: int = 0, vanished: int = 0, skipped: int = 0
    ) -> None: ...

    def end_scan(self, scan: ScanId) -> None: ...

    def add_missing(self, scan: ScanId, rows: Sequence[Row]) -> None:
        """Write candidates down: live rows whose key the listing did not name. A repeat adds nothing."""

    def missing(self, scan: ScanId, *, after: int = 0, limit: int = 1000) -> list[Row]:
        """Candidates in ascending item id, greater than ``after``, that are still live and unchanged."""

    def drop_missing(self, scan: ScanId, ids: Sequence[ItemId]) -> None:
        """Forget candidates; they were confirmed or found again."""
