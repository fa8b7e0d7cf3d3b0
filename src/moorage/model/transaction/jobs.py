"""Port to jobs and their work rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from moorage.model.jobs import Cause, Job, JobId, JobState, Question, Work


class Jobs(Protocol):
    """Jobs and their work rows."""

    def add(self, job: Job) -> Job: ...

    def get(self, job: JobId) -> Job: ...

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

    def set_state(self, job: JobId, state: JobState, *, message: str = "", question: Question | None = None) -> None:
        """Move on. Sets the times that belong to the state; a question is kept only while one is asked.

        Conflict when the job is in a final state: only a retry leaves one, to QUEUED, and forgets the errors,
        wishes and answer of before. A final state that it has already changes nothing.
        """

    def set_outcome(self, job: JobId, outcome: Mapping[str, int]) -> None: ...

    def ask(
        self, job: JobId, *, cancel: bool | None = None, pause: bool | None = None, answer: str | None = None
    ) -> None:
        """Note a wish or an answer; the flow sees it at its next step."""

    def add_progress(
        self,
        job: JobId,
        *,
        done: int = 0,
        bytes_: int = 0,
        total: int | None = None,
        errors: Mapping[str, Cause] | None = None,
    ) -> None: ...

    def add_work(
        self, job: JobId, step: str, *, after: bytes | None = None, upto: bytes | None = None, runnable_ms: int = 0
    ) -> Work: ...

    def work(self, work: int) -> Work: ...

    def held(self, work: Work) -> Work | None:
        """The row as it is now; None unless it has the epoch of ``work``, is open, and its job runs."""

    def works(self, job: JobId, *, step: str = "", open_only: bool = False) -> list[Work]: ...

    def runnable(self, now_ms: int, limit: int = 100) -> list[Work]:
        """Open rows of queued and running jobs whose time has come, oldest job first."""

    def raise_epoch(self, work: int, epoch: int, *, runnable_ms: int | None = None, failed: bool = False) -> bool:
        """Make a new slice of the row. False when another did it first. ``failed`` counts a try."""

    def advance(self, work: Work, cursor: bytes | None, *, done: bool) -> bool:
        """Move the cursor, if epoch and cursor are still those of ``work``, and begin to count tries anew.

        False: somebody else owns the row, it is done, or the cursor lies in a tail that was given away.
        """

    def narrow(self, work: Work, upto: bytes) -> bool:
        """Give the interval's tail away: ``upto`` becomes the new end, if the epoch still holds.

        False as well when the row is done, its cursor has passed ``upto``, or it ended before it.
        """

    def remove_old(self, before_ms: int, limit: int = 1000) -> int:
        """Forget final jobs that ended before that time, with their work rows, and what ended scans left behind.

        The number of rows, about ``limit`` at most; 0: nothing is left.
        """
