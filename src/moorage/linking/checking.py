"""The check of a project's links, as a job: walk -> ask their stores -> note what is broken, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from moorage.model.catalogue import Item, ItemId, ProjectId
from moorage.model.errors import MoorageError, NotFound, ObjectNotFound, StoreDenied, StoreUnreachable, TryAgain
from moorage.model.jobs import Cause, Job, JobState, Work
from moorage.model.keys import escape, key_bytes
from moorage.model.links import Finding
from moorage.model.objects import ObjectInfo
from moorage.model.slices import Flow, Lost, Slice, hold
from moorage.model.store import ObjectStore, Store, StoreId, StoreOpener
from moorage.model.transaction import ChangedRow, Facts, Transaction
from moorage.reading.bases import is_for_the_web

KIND: Final = "link_check"
WALK: Final = "walk"
PAGE: Final = 500
LOOKS: Final = 16
"""Links that are looked at side by side: a check takes no reader's place."""
SILENT: Final = "store does not answer"
_LASTING: Final = ("dns", "redirect", "too long", "no length", "compressed", "web page")
"""Causes for which a web address leads nowhere, though whoever answered was not asked in vain."""


@dataclass(slots=True)
class _Look:
    """One link, and what its store said: an object, a reason why there is none, or nothing at all."""

    item: Item
    info: ObjectInfo | None = None
    reason: str = ""
    silent: MoorageError | None = None


@dataclass
class _Stores:
    """Adapters of one slice, opened once each; a store or web server that fell silent is not asked again in it."""

    known: dict[StoreId, Store]
    open_store: StoreOpener
    stack: AsyncExitStack
    opened: dict[StoreId, ObjectStore] = field(default_factory=dict)
    silent: dict[tuple[StoreId, str], MoorageError] = field(default_factory=dict)

    def server(self, item: Item) -> tuple[StoreId, str]:
        """Who answers for the item: its store, or one of the many hosts behind the store of web addresses."""
        store = self.known.get(item.store)
        host = urlsplit(item.key).netloc if store is not None and is_for_the_web(store) else ""
        return item.store, host

    def of(self, store: StoreId) -> ObjectStore:
        """The adapter. NotFound when the store is gone, StoreDenied when it cannot be opened."""
        found = self.opened.get(store)
        if found is None:
            if store not in self.known:
                raise NotFound("The store is gone.")
            found = self.opened[store] = self.open_store(self.known[store])
            self.stack.push_async_callback(found.aclose)
        return found


class Checking:
    """Runs checks. What a link's store says of its object is noted in the catalogue too."""

    def __init__(
        self,
        facts: Facts,
        open_store: StoreOpener,
        *,
        now_ms: Callable[[], int],
        changed: Callable[[ItemId], None] = lambda _item: None,
    ) -> None:
        self._facts = facts
        self._open_store = open_store
        self._now_ms = now_ms
        self._changed = changed

    @property
    def flow(self) -> Flow:
        """What the dispatcher needs to run jobs of the kind 'link_check'."""
        return Flow(KIND, {WALK: self.walk}, _ended)

    async def walk(self, turn: Slice) -> None:
        """Look at links in the order of their ids, page by page, until all were seen or the slice ends."""
        work, project = turn.work, ProjectId(turn.job.subject)
        known = await self._facts.read(lambda tx: {store.id: store for store in tx.stores.all()})
        async with AsyncExitStack() as stack:
            stores = _Stores(known, self._open_store, stack)
            while not work.done and not turn.over:
                after = 0 if work.cursor is None else int.from_bytes(work.cursor)
                items = await self._facts.read(lambda tx, after=after: tx.links.walk(project, after=after, limit=PAGE))  # type: ignore[misc]
                looks = await self._look(stores, items)
                work = await self._facts.write(
                    lambda tx, work=work, looks=looks: self._commit(tx, work, project, looks)  # type: ignore[misc]
                )
                for look in looks:
                    if look.info is not None:
                        self._changed(look.item.id)

    async def _look(self, stores: _Stores, items: Sequence[Item]) -> list[_Look]:
        places = asyncio.Semaphore(LOOKS)

        async def look(item: Item) -> _Look:
            async with places:
                silent = stores.silent.get(stores.server(item))
                if silent is not None:
                    return _Look(item, silent=silent)
                return await _looked(stores, item)

        return list(await asyncio.gather(*map(look, items)))

    def _commit(self, tx: Transaction, work: Work, project: ProjectId, looks: Sequence[_Look]) -> Work:
        row = hold(tx, work)
        answered = [look for look in looks if look.silent is None]
        tx.links.note_findings(project, [Finding(look.item.id, look.reason) for look in answered], self._now_ms())
        tx.items.change([_facts(look.item, look.info) for look in looks if look.info is not None])
        silent = [look for look in looks if look.silent is not None]
        causes = {SILENT: _silence(silent)} if silent else {}
        tx.jobs.add_progress(row.job, done=len(looks), errors=causes)
        broken = sum(1 for look in answered if look.reason)
        outcome = tx.jobs.get(row.job).outcome
        counts = {"resolve": len(answered) - broken, "broken": broken, "not_asked": len(silent)}
        tx.jobs.set_outcome(row.job, {name: outcome.get(name, 0) + count for name, count in counts.items()})
        done = len(looks) < PAGE
        cursor = looks[-1].item.id.to_bytes(8) if looks else row.cursor
        if not tx.jobs.advance(work, cursor, done=done):
            raise Lost
        if done:
            _conclude(tx, tx.jobs.get(row.job))
        return replace(row, cursor=cursor, done=done)


async def _looked(stores: _Stores, item: Item) -> _Look:
    try:
        info = await stores.of(item.store).stat(item.key)
    except ObjectNotFound:
        return _Look(item, reason="The store has no such object.")
    except StoreDenied as error:
        return _Look(item, reason=f"Access denied: {error.message}")
    except TryAgain as error:
        server = stores.server(item)
        if server[1] and isinstance(error, StoreUnreachable) and error.cause in _LASTING:
            return _Look(item, reason=error.message)
        stores.silent[server] = error
        return _Look(item, silent=error)
    except MoorageError as error:
        return _Look(item, reason=error.message)
    same = (info.etag, info.size, info.modified_ms) == (item.etag, item.size, item.modified_ms)
    return _Look(item, info=None if same else info)


def _facts(item: Item, info: ObjectInfo) -> ChangedRow:
    return ChangedRow(item.folder, key_bytes(item.name), info.size, info.etag, info.modified_ms, info.generation)


def _silence(looks: Sequence[_Look]) -> Cause:
    first = looks[0]
    told = "" if first.silent is None else first.silent.message
    advice = "These links were not looked at, and what was known of them stays. Check the store, then check again."
    return Cause(len(looks), f"'{escape(first.item.name)}': {told}", advice)


def _conclude(tx: Transaction, job: Job) -> None:
    broken, silent = job.outcome.get("broken", 0), job.outcome.get("not_asked", 0)
    parts = [f"{job.outcome.get('resolve', 0):,} resolve"]
    parts += [f"{broken:,} broken"] if broken else []
    parts += [f"{silent:,} not looked at"] if silent else []
    tx.jobs.add_progress(job.id, total=job.done)
    tx.jobs.set_state(
        job.id, JobState.PARTIAL if broken or silent else JobState.SUCCEEDED, message=f"{', '.join(parts)}."
    )


def _ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """Nothing else hangs on a check: what it noted stays."""
    del tx, job, state, message
