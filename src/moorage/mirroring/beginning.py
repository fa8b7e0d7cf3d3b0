"""Begin a scan: its job, its row and its first work row, in one transaction."""

from __future__ import annotations

from typing import Final

from moorage.model.access import Principal
from moorage.model.jobs import OPEN, Job, JobId, JobState
from moorage.model.mirror import Mirror, Scan, ScanId
from moorage.model.transaction import Transaction

KIND: Final = "scan"
PLAN: Final = "plan"
LIST: Final = "list"
FINISH: Final = "finish"


def open_job(tx: Transaction, mirror: Mirror) -> Job | None:
    """The scan of this mirror that has not ended, if there is one: there is never a second."""
    return next(iter(tx.jobs.all(states=OPEN, kind=KIND, subject=mirror.id, limit=1)), None)


def begin_scan(tx: Transaction, mirror: Mirror, principal: Principal, *, place: str, dry_run: bool, now: int) -> Job:
    """Queue a scan of the mirror. ``now``: Unix time in milliseconds."""
    live = live_rows(tx, mirror)
    job = tx.jobs.add(
        Job(
            id=JobId(0),
            kind=KIND,
            subject=mirror.id,
            state=JobState.QUEUED,
            title=f"{'Compare' if dry_run else 'Index'} {place}",
            created_ms=now,
            project=mirror.project,
            folder=mirror.folder,
            asked_by=principal.user or None,
            total=live or None,
        )
    )
    tx.mirrors.begin_scan(Scan(ScanId(0), mirror.id, job.id, dry_run, now, live))
    tx.jobs.add_work(job.id, PLAN)
    return job


def live_rows(tx: Transaction, mirror: Mirror) -> int:
    """Live items of the mirror's tree, exactly."""
    return tx.folders.items_in_tree(mirror.folder)
