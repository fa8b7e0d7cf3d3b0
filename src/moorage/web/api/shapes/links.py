"""Imports of links, their lines, and links that are broken."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moorage.web.api.shapes.parts import Encoded, Shape

VerdictWord = Literal[
    "resolvable", "linked", "renamed", "would_make_store", "offered", "duplicate", "unknown_store", "missing", "refused"
]


class StartedImport(Shape):
    """An import whose job was queued."""

    id: str
    job: str


class ImportShape(Shape):
    """An import of links as it stands."""

    id: str
    job: str
    project: str
    folder: str
    name: str = Field(description="What the list is called, such as a file's name.")
    dry_run: bool
    probe: bool
    keep_directories: Literal["none", "full"]
    state: str = Field(description="Of its job; empty where that was forgotten.")
    created: str | None
    size: int = Field(description="Bytes of the list.")
    lines: int
    read: int = Field(description="Lines that were read so far.")
    counts: dict[VerdictWord, int]
    applied: str | None = Field(description="The import that carried this dry run out.")
    message: str


class LineShape(Encoded):
    """What became of one line, or would."""

    line: int
    verdict: VerdictWord
    address: str = Field(description="As it is kept; where it cannot be, as it was written.")
    reason: str


class ImportLines(Shape):
    """Lines in their order. An import keeps those of which something is to be told, a dry run all of them."""

    lines: list[LineShape]
    next: str | None


class BrokenShape(Encoded):
    """A link whose object could not be found."""

    item: str
    name: str
    folder: str
    address: str
    reason: str
    since: str | None
    checked: str | None


class BrokenList(Shape):
    """Links that did not resolve when they were last checked."""

    items: list[BrokenShape]
    total: int = Field(description="At most 1,000 are counted.")
    next: str | None
