"""The import of a list, as a job: read a batch -> judge -> make stores, look where asked -> commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol, TypeVar

from moorage.linking.judging import Judge, Judged
from moorage.linking.placing import Cursor, commit
from moorage.linking.records import Batch, Records
from moorage.linking.spool import Spool
from moorage.linking.standing import Registered, registered
from moorage.model.access import Principal
from moorage.model.admitted import folders_of
from moorage.model.errors import Changed, Invalid, MoorageError, ObjectNotFound, StoreDenied, TryAgain, Unstorable
from moorage.model.jobs import Job, JobState, Work
from moorage.model.keys import Key
from moorage.model.links import LinkImport, Verdict
from moorage.model.slices import Flow, Slice
from moorage.model.store import Connection, ConnectionId, ObjectStore, Store, StoreId, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.reading.resolve import Opens

T = TypeVar("T")
KIND: Final = "link"
READ: Final = "read"
BATCH: Final = 1000
LOOKS: Final = 16
"""Objects that are looked for side by side."""
_ELSEWHERE_S: Final = 2.0


class OpenBucket(Protocol):
    """Makes the store of a bucket that a connection admits, after a probe; a repeat answers the one there is."""

    async def __call__(self, principal: Principal, connection: Connection, bucket: str, *, key: str) -> Store:
        """``key`` tells which folder of the bucket is meant."""


Opening = tuple[ConnectionId, str, str]
"""A connection, a bucket, and the folder in it that the connection opens."""
WebStore = Callable[[], Awaitable[Store]]
"""The store of web servers, made at first need."""


@dataclass
class _Turn:
    """What one slice knows: the registered stores, their open adapters, and buckets that could not be opened."""

    of: LinkImport
    open_store: StoreOpener
    known: Registered
    plain_http: Callable[[str], bool]
    stack: AsyncExitStack
    opened: dict[StoreId, ObjectStore | MoorageError] = field(default_factory=dict)
    failed: dict[Opening, MoorageError] = field(default_factory=dict)

    def adapter(self, store: Store) -> ObjectStore:
        """The adapter of a store, opened once; its error again where it cannot be."""
        known = self.opened.get(store.id)
        if known is None:
            try:
                known = self.open_store(store)
                self.stack.push_async_callback(known.aclose)
            except MoorageError as error:
                known = error
            self.opened[store.id] = known
        if isinstance(known, MoorageError):
            raise known
        return known

    def unstorable(self, store: Store, key: Key) -> str | None:
        """Why the store cannot hold the key."""
        try:
            return self.adapter(store).unstorable(key)
        except MoorageError as error:
            raise Invalid(error.message, error.advice) from error

    def judge(self) -> Judge:
        """Judges by the stores of now."""
        return Judge(
            self.known.resolver,
            unstorable=self.unstorable,
            web=self.known.web,
            directories=self.of.directories,
            plain_http=self.plain_http,
        )


class Importing:
    """Runs imports. ``open_bucket`` and ``web_store`` None: no store is made by a link.

    ``plain_http``: the hosts that may be linked without TLS.
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
    ) -> None:
        self._facts = facts
        self._spool = spool
        self._open_store = open_store
        self._open_bucket = open_bucket
        self._web_store = web_store
        self._plain_http = plain_http

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
                await self._work(turn, _Turn(of, self._open_store, known, self._plain_http, stack), file)

    async def _work(self, turn: Slice, here: _Turn, file: BinaryIO) -> None:
        records = await asyncio.to_thread(Records, file, csv=here.of.csv)
        work, cursor = turn.work, Cursor.of(turn.work.cursor)
        while not work.done and not turn.over:
            batch = await asyncio.to_thread(records.read, cursor.offset, cursor.line, BATCH)
            judged = await self._judged(here, batch)
            work = await self._commit(work, here.of, judged, batch)
            cursor = Cursor.of(work.cursor)

    async def _judged(self, here: _Turn, batch: Batch) -> list[Judged]:
        judge = here.judge()
        judged = [judge.judge(record) for record in batch.records]
        if not here.of.dry_run and await self._make_stores(here, judged):
            judge = here.judge()
            judged = [judge.judge(record) for record in batch.records]
            self._blame(here, judged)
        if here.of.probe:
            await self._look(here, judged)
        return judged

    async def _make_stores(self, here: _Turn, judged: Sequence[Judged]) -> bool:
        """Make the stores that these lines need; True where the lines are to be judged again."""
        wanted = {_opening(one.opens): one.opens for one in judged if one.opens is not None}
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

    async def _make_store(self, here: _Turn, name: Opening, opens: Opens) -> None:
        if self._open_bucket is None:
            return
        try:
            await self._open_bucket(here.of.asker, opens.connection, opens.bucket, key=opens.key)
        except TryAgain:
            raise
        except MoorageError as error:
            here.failed[name] = error

    def _blame(self, here: _Turn, judged: Sequence[Judged]) -> None:
        """Lines whose store could not be made tell why."""
        for one in judged:
            if one.opens is not None:
                error = here.failed.get(_opening(one.opens))
                one.turn(
                    Verdict.UNKNOWN,
                    error.message if error else "The store that was made does not hold it.",
                    error.advice if error else "Look at the store's prefix.",
                )

    async def _look(self, here: _Turn, judged: Sequence[Judged]) -> None:
        """Ask the stores for size, etag and date of what may become a link, some side by side; no bytes are read."""
        places = asyncio.Semaphore(LOOKS)

        async def look(one: Judged, store: Store) -> None:
            async with places:
                try:
                    one.info = await here.adapter(store).stat(one.key)
                except ObjectNotFound:
                    one.turn(Verdict.MISSING, "The store has no such object.", "Correct the key, or leave it out.")
                except (StoreDenied, Unstorable) as error:
                    one.fail(Verdict.MISSING, error)

        looked = await asyncio.gather(
            *(look(one, one.store) for one in judged if one.good and one.store is not None and one.store.id),
            return_exceptions=True,
        )
        for error in looked:
            if error is not None:
                raise error

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


def _opening(opens: Opens) -> Opening:
    folders = folders_of(opens.connection, opens.bucket) or ()
    folder = max((one for one in folders if opens.key.startswith(one)), key=len, default="")
    return opens.connection.id, opens.bucket, folder


def _ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """Nothing else hangs on an import: what it linked stays, its list is there for a retry."""
    del tx, job, state, message
