"""Jobs: long work that survives its process, with a state that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

JobId = NewType("JobId", int)


class JobState(StrEnum):
    """Where a job stands. The last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    NEEDS_CONFIRMATION = "needs_confirmation"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True once nothing will move any more, unless somebody retries."""
        return self in (JobState.SUCCEEDED, JobState.PARTIAL, JobState.FAILED, JobState.CANCELLED)


OPEN: Final = tuple(state for state in JobState if not state.final)
"""The states of a job that may still move."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a guard asks before it goes on. An answer must name ``figures``, and they must still hold."""

    text: str
    figures: Mapping[str, int]
    choices: tuple[tuple[str, str], ...]
    """(name, what the button says), such as ("accept", "They are really gone")."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Errors of one cause: how many, and the first example, without secrets."""

    count: int
    example: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """What was asked, how far it is, and what went wrong.

    ``total`` is None while unknown; ``done`` counts ``unit``. ``kind`` names the flow that runs it and
    ``subject`` its row (for a scan the mirror).
    """

    id: JobId
    kind: str
    subject: int
    state: JobState
    title: str
    created_ms: int
    project: int | None = None
    folder: int | None = None
    asked_by: int | None = None
    question: Question | None = None
    answer: str | None = None
    done: int = 0
    total: int | None = None
    bytes: int = 0
    unit: str = "objects"
    errors: Mapping[str, Cause] = field(default_factory=dict)
    outcome: Mapping[str, int] = field(default_factory=dict)
    """Final figures, such as added, changed, vanished."""
    message: str = ""
    started_ms: int | None = None
    progress_ms: int | None = None
    ended_ms: int | None = None
    cancel_asked: bool = False
    pause_asked: bool = False

    @property
    def rate(self) -> float:
        """``done`` per second since it started; 0 before."""
        if self.started_ms is None or self.progress_ms is None or self.progress_ms <= self.started_ms:
            return 0.0
        return self.done * 1000 / (self.progress_ms - self.started_ms)


@dataclass(frozen=True, slots=True)
class Work:
    """A work row: one step of a job, run in slices by whoever holds ``epoch``.

    A step that goes through keys covers (``after``, ``upto``], as bytes of full keys; ``upto`` None: to the
    end. ``cursor`` is the last key that is committed. A commit names the epoch and the cursor that it knew;
    when either is another by then, someone else owns the row, and the commit must be rolled back.
    """

    id: int
    job: JobId
    kind: str
    """The kind of its job."""
    step: str
    epoch: int
    after: bytes | None = None
    upto: bytes | None = None
    cursor: bytes | None = None
    done: bool = False
    runnable_ms: int = 0
    """Not before this time: a row that failed waits."""
    tries: int = 0
    """Failures in a row; 0 again with every commit."""

    @property
    def workflow(self) -> str:
        """The id under which the durable engine runs this slice."""
        return f"{self.id}:{self.epoch}"


NO_WORKER_AFTER_S = 60
"""A queued job that nobody took for so long is shown as 'no worker'."""
