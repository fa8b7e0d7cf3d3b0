"""The verbs on warm-ups: begin, and look. grant -> state -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from moorage.model.access import Principal, Role
from moorage.model.errors import Conflict, Invalid
from moorage.model.jobs import OPEN, Job, JobId, JobState
from moorage.model.keys import escape
from moorage.model.transaction import Facts, Transaction
from moorage.model.variant import SIZES
from moorage.model.warming import WarmUp
from moorage.warming.running import KIND, SUM


class WarmUps:
    """What people do with warm-ups. ``hint`` wakes the dispatcher after a commit."""

    def __init__(self, facts: Facts, *, hint: Callable[[], None], now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._hint = hint
        self._now_ms = now_ms

    async def begin(self, principal: Principal, wanted: WarmUp) -> Job:
        """Begin a job that warms a folder and all below it; where the same is under way, that one is answered."""
        principal.need(Role.EDITOR, wanted.project)
        if not wanted.sizes and not wanted.originals:
            raise Invalid("Neither previews nor originals are asked for.", "Name one of them.", field="previews")
        if wrong := [size for size in wanted.sizes if size not in SIZES]:
            raise Invalid(
                f"No preview has a side of {wrong[0]} pixels. Nothing was begun.",
                f"Choose from {', '.join(map(str, SIZES))}.",
                field="previews",
            )
        wanted = replace(wanted, sizes=tuple(sorted(set(wanted.sizes))))

        def write(tx: Transaction) -> Job:
            folder = tx.folders.get(wanted.folder)
            if folder.project != wanted.project:
                raise Conflict(
                    f"Folder {folder.id} lies in another project. Nothing was begun.", "Name one of this project."
                )
            for running in tx.jobs.all(states=OPEN, kind=KIND, subject=folder.id):
                if _same(tx.warm_ups.get(running.id), wanted):
                    return running
            project = tx.projects.get(wanted.project)
            place = escape(folder.name) if folder.parent else escape(project.name)
            job = tx.jobs.add(
                Job(
                    id=JobId(0),
                    kind=KIND,
                    subject=folder.id,
                    state=JobState.QUEUED,
                    title=f"Warm up {place}: {_told(wanted)}",
                    created_ms=self._now_ms(),
                    project=wanted.project,
                    folder=folder.id,
                    asked_by=principal.user or None,
                    unit="items",
                )
            )
            tx.warm_ups.add(replace(wanted, job=job.id))
            tx.jobs.add_work(job.id, SUM)
            tx.audit.add(principal, "cache.warm", f"folder {folder.id}", job=job.id, originals=wanted.originals)
            return job

        job = await self._facts.write(write)
        self._hint()
        return job

    async def get(self, principal: Principal, job: JobId) -> WarmUp:
        """What a job was asked for, and the items that failed. NotFound when it is not there or may not be seen."""
        found = await self._facts.read(lambda tx: tx.warm_ups.get(job))
        principal.need(Role.VIEWER, found.project)
        return found

    async def forget_old(self) -> None:
        """Forget what jobs were asked for that are forgotten themselves."""
        while await self._facts.write(lambda tx: tx.warm_ups.forget_gone()):
            pass


def _same(one: WarmUp, other: WarmUp) -> bool:
    def wish(of: WarmUp) -> tuple[object, ...]:
        return (of.folder, of.sizes, of.originals, of.prefix, of.kind)

    return wish(one) == wish(other)


def _told(wanted: WarmUp) -> str:
    parts = [f"previews of {', '.join(map(str, wanted.sizes))} pixels"] if wanted.sizes else []
    parts += ["originals"] if wanted.originals else []
    return " and ".join(parts)
