"""End a scan: in the transaction that ends its last work row, so that nobody waits for the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from moorage.mirroring.beginning import FINISH
from moorage.model.address import address_in
from moorage.model.jobs import Cause, Job, JobId, JobState
from moorage.model.keys import escape
from moorage.model.mirror import Mirror, MirrorState, Scan
from moorage.model.transaction import Transaction

UNNAMEABLE: Final = "unnameable key"


def unnameable(examples: tuple[str, ...]) -> dict[str, Cause]:
    """The cause for keys that the store holds but cannot write down in a listing."""
    if not examples:
        return {}
    advice = "Rename these objects with the provider's own tools; all others were indexed."
    return {UNNAMEABLE: Cause(len(examples), examples[0], advice)}


def go_on(tx: Transaction, job: JobId, *, now: int) -> None:
    """After a row was done: nothing while others are open; then the end, or the step that confirms candidates.

    Call it after ``add_progress``, which holds the job's row: so of two partitions that end at the same time
    the second one sees the first.
    """
    if tx.jobs.works(job, open_only=True):
        return
    scan = tx.mirrors.scan_of(job)
    if scan.vanished and not scan.dry_run:
        tx.jobs.add_work(job, FINISH)
    else:
        conclude(tx, tx.jobs.get(job), scan, now=now)


def conclude(tx: Transaction, job: Job, scan: Scan, *, now: int) -> None:
    """Write the outcome down and end job and scan."""
    partial = UNNAMEABLE in job.errors
    outcome = {
        "seen": scan.seen,
        "added": scan.added,
        "changed": scan.changed,
        "vanished": scan.vanished if scan.dry_run else job.outcome.get("vanished", 0),
        "restored": job.outcome.get("restored", 0),
        "skipped": scan.skipped,
    }
    tx.jobs.set_outcome(job.id, outcome)
    tx.jobs.add_progress(job.id, total=job.done)
    tx.mirrors.end_scan(scan.id)
    mirror = tx.mirrors.get(scan.mirror)
    if not scan.dry_run and not partial:
        tx.mirrors.update(replace(mended(mirror), last_complete_ms=now))
    tx.jobs.set_state(
        job.id, JobState.PARTIAL if partial else JobState.SUCCEEDED, message=_told(tx, outcome, scan, mirror)
    )


def mended(mirror: Mirror) -> Mirror:
    """The mirror as its store answers again."""
    return replace(mirror, state=MirrorState.ACTIVE, reason="") if mirror.state is MirrorState.BROKEN else mirror


def _told(tx: Transaction, outcome: dict[str, int], scan: Scan, mirror: Mirror) -> str:
    parts = [f"{outcome[name]:,} {name}" for name in ("added", "changed", "vanished", "restored") if outcome[name]]
    if not parts and not outcome["seen"]:
        if outcome["skipped"]:
            return f"The mirror's globs leave out all {outcome['skipped']:,} objects."
        place = escape(address_in(tx.stores.get(mirror.store), mirror.prefix))
        return f"Nothing lies below {place} yet. Is the {'prefix' if mirror.prefix else 'place'} right?"
    would = "would be " if scan.dry_run else ""
    return f"{outcome['seen']:,} objects: {would + ', '.join(parts) if parts else 'nothing changed'}."
