"""Warm-ups as jobs: first the sum of what is asked for, then item by item, until all are warm or the cache is full."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from moorage.model.catalogue import Item, Page
from moorage.model.errors import NotFound, TryAgain
from moorage.model.jobs import Cause, Job, JobId, JobState, Work
from moorage.model.keys import escape
from moorage.model.slices import Flow, Lost, Slice, hold
from moorage.model.store import Store, StoreId
from moorage.model.transaction import Facts, ItemQuery, Transaction
from moorage.model.warming import Fault, WarmUp
from moorage.warming.item import Outcome, Warmer, kept

KIND: Final = "warm"
SUM: Final = "sum"
WARM: Final = "warm"
PAGE: Final = 1000
FIRST: Final = 2
WINDOW: Final = 16
"""Items between two commits; of the first few is learnt how large previews are here,"""
WINDOW_BYTES: Final = 256 << 20
"""or as many as have so many bytes; one at least."""
FULL_SHARE: Final = 0.95
"""A cache that is fuller than this would soon forget what was warmed first."""
_UNITS: Final = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_ELSEWHERE_S: Final = 1.0
_PATIENCE: Final = 3
"""Tries of an item that is alone in its window."""
_ADVICE: Final = "What is in the caches stays there. Mend the cause, then warm up again: what is there is passed over."


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that the caches hold."""

    previews: int
    originals: int


@dataclass(frozen=True, slots=True)
class _Done:
    """What a window came to. ``full``: there was no room for the item after the last one."""

    outcomes: Sequence[Outcome]
    next: str | None
    full: str = ""


@dataclass(frozen=True, slots=True)
class _At:
    """Where a warm-up is. ``passed``: items that are behind it."""

    of: WarmUp
    stores: dict[StoreId, Store]
    work: Work
    passed: int


class Warming:
    """Runs warm-ups. ``warmer`` is None in a process whose caches nobody reads: it leaves them to the server."""

    def __init__(self, facts: Facts, warmer: Warmer | None, room: Room) -> None:
        self._facts = facts
        self._warmer = warmer
        self._room = room

    @property
    def flow(self) -> Flow:
        """What the dispatcher needs to run jobs of the kind 'warm'."""
        return Flow(KIND, {SUM: self.sum, WARM: self.warm}, _ended)

    async def sum(self, turn: Slice) -> None:
        """Add up how many items there are, and how many bytes their originals have."""
        of, stores = await self._wish(turn.job.id)
        work = turn.work
        while not work.done and not turn.over:
            page = await self._page(of, work, PAGE)
            needed = sum(one.size for one in page.rows if of.originals and _kept(stores, one))
            work = await self._facts.write(
                lambda tx, work=work, page=page, needed=needed: self._add_up(tx, work, page, needed)  # type: ignore[misc]
            )
        turn.hint()

    async def warm(self, turn: Slice) -> None:
        """Warm items in the order of their folders, window by window."""
        if self._warmer is None:
            await asyncio.sleep(_ELSEWHERE_S)
            return
        of, stores = await self._wish(turn.job.id)
        work, passed = turn.work, turn.job.done
        while not work.done and not turn.over:
            done = await self._window(self._warmer, turn, _At(of, stores, work, passed))
            if done is None:
                return
            work, of = await self._facts.write(
                lambda tx, work=work, done=done: self._commit(tx, work, done)  # type: ignore[misc]
            )
            passed += len(done.outcomes)

    async def _wish(self, job: JobId) -> tuple[WarmUp, dict[StoreId, Store]]:
        return await self._facts.read(lambda tx: (tx.warm_ups.get(job), {one.id: one for one in tx.stores.all()}))

    async def _page(self, of: WarmUp, work: Work, limit: int) -> Page[Item]:
        after = None if work.cursor is None else work.cursor.decode()
        query = ItemQuery(prefix=of.prefix, kind=of.kind)
        return await self._facts.read(lambda tx: tx.items.walk(of.project, of.folder, query, after=after, limit=limit))

    async def _window(self, warmer: Warmer, turn: Slice, at: _At) -> _Done | None:
        """Warm the next items; None where the slice ended before the last of them was done."""
        room = self._room_for(at)
        page = await self._page(at.of, at.work, max(1, room))
        if page.rows and not room:
            return _Done((), None, full="previews")
        fitting = self._fitting(at, page.rows)
        if page.rows and not fitting:
            return _Done((), None, full="originals")
        if len(fitting) < len(page.rows):
            page = await self._page(at.of, at.work, len(fitting))
        found = await asyncio.gather(*(_warmed(warmer, turn, at, item) for item in page.rows))
        outcomes = [one for one in found if one is not None]
        if len(outcomes) < len(found):
            return None
        _need_answer(outcomes, turn.work)
        return _Done(outcomes, page.next)

    def _room_for(self, at: _At) -> int:
        """How many items go into one window, and have room for their previews if they are like those before."""
        if not at.passed:
            return FIRST
        left = self._room.previews * FULL_SHARE - at.of.made
        return max(0, min(WINDOW, int(left * at.passed / at.of.made))) if at.of.made else WINDOW

    def _fitting(self, at: _At, rows: Sequence[Item]) -> list[Item]:
        """As many of the next items as go into one window and into the cache."""
        chosen: list[Item] = []
        fetched = size = 0
        for item in rows:
            mine = item.size if at.of.originals and _kept(at.stores, item) else 0
            full = mine and at.of.fetched + fetched + mine > self._room.originals * FULL_SHARE
            if full or (chosen and size + item.size > WINDOW_BYTES):
                break
            chosen.append(item)
            fetched, size = fetched + mine, size + item.size
        return chosen

    def _add_up(self, tx: Transaction, work: Work, page: Page[Item], needed: int) -> Work:
        row = hold(tx, work)
        of = tx.warm_ups.note(row.job, needed=needed)
        total = (tx.jobs.get(row.job).total or 0) + len(page.rows)
        tx.jobs.add_progress(row.job, total=total)
        done = page.next is None
        cursor = row.cursor if page.next is None else page.next.encode()
        if not tx.jobs.advance(work, cursor, done=done):
            raise Lost
        if done:
            self._begin(tx, of, total)
        return replace(row, cursor=cursor, done=done)

    def _begin(self, tx: Transaction, of: WarmUp, total: int) -> None:
        if of.needed <= self._room.originals * FULL_SHARE:
            tx.jobs.add_work(of.job, WARM)
            return
        needed, room = _size(of.needed), _size(self._room.originals)
        message = (
            f"The originals of {total:,} items have {needed}, the cache of originals {room}. Nothing was fetched. "
            "Choose fewer of them by a folder, a prefix or a kind, or raise MOORAGE_CACHE_STORAGE_SIZE."
        )
        tx.jobs.set_state(of.job, JobState.FAILED, message=message)

    def _commit(self, tx: Transaction, work: Work, done: _Done) -> tuple[Work, WarmUp]:
        row = hold(tx, work)
        failed = [one for one in done.outcomes if one.error is not None]
        made, fetched = sum(one.made for one in done.outcomes), sum(one.fetched for one in done.outcomes)
        faults = [Fault(one.item.id, escape(one.item.name), one.reason) for one in failed]
        of = tx.warm_ups.note(row.job, made=made, fetched=fetched, faults=faults)
        tx.jobs.add_progress(row.job, done=len(done.outcomes), bytes_=made + fetched, errors=_causes(failed))
        _count(tx, row.job, done.outcomes)
        ended = done.next is None
        cursor = row.cursor if done.next is None else done.next.encode()
        if not tx.jobs.advance(work, cursor, done=ended):
            raise Lost
        if ended:
            _conclude(tx, tx.jobs.get(row.job), done.full)
        return replace(row, cursor=cursor, done=ended), of


