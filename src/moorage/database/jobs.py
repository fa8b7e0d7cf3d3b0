"""Jobs: what was asked, where it stands, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, select, update

from moorage.database.scans import purge_candidates
from moorage.database.tables_jobs import JOB, WORK
from moorage.database.tables_mirrors import SCAN
from moorage.database.work import WorkRows, no_job
from moorage.model.access import UserId
from moorage.model.clock import now_ms
from moorage.model.errors import Conflict
from moorage.model.jobs import Cause, Job, JobId, JobState, Question

FINAL: Final = tuple(state for state in JobState if state.final)
_COLUMNS = JOB.c
_PROGRESS: Final = "UPDATE job SET done = done + ?, bytes = bytes + ?, progress_ms = ?"


class Jobs(WorkRows):
    """Jobs and their work rows."""

    def add(self, job: Job) -> Job:
        """Insert it with a new id and, where it says none, this time as ``created_ms``."""
        row = self._connection.execute(
            JOB.insert()
            .values(
                kind=job.kind,
                subject=job.subject,
                state=job.state,
                title=job.title,
                created_ms=job.created_ms or now_ms(),
                project=job.project,
                folder=job.folder,
                asked_by=job.asked_by,
                question=_stored_question(job.question),
                answer=job.answer,
                done=job.done,
                total=job.total,
                bytes=job.bytes,
                unit=job.unit,
                errors=_stored_errors(job.errors),
                outcome=dict(job.outcome),
                message=job.message,
                started_ms=job.started_ms,
                progress_ms=job.progress_ms,
                ended_ms=job.ended_ms,
                cancel_asked=job.cancel_asked,
                pause_asked=job.pause_asked,
            )
            .returning(JOB)
        ).one()
        return _job(row)

    def get(self, job: JobId) -> Job:
        """NotFound when there is none."""
        row = self._connection.execute(select(JOB).where(_COLUMNS.id == job)).first()
        if row is None:
            raise no_job(job)
        return _job(row)

    def all(
        self,
        *,
        states: Sequence[JobState] = (),
        project: int | None = None,
        kind: str = "",
        subject: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Newest first; ``before`` is an id, exclusive."""
        query = select(JOB).order_by(_COLUMNS.id.desc()).limit(limit)
        if states:
            query = query.where(_COLUMNS.state.in_(states))
        if project is not None:
            query = query.where(_COLUMNS.project == project)
        if kind:
            query = query.where(_COLUMNS.kind == kind)
        if subject is not None:
            query = query.where(_COLUMNS.subject == subject)
        if before is not None:
            query = query.where(_COLUMNS.id < before)
        return [_job(row) for row in self._connection.execute(query)]

    def set_state(self, job: JobId, state: JobState, *, message: str = "", question: Question | None = None) -> None:
        """Move on. Conflict when the job is in a final state: only a retry, to QUEUED, leaves one."""
        held = self._connection.execute(
            select(_COLUMNS.state, _COLUMNS.started_ms).where(_COLUMNS.id == job).with_for_update()
        ).first()
        if held is None:
            raise no_job(job)
        before = JobState(held.state)
        if before.final and state not in (before, JobState.QUEUED):
            raise Conflict(f"Job {job} has ended as {before}. Nothing was changed.", "Retry it, or start a new one.")
        if before.final and state is before:
            return
        values: dict[str, Any] = {"state": state, "message": message, "question": _stored_question(question)}
        if state is not before:
            values |= _moved(before, state, started=held.started_ms is not None)
        self._connection.execute(update(JOB).where(_COLUMNS.id == job).values(values))

    def set_outcome(self, job: JobId, outcome: Mapping[str, int]) -> None:
        """Replace the final figures."""
        self._update(job, outcome=dict(outcome))

    def ask(
        self, job: JobId, *, cancel: bool | None = None, pause: bool | None = None, answer: str | None = None
    ) -> None:
        """Note a wish or an answer; None leaves what was there."""
        wishes = {"cancel_asked": cancel, "pause_asked": pause, "answer": answer}
        self._update(job, **{name: wish for name, wish in wishes.items() if wish is not None})

    def add_progress(
        self,
        job: JobId,
        *,
        done: int = 0,
        bytes_: int = 0,
        total: int | None = None,
        errors: Mapping[str, Cause] | None = None,
    ) -> None:
        """Add to the figures; ``total`` replaces. Errors of a cause add up, and the first example stays."""
        figures, parameters = _PROGRESS, [done, bytes_, now_ms()]
        if total is not None:
            figures, parameters = f"{figures}, total = ?", [*parameters, total]
        if not self._statements.change(f"{figures} WHERE id = ?", (*parameters, job)):
            raise no_job(job)
        if errors:
            # The row is ours by now: no other transaction changes it before the commit.
            held = self._connection.execute(select(_COLUMNS.errors).where(_COLUMNS.id == job)).scalar_one()
            self._update(job, errors=_stored_errors(_merged(_errors(held), errors)))

    def remove_old(self, before_ms: int, limit: int = 1000) -> int:
        """Forget final jobs that ended before that time, with their work rows and scans.

        Candidates that scans left behind go first, some thousands at a time. The number of rows; 0: nothing is left.
        """
        purged = purge_candidates(self._connection, limit)
        if purged:
            return purged
        ended = select(_COLUMNS.id).where(_COLUMNS.ended_ms < before_ms).limit(limit)
        jobs = list(self._connection.execute(ended).scalars())
        self._connection.execute(delete(SCAN).where(SCAN.c.job.in_(jobs)))
        self._connection.execute(delete(WORK).where(WORK.c.job.in_(jobs)))
        self._connection.execute(delete(JOB).where(_COLUMNS.id.in_(jobs)))
        return len(jobs)

    def _update(self, job: JobId, **values: object) -> None:
        if not values:
            self.get(job)
        elif not self._connection.execute(update(JOB).where(_COLUMNS.id == job).values(values)).rowcount:
            raise no_job(job)


