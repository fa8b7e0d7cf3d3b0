"""The steps of a scan: plan -> list, in partitions side by side -> finish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from moorage.mirroring.beginning import FINISH, KIND, LIST, PLAN
from moorage.mirroring.comparing import Difference
from moorage.mirroring.concluding import go_on, mended
from moorage.mirroring.finishing import Finishing
from moorage.mirroring.globs import Globs
from moorage.mirroring.merging import Listing, Tree, listing_of, look, look_quietly, merge
from moorage.mirroring.sharing import SharedStores, Sharing
from moorage.mirroring.splitting import earlier_cuts, find_cuts, find_split, holds_a_page
from moorage.model.catalogue import FolderId
from moorage.model.errors import Changed, StoreUnreachable
from moorage.model.jobs import Job, JobState, Work
from moorage.model.keys import key_bytes, key_of
from moorage.model.mirror import MirrorId, MirrorState
from moorage.model.objects import ListingPage
from moorage.model.slices import Flow, Lost, Slice, hold
from moorage.model.store import ObjectStore, Provider, StoreOpener
from moorage.model.transaction import Facts, Transaction

T = TypeVar("T")
PARTITIONS: Final = 4
PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Merged:
    """How a commit left the row."""

    work: Work
    folders: dict[bytes, FolderId]
    quiet: bool
    """The page changed nothing, so the next one probably will not either."""


class Scanning:
    """Keeps mirrors as their store is. ``open_store`` makes adapters, which are closed with a job's last slice."""

    def __init__(self, facts: Facts, open_store: StoreOpener, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._stores = SharedStores(open_store)
        self._now_ms = now_ms
        self._finishing = Finishing(facts, now_ms=now_ms)

    @property
    def flow(self) -> Flow:
        """What the dispatcher needs to run jobs of the kind 'scan'."""
        return Flow(KIND, {PLAN: self.plan, LIST: self.list_partition, FINISH: self.finish}, ended)

    async def plan(self, turn: Slice) -> None:
        """Reach the store and merge the first page; where more follows, cut the rest into partitions."""
        async with self._opened(turn.job) as (tree, store):
            page = await store.list_page(tree.mirror.prefix, limit=PAGE)
            listing = listing_of(page, tree.prefix, None)
            if not page.objects and page.next_after is None:
                await self._check_mount(tree, store)
            cuts = [] if listing.end is None else await self._cuts(turn.job, tree, store, listing.end)
            await self._write(lambda tx: self._commit_plan(tx, turn.work, tree, listing, cuts))

    async def _cuts(self, job: Job, tree: Tree, store: ObjectStore, low: bytes) -> list[bytes]:
        """Where the last scan cut, which asks the store nothing; at the first one the store is asked."""

        def look(tx: Transaction) -> list[bytes | None]:
            earlier = tx.jobs.all(states=(JobState.SUCCEEDED,), kind=KIND, subject=job.subject, limit=1)
            return [row.after for one in earlier for row in tx.jobs.works(one.id, step=LIST)]

        cuts = earlier_cuts(await self._facts.read(look), low, PARTITIONS - 1)
        return cuts or await find_cuts(store, tree.mirror.prefix, low)

    def _commit_plan(self, tx: Transaction, work: Work, tree: Tree, listing: Listing, cuts: list[bytes]) -> None:
        job = hold(tx, work).job
        merge(tx, tree, job, listing, look(tx, tree, listing))
        if not tx.jobs.advance(work, listing.end, done=True):
            raise Lost
        if listing.objects and not tx.stores.had_objects(tree.store.id):
            tx.stores.note_had_objects(tree.store.id)
        if tree.mirror.state is MirrorState.BROKEN:
            tx.mirrors.update(mended(tx.mirrors.get(tree.mirror.id)))
        if listing.end is None:
            go_on(tx, job, now=self._now_ms())
            return
        bounds = [listing.end, *cuts]
        for after, upto in zip(bounds, [*cuts, None], strict=True):
            tx.jobs.add_work(job, LIST, after=after, upto=upto)

    async def _check_mount(self, tree: Tree, store: ObjectStore) -> None:
        """An empty root that had objects is a mount that vanished, not a disk that was emptied."""
        had = await self._facts.read(lambda tx: tx.stores.had_objects(tree.store.id))
        if not had or store.provider is not Provider.DISK:
            return
        whole = await store.list_page("", limit=1)
        if not whole.objects:
            raise StoreUnreachable(
                f"The root of the store {tree.store.name} is empty, but it held objects before: "
                "its disk is probably not mounted. Nothing was called gone.",
                "Mount the disk and retry; if it was really emptied, remove the mirror or put one object there.",
                store=tree.store.name,
                cause="empty root",
            )

    async def list_partition(self, turn: Slice) -> None:
        """Merge one page after the other; the next one is asked for while the present one is committed."""
        async with self._opened(turn.job) as (tree, store):
            work, quiet = turn.work, tree.scan.live > 0
            after = work.cursor if work.cursor is not None else work.after
            asked: asyncio.Task[ListingPage] | None = self._ask(tree, store, after)
            sharing = Sharing(lambda held: self._share(turn, held, tree, store))
            try:
                while asked is not None:
                    listing = listing_of(await asked, tree.prefix, after)
                    more = listing.end is not None and (work.upto is None or listing.end < work.upto)
                    asked = self._ask(tree, store, listing.end) if more and not turn.over else None
                    found = await self._look(work, tree, listing) if quiet else None
                    merged = await self._write(self._commit(work, tree, listing, found))
                    work, after, quiet = merged.work, listing.end, merged.quiet
                    tree.learn(merged.folders)
                    if work.done:
                        break
                    sharing.went_on(work)
            finally:
                await sharing.end()
                if asked is not None:
                    asked.cancel()
                    await asyncio.gather(asked, return_exceptions=True)

    def _ask(self, tree: Tree, store: ObjectStore, after: bytes | None) -> asyncio.Task[ListingPage]:
        key = None if after is None else key_of(after)
        return asyncio.create_task(store.list_page(tree.mirror.prefix, after=key, limit=PAGE))

    async def _look(self, work: Work, tree: Tree, listing: Listing) -> Difference | None:
        """Compare on a snapshot, beside other partitions; None when something must be written.

        Nothing differed then, so nothing is written but the cursor: it is as if this page had been committed
        before whatever happened since.
        """
        part = listing.upto(work.upto)
        return await self._facts.read(lambda tx: look_quietly(tx, tree, part))

    def _commit(
        self, work: Work, tree: Tree, listing: Listing, known: Difference | None
    ) -> Callable[[Transaction], Merged]:
        def write(tx: Transaction) -> Merged:
            row = hold(tx, work)
            part = listing.upto(row.upto)
            found = known if known is not None and row.upto == work.upto else look(tx, tree, part)
            folders = merge(tx, tree, row.job, part, found)
            done = part.end == row.upto
            if not tx.jobs.advance(work, part.end, done=done):
                raise Lost
            if done:
                go_on(tx, row.job, now=self._now_ms())
            return Merged(replace(row, cursor=part.end, done=done), folders, found.none)

        return write

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        """Commit; once more where an upload brought a row of the page between the look and the insert."""
        try:
            return await self._facts.write(work)
        except Changed:
            return await self._facts.write(work)

    async def _share(self, turn: Slice, work: Work, tree: Tree, store: ObjectStore) -> bool:
        """Where others have ended while much is left here, give the tail to a row of its own; False: not worth it.

        Pages go on meanwhile: a commit reads the row's end anew, and a tail that it has passed is not given away.
        """
        rows = await self._facts.read(lambda tx: tx.jobs.works(work.job, step=LIST, open_only=True))
        if work.cursor is None or len(rows) >= PARTITIONS:
            return True
        cut = await find_split(store, tree.mirror.prefix, work.cursor, work.upto)
        if cut is None or not await holds_a_page(store, tree.mirror.prefix, cut, work.upto, PAGE):
            return False

        def give(tx: Transaction) -> bool:
            if not tx.jobs.narrow(work, cut):
                return False
            tx.jobs.add_work(work.job, LIST, after=cut, upto=work.upto)
            return True

        if given := await self._facts.write(give):
            turn.hint()
        return given

    async def finish(self, turn: Slice) -> None:
        """Guard, confirm the candidates by another listing, and only then call them gone."""
        if not await self._finishing.decide(turn):
            return
        async with self._opened(turn.job) as (tree, store):
            await self._finishing.confirm(turn, tree, store)

    @asynccontextmanager
    async def _opened(self, job: Job) -> AsyncIterator[tuple[Tree, ObjectStore]]:
        def look(tx: Transaction) -> Tree:
            mirror = tx.mirrors.get(MirrorId(job.subject))
            store = tx.stores.get(mirror.store)
            globs = Globs(mirror.include, mirror.exclude)
            folders = {b"": mirror.folder}
            return Tree(mirror, store, tx.mirrors.scan_of(job.id), globs, key_bytes(mirror.prefix), folders)

        tree = await self._facts.read(look)
        async with self._stores.open(job.id, tree.store) as store:
            yield tree, store


def ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """A scan that failed leaves its mirror broken, with the reason; its items stay."""
    mirror = tx.mirrors.get(MirrorId(job.subject))
    if state is JobState.FAILED and mirror.state in (MirrorState.ACTIVE, MirrorState.BROKEN):
        tx.mirrors.update(replace(mirror, state=MirrorState.BROKEN, reason=message))
