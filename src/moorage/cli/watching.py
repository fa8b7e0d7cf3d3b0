"""A job's progress on stderr, and the exit code that its end means."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from moorage.cli.exits import Exit
from moorage.cli.printing import put_json, say
from moorage.model.jobs import JobState

if TYPE_CHECKING:
    from moorage.client import Client, Job
    from moorage.client.shapes import Question

EVERY_S: Final = 5.0
SHOW: Final = "show"
"""The choice that answers nothing yet."""
SHOWN: Final = 20
_CODES: Final = {
    JobState.SUCCEEDED: Exit.OK,
    JobState.PARTIAL: Exit.PARTLY,
    JobState.CANCELLED: Exit.PARTLY,
    JobState.FAILED: Exit.UNEXPECTED,
    JobState.NEEDS_CONFIRMATION: Exit.REFUSED,
}


@contextmanager
def going_on(job: str) -> Iterator[None]:
    """Who leaves by Ctrl-C is told that the job does not."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"The job goes on. Watch it again: moorage job watch {job}")
        raise


def follow(client: Client, job: str, *, as_json: bool) -> Exit:
    """Show a job until it ends or asks; the exit code of its result. With ``as_json`` it is printed at the end."""
    now: Job | None = None
    with going_on(job), progress() as shown:
        for now in client.watch_job(job):
            if now.state is JobState.NEEDS_CONFIRMATION:
                break
            shown.show(now)
    assert now is not None
    if as_json:
        put_json(now)
    return conclude(now)


def conclude(job: Job) -> Exit:
    """Tell how a job ended, its errors by cause, and its question, on stderr; the exit code."""
    say(line(job))
    for cause in job.errors:
        say(f"  {cause.count} x {cause.cause}: {cause.example} {cause.advice}".rstrip())
    if job.state is JobState.NEEDS_CONFIRMATION and job.question is not None:
        say(job.question.text)
        for command in answers(job.id, job.question):
            say(command)
    return _CODES.get(job.state, Exit.OK)


def answers(job: str, question: Question) -> list[str]:
    """The exact commands that answer a question or show what it is about, one per choice."""
    figures = "".join(f" --figure {name}={value}" for name, value in question.figures.items())
    return [
        f"moorage job show {job} --missing {SHOWN}  # {choice.label}"
        if choice.name == SHOW
        else f"moorage job confirm {job} {choice.name}{figures}  # {choice.label}"
        for choice in question.choices
    ]


def line(job: Job) -> str:
    """A job in one line."""
    head = f"{job.title}: {job.state.value.replace('_', ' ')}"
    if job.state.final and job.message:  # it counts everything itself
        return f"{head}. {job.message}"
    count = f"{job.done:,}" + (f" of {job.total:,}" if job.total is not None else "")
    parts = [head, f"{count} {job.unit}"]
    if job.rate and job.state is JobState.RUNNING:
        parts.append(f"{job.rate:,.0f}/s")
    if not job.message:
        parts += [f"{value:,} {name.replace('_', ' ')}" for name, value in job.outcome.items() if value]
    if job.no_worker:
        parts.append("no worker takes it; is one running?")
    if job.message and job.question is None:  # the question is told by itself
        parts.append(job.message.removesuffix("."))
    return ", ".join(parts)


def progress() -> _Bar | _Lines:
    """A bar on a terminal, else plain lines."""
    return _Bar() if sys.stderr.isatty() else _Lines()


class _Lines:
    """A line for each change of state, and at most one every 5 s besides."""

    def __init__(self) -> None:
        self._state: JobState | None = None
        self._next_s = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def show(self, job: Job) -> None:
        now_s = time.monotonic()
        if not job.state.final and (job.state is not self._state or now_s >= self._next_s):
            say(line(job))
            self._state, self._next_s = job.state, now_s + EVERY_S


class _Bar:
    """A bar that is redrawn in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bars.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, job: Job) -> None:
        wrong = sum(cause.count for cause in job.errors)
        description = line(job) + (f", {wrong:,} errors" if wrong else "")
        self._bars.update(self._task, completed=job.done, total=job.total, description=description)