def _moved(before: JobState, state: JobState, *, started: bool) -> dict[str, Any]:
    """What else changes with the state."""
    now = now_ms()
    values: dict[str, Any] = {}
    if before.final:
        values = {"ended_ms": None, "errors": {}, "cancel_asked": False, "pause_asked": False, "answer": None}
    if before is JobState.PAUSED:
        values["pause_asked"] = False
    if state is JobState.NEEDS_CONFIRMATION:
        values["answer"] = None
    if state is JobState.RUNNING and not started:
        values["started_ms"] = now
    if state.final:
        values["ended_ms"] = now
    return values


def _merged(held: Mapping[str, Cause], more: Mapping[str, Cause]) -> dict[str, Cause]:
    merged = dict(held)
    for name, cause in more.items():
        first = merged.get(name)
        merged[name] = cause if first is None else Cause(first.count + cause.count, first.example, first.advice)
    return merged


def _stored_errors(errors: Mapping[str, Cause]) -> dict[str, list[Any]]:
    return {name: [cause.count, cause.example, cause.advice] for name, cause in errors.items()}


def _errors(stored: Mapping[str, Sequence[Any]]) -> dict[str, Cause]:
    return {name: Cause(*cause) for name, cause in stored.items()}


def _stored_question(question: Question | None) -> list[Any] | None:
    return None if question is None else [question.text, dict(question.figures), question.choices]


def _question(stored: Sequence[Any] | None) -> Question | None:
    if stored is None:
        return None
    text, figures, choices = stored
    return Question(text, figures, tuple((name, words) for name, words in choices))


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        kind=row.kind,
        subject=row.subject,
        state=JobState(row.state),
        title=row.title,
        created_ms=row.created_ms,
        project=row.project,
        folder=row.folder,
        asked_by=None if row.asked_by is None else UserId(row.asked_by),
        question=_question(row.question),
        answer=row.answer,
        done=row.done,
        total=row.total,
        bytes=row.bytes,
        unit=row.unit,
        errors=_errors(row.errors),
        outcome=row.outcome,
        message=row.message,
        started_ms=row.started_ms,
        progress_ms=row.progress_ms,
        ended_ms=row.ended_ms,
        cancel_asked=row.cancel_asked,
        pause_asked=row.pause_asked,
    )
