"""The import of a list, as a job: read a batch -> judge -> make stores, look where asked -> commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import BinaryIO, Final

from moorage.linking.judging import Judge, Judged
from moorage.linking.looking import Looking, Measure
from moorage.linking.placing import Cursor, commit
from moorage.linking.records import Batch, Records
from moorage.linking.spool import Spool
from moorage.linking.standing import Registered, registered
from moorage.linking.turn import Opening, Turn, opening_of
from moorage.model.errors import Changed, MoorageError, TryAgain
from moorage.model.jobs import Job, JobState, Work
from moorage.model.links import LinkImport, Verdict
from moorage.model.slices import Flow, Slice
from moorage.model.store import StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.reading.resolve import Opens
from moorage.registering.usable import OpenBucket, WebStore

KIND: Final = "link"
READ: Final = "read"
BATCH: Final = 1000
_AT_ONCE: Final = 50
"""Lines that are judged without a pause: a millisecond or two."""
_ELSEWHERE_S: Final = 2.0


class Importing:
    """Runs imports. ``open_bucket`` and ``web_store`` None: no store is made by a link.

    ``plain_http``: the hosts that may be linked without TLS. ``measure``: tells how wide and high an image is.
    """

    def __init__(
        self,
        facts: Facts,
        spool: Spool,
        open_store: StoreOpener,
        *,
        open_bucket: OpenBucket | None = None,
        web_store: WebStore | None = None,
        plain_http: Callable[[str], bool] = lambda _host: False,
        measure: Measure | None = None,
    ) -> None:
        self._facts = facts
        self._spool = spool
        self._open_store = open_store
        self._open_bucket = open_bucket
        self._web_store = web_store
        self._plain_http = plain_http
        self._measure = measure

    @property
    def flow(self) -> Flow:
        """What the dispatcher needs to run jobs of the kind 'link'."""
        return Flow(KIND, {READ: self.read}, _ended)

    async def read(self, turn: Slice) -> None:
        """Work the list from the cursor on, batch by batch, until its end or the slice's."""
        of = await self._facts.read(lambda tx: tx.links.import_of(turn.job.id))
        if of.place != await self._spool.place():
            await asyncio.sleep(_ELSEWHERE_S)  # a worker with another data directory: the one that has it goes on
            return
        path = await self._spool.path(of.source)
        with await asyncio.to_thread(path.open, "rb") as file:
            async with AsyncExitStack() as stack:
                known = await self._registered(of)
                await self._work(turn, Turn(of, self._open_store, known, self._plain_http, stack), file)

    async def _work(self, turn: Slice, here: Turn, file: BinaryIO) -> None:
        records = await asyncio.to_thread(Records, file, csv=here.of.csv)
        work, cursor = turn.work, Cursor.of(turn.work.cursor)
        while not work.done and not turn.over:
            batch = await asyncio.to_thread(records.read, cursor.offset, cursor.line, BATCH)
            judged = await self._judged(here, batch)
            work = await self._commit(work, here.of, judged, batch)
            cursor = Cursor.of(work.cursor)

    async def _judged(self, here: Turn, batch: Batch) -> list[Judged]:
        judged = await _judged(here.judge(), batch)
        if not here.of.dry_run and await self._make_stores(here, judged):
            judged = await _judged(here.judge(), batch)
            self._blame(here, judged)
        if here.of.probe:
            # A dry run keeps nothing of an object but whether it is there.
            await Looking(here.adapter, None if here.of.dry_run else self._measure).look(judged)
        return judged

    async def _make_stores(self, here: Turn, judged: Sequence[Judged]) -> bool:
        """Make the stores that these lines need; True where the lines are to be judged again."""
        wanted = {opening_of(one.opens): one.opens for one in judged if one.opens is not None}
        for name, opens in wanted.items():
            if name not in here.failed:
                await self._make_store(here, name, opens)
        web = here.known.web
        first = web is not None and not web.id and any(one.good and one.web for one in judged)
        if first and self._web_store is not None:
            await self._web_store()
        if wanted or first:
            here.known = await self._registered(here.of)
        return bool(wanted or first)

    async def _make_store(self, here: Turn, name: Opening, opens: Opens) -> None:
        if self._open_bucket is None:
            return
        try:
            await self._open_bucket(here.of.asker, opens.connection, opens.bucket, key=opens.key)
        except TryAgain:
            raise
        except MoorageError as error:
            here.failed[name] = error

    def _blame(self, here: Turn, judged: Sequence[Judged]) -> None:
        """Lines whose store could not be made tell why."""
        for one in judged:
            if one.opens is not None:
                error = here.failed.get(opening_of(one.opens))
                one.turn(
                    Verdict.UNKNOWN,
                    error.message if error else "The store that was made does not hold it.",
                    error.advice if error else "Look at the store's prefix.",
                )

    async def _registered(self, of: LinkImport) -> Registered:
        return await self._facts.read(
            lambda tx: registered(
                tx, of.asker, of.project, opens=self._open_bucket is not None, web=self._web_store is not None
            )
        )

    async def _commit(self, work: Work, of: LinkImport, judged: Sequence[Judged], batch: Batch) -> Work:
        """Commit; once more where somebody else took a name between the look and the insert."""

        def write(tx: Transaction) -> Work:
            return commit(tx, work, of, judged, batch)

        try:
            return await self._facts.write(write)
        except Changed:
            return await self._facts.write(write)


async def _judged(judge: Judge, batch: Batch) -> list[Judged]:
    """Some at a time: in between, readers are served."""
    found: list[Judged] = []
    for start in range(0, len(batch.records), _AT_ONCE):
        found += map(judge.judge, batch.records[start : start + _AT_ONCE])
        await asyncio.sleep(0)
    return found


def _ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """Nothing else hangs on an import: what it linked stays, its list is there for a retry."""
    del tx, job, state, message
