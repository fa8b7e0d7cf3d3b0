"""Mirrors, jobs and health."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moorage.web.api.shapes.parts import Encoded, Shape


class ChoiceShape(Shape):
    """One answer that a question takes."""

    name: str
    label: str


class QuestionShape(Shape):
    """What a guard asks before it goes on."""

    text: str = Field(examples=["12,400 of 50,000 objects are gone from s3://reef/2021/."])
    figures: dict[str, int]
    choices: list[ChoiceShape]


class MirrorShape(Encoded):
    """A mirror."""

    id: str
    project: str
    project_name: str
    folder: str
    folder_name: str
    path: str = Field(description="Where it is shown below the project's root.")
    store: str
    prefix: str
    address: str
    include: list[str]
    exclude: list[str]
    on_vanished: str
    state: str
    reason: str
    created: str | None
    last_job: str | None
    last_complete: str | None
    job: str | None = Field(description="The job that has not ended, if any.")
    question: QuestionShape | None


class MirrorList(Shape):
    """Mirrors."""

    mirrors: list[MirrorShape]
    next: None


class StartedMirror(Shape):
    """A mirror whose first scan was queued."""

    id: str
    job: str
    folder: str
    project: str
    project_name: str
    store: str
    made: list[Literal["store", "project"]] = Field(description="What was made for it, beside the mirror.")
    note: str = Field(description="Empty, or a sentence, such as that nothing lies there yet.")


class SuggestionShape(Encoded):
    """What showing a place would use and make."""

    provider: str
    place: str = Field(description="The address as it was understood.")
    store: str | None = Field(description="The registered store that would be used, if there is one.")
    store_name: str = Field(description="The store that would be used or made.")
    project: str = Field(description="The project that would be used or made; empty: name one.")
    needs_credentials: bool
    mirror: str | None = Field(description="The mirror that shows this very place already.")
    folder: str | None = Field(description="The folder in which it is shown already.")


class StartedJob(Shape):
    """A job that was queued."""

    id: str
    job: str


class CauseShape(Shape):
    """Errors of one cause."""

    cause: str
    count: int
    example: str
    advice: str


class JobShape(Shape):
    """A job."""

    id: str
    kind: str
    subject: str
    state: Literal["queued", "running", "paused", "needs_confirmation", "succeeded", "partial", "failed", "cancelled"]
    title: str
    project: str | None
    folder: str | None
    asked_by: str | None
    question: QuestionShape | None
    answer: str | None
    done: int
    total: int | None
    bytes: int
    unit: str
    rate: float
    errors: list[CauseShape]
    outcome: dict[str, int]
    message: str
    created: str | None
    started: str | None
    ended: str | None
    cancel_asked: bool
    pause_asked: bool
    no_worker: bool


class JobList(Shape):
    """Jobs, newest first."""

    jobs: list[JobShape]
    next: str | None


class HealthLine(Shape):
    """One line of what doctor prints."""

    name: str
    finding: str
    sentence: str


class Health(Shape):
    """What doctor prints."""

    lines: list[HealthLine]
