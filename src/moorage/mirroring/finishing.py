"""The last step of a scan: guard, confirm candidates, bury them as the mirror wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from moorage.mirroring.beginning import PLAN, live_rows
from moorage.mirroring.comparing import compare
from moorage.mirroring.concluding import conclude
from moorage.mirroring.guards import ACCEPT, AGAIN, must_ask, question_of
from moorage.mirroring.merging import Tree, add_outcome, listing_of
from moorage.model.address import address_in
from moorage.model.catalogue import Gone, ItemId
from moorage.model.jobs import Job, JobState, Work
from moorage.model.keys import escape, key_bytes, key_of
from moorage.model.mirror import Mirror, MirrorId, OnVanished, Scan, ScanId
from moorage.model.slices import Lost, Slice, own
from moorage.model.store import ObjectStore
from moorage.model.transaction import Facts, Row, Transaction

BATCH: Final = 1000
_FEWEST: Final = 10


class Finishing:
    """The parts of the step 'finish'."""

    def __init__(self, facts: Facts, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._now_ms = now_ms

    async def decide(self, turn: Slice) -> bool:
        """True to confirm candidates now. Otherwise the job asks, or the answer was to look again."""

        def write(tx: Transaction) -> bool:
            row, job = own(tx, turn.work)
            scan = tx.mirrors.scan_of(job.id)
            if job.answer == AGAIN:
                self._look_again(tx, row, scan)
                return False
            if job.answer != ACCEPT:
                mirror = tx.mirrors.get(MirrorId(job.subject))
                doubtful = _doubtful(tx, job, scan, mirror)
                if doubtful is not None:
                    place = escape(address_in(tx.stores.get(mirror.store), mirror.prefix))
                    question = question_of(doubtful, place)
                    state = JobState.NEEDS_CONFIRMATION
                    tx.jobs.set_state(job.id, state, message=question.text, question=question)
                    return False
            return True

        return await self._facts.write(write)

    def _look_again(self, tx: Transaction, row: Work, scan: Scan) -> None:
        """Keep every row and begin anew, in the same job."""
        if not tx.jobs.advance(row, row.cursor, done=True):
            raise Lost
        mirror = tx.mirrors.get(scan.mirror)
        tx.mirrors.end_scan(scan.id)
        job = tx.jobs.get(row.job)
        tx.jobs.ask(job.id, answer="")
        tx.jobs.add_progress(job.id, done=-job.done, bytes_=-job.bytes)
        now = self._now_ms()
        tx.mirrors.begin_scan(Scan(ScanId(0), mirror.id, job.id, scan.dry_run, now, live_rows(tx, mirror)))
        tx.jobs.add_work(job.id, PLAN)

    async def confirm(self, turn: Slice, tree: Tree, store: ObjectStore) -> None:
        """List the place of each candidate once more, batch by batch, until none is left."""
        work = turn.work
        while True:
            rows = await self._facts.read(lambda tx: tx.mirrors.missing(tree.scan.id, limit=BATCH))
            if not rows:
                await self._facts.write(lambda tx, held=work: self._end(tx, held))  # type: ignore[misc]
                return
            gone = await still_gone(store, tree, rows)
            work = await self._facts.write(
                lambda tx, held=work, rows=rows, gone=gone: self._bury(tx, held, tree, rows, gone)  # type: ignore[misc]
            )
            if turn.over:
                return

    def _bury(self, tx: Transaction, work: Work, tree: Tree, rows: Sequence[Row], gone: Sequence[ItemId]) -> Work:
        _, job = own(tx, work)
        buried = _call_gone(tx, tree.mirror, gone)
        tx.mirrors.drop_missing(tree.scan.id, [row.id for row in rows])
        add_outcome(tx, job.id, vanished=buried)
        cursor = rows[-1].id.to_bytes(8, "big")
        if not tx.jobs.advance(work, cursor, done=False):
            raise Lost
        return replace(work, cursor=cursor)

    def _end(self, tx: Transaction, work: Work) -> None:
        _, job = own(tx, work)
        if not tx.jobs.advance(work, work.cursor, done=True):
            raise Lost
        conclude(tx, job, tx.mirrors.scan_of(job.id), now=self._now_ms())


def _doubtful(tx: Transaction, job: Job, scan: Scan, mirror: Mirror) -> Scan | None:
    """The scan with exact figures when somebody must be asked."""
    if mirror.on_vanished is OnVanished.KEEP or not must_ask(scan):
        return None
    # Counters are seconds old at most, but a person is asked about figures that are right.
    while tx.folders.fold():
        pass
    since = job.outcome.get("vanished", 0) - job.outcome.get("restored", 0) - scan.added
    exact = replace(scan, live=max(scan.live, live_rows(tx, mirror) + since))
    return exact if must_ask(exact) else None


def _call_gone(tx: Transaction, mirror: Mirror, gone: Sequence[ItemId]) -> int:
    if mirror.on_vanished is OnVanished.KEEP:
        return len(gone)
    if mirror.on_vanished is OnVanished.REMOVE:
        return tx.items.remove(gone)
    return tx.items.bury(gone, Gone.VANISHED)


async def still_gone(store: ObjectStore, tree: Tree, rows: Sequence[Row]) -> list[ItemId]:
    """Which candidates a second listing does not name either.

    One listing call decides all candidates up to its last key; the next call begins just before the first
    undecided one. So there are never more calls than candidates, and never more than pages in between.
    """
    waiting = sorted(rows, key=lambda row: row.path + row.name)
    gone: list[ItemId] = []
    after = _just_before(tree, waiting[0])
    while waiting:
        limit = max(_FEWEST, min(BATCH, 2 * len(waiting)))
        page = await store.list_page(tree.mirror.prefix, after=None if after is None else key_of(after), limit=limit)
        listing = listing_of(page, tree.prefix, after)
        end = tree.relative(listing.end)
        decided = [row for row in waiting if end is None or row.path + row.name <= end]
        found = compare(listing.objects, listing.keys, decided, prefix=tree.prefix, globs=tree.globs)
        gone.extend(row.id for row in found.missing)
        waiting = waiting[len(decided) :]
        if waiting:
            bounds = (listing.end, _just_before(tree, waiting[0]))
            after = max((bound for bound in bounds if bound is not None), default=None)
    return gone


def _just_before(tree: Tree, row: Row) -> bytes | None:
    """A key that sorts before this row's with little in between: its own without the last character."""
    key = key_of(tree.prefix + row.path + row.name)
    return key_bytes(key[:-1]) or None