def _size(count: int) -> str:
    unit, name = next(((unit, name) for unit, name in _UNITS if count >= unit), (1, "B"))
    return f"{count / unit:.3g} {name}"


async def _warmed(warmer: Warmer, turn: Slice, at: _At, item: Item) -> Outcome | None:
    store = at.stores.get(item.store)
    if store is None:
        return Outcome(item, error=NotFound("Its store is gone."))
    return await warmer.warm(at.of, item, store, lambda: turn.over)


def _kept(stores: dict[StoreId, Store], item: Item) -> bool:
    store = stores.get(item.store)
    return store is not None and kept(store)


def _need_answer(outcomes: Sequence[Outcome], work: Work) -> None:
    """Raise what a store says that does not answer at all: the slice is tried again later, and ends the job at last."""
    silent = [one.error for one in outcomes if isinstance(one.error, TryAgain)]
    wanted = sum(1 for one in outcomes if one.wanted)
    if silent and len(silent) == wanted and (wanted > 1 or work.tries < _PATIENCE):
        raise silent[0]


def _count(tx: Transaction, job: JobId, outcomes: Sequence[Outcome]) -> None:
    found = Counter(tx.jobs.get(job).outcome)
    for one in outcomes:
        found["failed" if one.error else "warm" if one.wanted else "passed_over"] += 1
    tx.jobs.set_outcome(job, found)


def _causes(failed: Sequence[Outcome]) -> dict[str, Cause]:
    causes: dict[str, Cause] = {}
    for one in failed:
        first = causes.get(one.cause, Cause(0, f"'{escape(one.item.name)}': {one.reason}", _ADVICE))
        causes[one.cause] = replace(first, count=first.count + 1)
    return causes


def _conclude(tx: Transaction, job: Job, full: str) -> None:
    warm, failed = job.outcome.get("warm", 0), job.outcome.get("failed", 0)
    parts = [f"{warm:,} {'item is' if warm == 1 else 'items are'} warm"]
    parts += [f"{failed:,} failed"] if failed else []
    passed = job.outcome.get("passed_over", 0)
    parts += [f"{passed:,} passed over, for which there is nothing to keep"] if passed else []
    sentence = f"{', '.join(parts)}."
    if full:
        sentence = (
            f"The cache of {full} is full: {job.done:,} of {job.total or job.done:,}. {sentence} "
            "More would push out what was warmed first."
        )
    state = JobState.PARTIAL if full or failed else JobState.SUCCEEDED
    tx.jobs.set_state(job.id, state, message=sentence)


def _ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """Nothing else hangs on a warm-up: what is in the caches stays."""
    del tx, job, state, message
