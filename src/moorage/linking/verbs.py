"""The verbs on links: import a list, apply a dry run, look at lines, check. grant -> spool -> transaction -> audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from moorage.linking.checking import KIND as CHECK
from moorage.linking.checking import WALK
from moorage.linking.importing import KIND, READ
from moorage.linking.mending import Sent, sent
from moorage.linking.spool import Spool
from moorage.linking.wishing import Wanted, as_import, destination, title_of
from moorage.model.access import Principal, Role
from moorage.model.catalogue import ItemId, ProjectId
from moorage.model.errors import Conflict, NotFound
from moorage.model.jobs import OPEN, Job, JobId, JobState
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.links import BrokenLink, ImportId, LineVerdict, LinkImport, Verdict
from moorage.model.transaction import Facts, Transaction

KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""Lists and what became of their lines are kept for so long."""


class Links:
    """What people do with links. ``hint`` wakes the dispatcher after a commit."""

    def __init__(self, facts: Facts, spool: Spool, *, hint: Callable[[], None], now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._spool = spool
        self._hint = hint
        self._now_ms = now_ms

    async def begin(
        self,
        principal: Principal,
        project: ProjectId,
        blocks: AsyncIterator[bytes],
        wanted: Wanted,
        *,
        csv: bool | None = None,
    ) -> LinkImport:
        """Take a list in and queue its job; the answer comes when the list is safe.

        ``csv`` None: the first line tells whether it is a table. Raises Invalid and TooLarge for lists that cannot be
        read, Conflict for a folder that shows a mirror.
        """
        principal.need(Role.EDITOR, project)
        await self._facts.read(lambda tx: destination(tx, project, wanted.folder))
        place = await self._spool.place()
        spooled = await self._spool.keep(blocks, csv=csv)
        try:
            begun = await self._facts.write(
                lambda tx: self._begin(tx, principal, as_import(tx, principal, project, wanted, spooled, place))
            )
        except BaseException:
            await self._spool.remove(spooled.source)
            raise
        self._hint()
        return begun

    async def apply(self, principal: Principal, id_: ImportId) -> LinkImport:
        """Carry a dry run out, without the list being sent again; a repeat answers the import that does."""

        def write(tx: Transaction) -> LinkImport:
            found = _seen(tx, principal, id_, Role.EDITOR)
            if found.applied is not None:
                return tx.links.get_import(found.applied)
            if not found.dry_run:
                raise Conflict(f"Import {id_} is no dry run. Nothing was started.", f"Look at its job {found.job}.")
            wish = replace(found, dry_run=False, asker=principal, counts={})
            begun = self._begin(tx, principal, wish)
            tx.links.note_applied(id_, begun.id)
            return begun

        applied = await self._facts.write(write)
        self._hint()
        return applied

    def _begin(self, tx: Transaction, principal: Principal, wish: LinkImport) -> LinkImport:
        project, folder = tx.projects.get(wish.project), tx.folders.get(wish.folder)
        if wish.below and not wish.dry_run:
            path = key_bytes(folder.path + wish.below)
            folder = tx.folders.get(tx.folders.ensure(folder.tree, [path])[path])
            wish = replace(wish, folder=folder.id, below=Key(""))
        job = tx.jobs.add(
            Job(
                id=JobId(0),
                kind=KIND,
                subject=0,
                state=JobState.QUEUED,
                title=title_of(wish, project, folder),
                created_ms=self._now_ms(),
                project=wish.project,
                folder=wish.folder,
                asked_by=principal.user or None,
                total=wish.lines,
                unit="lines",
            )
        )
        begun = tx.links.add_import(replace(wish, job=job.id, created_ms=self._now_ms()))
        tx.jobs.add_work(job.id, READ)
        detail = {"folder": wish.folder, "lines": wish.lines, "dry_run": wish.dry_run, "job": job.id}
        tx.audit.add(principal, "link.import", f"project {wish.project}", **detail)
        return begun

    async def get(self, principal: Principal, id_: ImportId) -> tuple[LinkImport, Job | None]:
        """An import and its job; None when that was forgotten."""

        def read(tx: Transaction) -> tuple[LinkImport, Job | None]:
            found = _seen(tx, principal, id_, Role.VIEWER)
            try:
                return found, tx.jobs.get(found.job)
            except NotFound:
                return found, None

        return await self._facts.read(read)

    async def lines(
        self,
        principal: Principal,
        id_: ImportId,
        *,
        verdicts: Collection[Verdict] = (),
        after: int = 0,
        limit: int = 100,
    ) -> list[LineVerdict]:
        """What became of lines, in their order, greater than ``after``."""

        def read(tx: Transaction) -> list[LineVerdict]:
            _seen(tx, principal, id_, Role.VIEWER)
            return tx.links.lines(id_, verdicts=verdicts, after=after, limit=limit)

        return await self._facts.read(read)

    @asynccontextmanager
    async def sent(self, principal: Principal, id_: ImportId) -> AsyncIterator[Sent]:
        """What the rows of an import's table said beside their addresses."""
        of, _ = await self.get(principal, id_)
        async with sent(self._spool, of) as rows:
            yield rows

    async def check(self, principal: Principal, project: ProjectId) -> Job:
        """Look whether a project's links resolve; where a check is on its way, that one is answered."""
        principal.need(Role.EDITOR, project)

        def write(tx: Transaction) -> Job:
            running = tx.jobs.all(states=OPEN, kind=CHECK, subject=project, limit=1)
            if running:
                return running[0]
            found = tx.projects.get(project)
            job = tx.jobs.add(
                Job(
                    id=JobId(0),
                    kind=CHECK,
                    subject=project,
                    state=JobState.QUEUED,
                    title=f"Check the links of {escape(found.name)}",
                    created_ms=self._now_ms(),
                    project=project,
                    folder=found.root,
                    asked_by=principal.user or None,
                    total=tx.links.count(project),
                    unit="links",
                )
            )
            tx.jobs.add_work(job.id, WALK)
            tx.audit.add(principal, "link.check", f"project {project}", job=job.id)
            return job

        job = await self._facts.write(write)
        self._hint()
        return job

    async def broken(
        self, principal: Principal, project: ProjectId, *, after: int = 0, limit: int = 100
    ) -> tuple[list[BrokenLink], int]:
        """Links that did not resolve when they were last looked at, and how many there are, at most 1,000."""
        principal.need(Role.VIEWER, project)
        return await self._facts.read(
            lambda tx: (tx.links.broken(project, after=after, limit=limit), tx.links.broken_count(project))
        )

    async def metadata(self, item: ItemId) -> Mapping[str, str]:
        """What the list said of a link. Whether the principal may see the item, the caller has asked."""
        return await self._facts.read(lambda tx: tx.links.metadata(item))

    async def forget_old(self) -> None:
        """Forget imports after 30 days, the lists that no import names, and what is known of links that are gone."""
        before = self._now_ms() - KEPT_MS
        while found := await self._facts.read(lambda tx: tx.links.expired(before)):
            for one in found:
                while await self._facts.write(lambda tx, id_=one.id: tx.links.forget_import(id_)):  # type: ignore[misc]
                    pass
        while await self._facts.write(lambda tx: tx.links.forget_gone()):
            pass
        await self._spool.sweep(await self._facts.read(lambda tx: tx.links.sources()))


def _seen(tx: Transaction, principal: Principal, id_: ImportId, role: Role) -> LinkImport:
    found = tx.links.get_import(id_)
    principal.need(role, found.project)
    return found
