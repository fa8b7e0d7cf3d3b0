"""Slices: how a flow's steps are run by the dispatcher, without either knowing the other."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from moorage.model.jobs import Job, JobState, Work
from moorage.model.transaction import Transaction

SLICE_S = 60.0
"""A slice ends after this long; its row stays runnable and the next slice goes on from the cursor."""


class Lost(Exception):
    """The row belongs to somebody else by now, or its job no longer runs. Roll back and end; no failure."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One turn of a work row, until ``ends_at`` on the monotonic clock or until the process stops.

    ``hint`` tells the dispatcher of rows that were added; at the end of a slice it looks anyway.
    """

    work: Work
    job: Job
    ends_at: float
    stopping: Callable[[], bool]
    hint: Callable[[], None]

    @property
    def over(self) -> bool:
        """True once it should end: commit what is at hand and return."""
        return self.stopping() or time.monotonic() >= self.ends_at


Step = Callable[[Slice], Awaitable[None]]
"""Works on the row until it is done, the slice is over, or ``Lost`` is raised by a commit."""
Ended = Callable[[Transaction, Job, JobState, str], None]
"""Called in the transaction in which a job ends otherwise than by its own last step, with the message."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What runs jobs of one kind: its steps by name, and what else a failure or a cancel changes."""

    kind: str
    steps: Mapping[str, Step]
    ended: Ended


def hold(tx: Transaction, work: Work) -> Work:
    """The row as it is now. Raises Lost unless the epoch holds, it is open and its job runs."""
    now = tx.jobs.held(work)
    if now is None:
        raise Lost
    return now


def own(tx: Transaction, work: Work) -> tuple[Work, Job]:
    """The same, and its job."""
    return hold(tx, work), tx.jobs.get(work.job)
