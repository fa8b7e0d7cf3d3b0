"""The verbs on jobs: look, follow, cancel, pause, resume, retry, confirm. grant -> state -> transaction -> audit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Final

from moorage.model.access import Principal, Role
from moorage.model.errors import Changed, Conflict, InUse, Invalid, NotFound
from moorage.model.jobs import NO_WORKER_AFTER_S, OPEN, Job, JobId, JobState
from moorage.model.slices import Flow
from moorage.model.transaction import Facts, Transaction

POLL_S: Final = 0.2
SHOW: Final = "show"
"""A choice of a question that changes nothing: it asks to see examples first."""


class Jobs:
    """What people do with jobs. ``hint`` wakes the dispatcher after a commit."""

    def __init__(
        self, facts: Facts, flows: Iterable[Flow], *, hint: Callable[[], None], now_ms: Callable[[], int]
    ) -> None:
        self._facts = facts
        self._flows = {flow.kind: flow for flow in flows}
        self._hint = hint
        self._now_ms = now_ms

    async def get(self, principal: Principal, job: JobId) -> Job:
        """One job. NotFound when it is not there or may not be seen."""
        return await self._facts.read(lambda tx: _seen(tx, principal, job, Role.VIEWER))

    async def all(
        self,
        principal: Principal,
        *,
        states: Sequence[JobState] = (),
        project: int | None = None,
        kind: str = "",
        subject: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Those that the principal may see, newest first; ``before`` is an id, exclusive."""
        if project is not None:
            principal.need(Role.VIEWER, project)
        visible = principal.visible
        projects = [project] if project is not None or visible is None else sorted(visible)

        def read(tx: Transaction) -> list[Job]:
            found: list[Job] = []
            for one in projects:
                found += tx.jobs.all(states=states, project=one, kind=kind, subject=subject, before=before, limit=limit)
            return sorted(found, key=lambda job: job.id, reverse=True)[:limit]

        return await self._facts.read(read)

    async def follow(self, principal: Principal, job: JobId) -> AsyncIterator[Job]:
        """The job now and after each change that is seen, until it is final. Looks every 0.2 s."""
        last = await self.get(principal, job)
        yield last
        while not last.state.final:
            await asyncio.sleep(POLL_S)
            now = await self.get(principal, job)
            if now != last:
                last = now
                yield now

    def lacks_worker(self, job: Job, workers: int) -> bool:
        """True for a job that nobody took for a minute, or that runs while nobody takes work."""
        if job.state is JobState.QUEUED:
            return workers == 0 or self._now_ms() - job.created_ms > NO_WORKER_AFTER_S * 1000
        return job.state is JobState.RUNNING and workers == 0

    async def cancel(self, principal: Principal, job: JobId) -> Job:
        """End it; what is committed stays, the page in flight is rolled back. A repeat does nothing."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, job, Role.EDITOR)
            if found.state is JobState.CANCELLED:
                return found
            if found.state.final:
                raise _wrong_state(found, "Only a job that has not ended can be cancelled.")
            tx.jobs.ask(job, cancel=True)
            tx.jobs.set_state(job, JobState.CANCELLED, message=f"Cancelled by {principal.email}.")
            self._end(tx, found, JobState.CANCELLED, "")
            tx.audit.add(principal, "job.cancel", f"job {job}")
            return tx.jobs.get(job)

        return await self._facts.write(write)

    async def pause(self, principal: Principal, job: JobId) -> Job:
        """Stop it until ``resume``; what is committed stays. A repeat does nothing."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, job, Role.EDITOR)
            if found.state is JobState.PAUSED:
                return found
            if found.state not in (JobState.QUEUED, JobState.RUNNING):
                raise _wrong_state(found, "Only a job that waits or runs can be paused.")
            tx.jobs.ask(job, pause=True)
            tx.jobs.set_state(job, JobState.PAUSED, message=f"Paused by {principal.email}.")
            tx.audit.add(principal, "job.pause", f"job {job}")
            return tx.jobs.get(job)

        return await self._facts.write(write)

    async def resume(self, principal: Principal, job: JobId) -> Job:
        """Go on with a paused job from its cursors."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, job, Role.EDITOR)
            if found.state in (JobState.QUEUED, JobState.RUNNING):
                return found
            if found.state is not JobState.PAUSED:
                raise _wrong_state(found, "Only a paused job can be resumed.")
            tx.jobs.set_state(job, JobState.QUEUED)
            tx.audit.add(principal, "job.resume", f"job {job}")
            return tx.jobs.get(job)

        return await self._hinted(write)

    async def retry(self, principal: Principal, job: JobId) -> Job:
        """Go on with a failed or cancelled job from its cursors; its errors are forgotten."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, job, Role.EDITOR)
            if found.state not in (JobState.FAILED, JobState.CANCELLED):
                raise _wrong_state(found, "Only a job that failed or was cancelled can be retried.")
            rows = tx.jobs.works(job, open_only=True)
            if not rows:
                raise _wrong_state(found, "It has nothing left to do; start a new one.")
            others = tx.jobs.all(states=OPEN, kind=found.kind, subject=found.subject, limit=1)
            if others:
                raise InUse(
                    f"Job {others[0].id} does the same already. Nothing was changed.",
                    "Wait for it, or cancel it first.",
                    users=(f"job {others[0].id}",),
                )
            for row in rows:
                tx.jobs.raise_epoch(row.id, row.epoch, runnable_ms=self._now_ms())
            tx.jobs.set_state(job, JobState.QUEUED)
            tx.audit.add(principal, "job.retry", f"job {job}")
            return tx.jobs.get(job)

        return await self._hinted(write)

    async def confirm(self, principal: Principal, job: JobId, *, choice: str, figures: Mapping[str, int]) -> Job:
        """Answer the question of a job. Changed when ``figures`` are no longer those that it asks about."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, job, Role.MANAGER)
            question = found.question
            if found.state is not JobState.NEEDS_CONFIRMATION or question is None:
                raise _wrong_state(found, "It asks nothing.")
            choices = [name for name, _ in question.choices if name != SHOW]
            if choice not in choices:
                raise Invalid(
                    f"{choice!r} is no answer to this question. Nothing was changed.",
                    f"Answer one of: {', '.join(choices)}.",
                    field="choice",
                )
            if dict(figures) != dict(question.figures):
                raise Changed(
                    f"The figures are others by now: {question.text} Nothing was changed.",
                    "Look at the question again and answer with its figures.",
                )
            tx.jobs.ask(job, answer=choice)
            tx.jobs.set_state(job, JobState.QUEUED)
            tx.audit.add(principal, "job.confirm", f"job {job}", choice=choice, **question.figures)
            return tx.jobs.get(job)

        return await self._hinted(write)

    async def _hinted(self, write: Callable[[Transaction], Job]) -> Job:
        job = await self._facts.write(write)
        self._hint()
        return job

    def _end(self, tx: Transaction, job: Job, state: JobState, message: str) -> None:
        flow = self._flows.get(job.kind)
        if flow is not None:
            flow.ended(tx, job, state, message)


def _seen(tx: Transaction, principal: Principal, job: JobId, role: Role) -> Job:
    found = tx.jobs.get(job)
    held = principal.everywhere if found.project is None else principal.role_on(found.project)
    if held is None:
        raise NotFound(f"There is no job {job}, or you may not see it.", "List them with job ls.")
    if found.project is None:
        principal.need_everywhere(role)
    else:
        principal.need(role, found.project)
    return found


def _wrong_state(job: Job, rule: str) -> Conflict:
    return Conflict(f"Job {job.id} is {job.state}. {rule} Nothing was changed.", "Look at the job again.")
