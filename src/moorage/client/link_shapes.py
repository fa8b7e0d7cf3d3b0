"""What the server answers about links, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from moorage.client.shapes import AnyKey
from moorage.model.links import Directories, Verdict


@dataclass(frozen=True, slots=True)
class StartedImport:
    """An import of links and its job."""

    id: str
    job: str


@dataclass(frozen=True, slots=True)
class LinkImport:
    """An import of links as it stands. ``read`` of ``lines`` lines were looked at."""

    id: str
    job: str
    project: str
    folder: str
    dry_run: bool
    state: str
    lines: int
    read: int
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    name: str = ""
    probe: bool = False
    keep_directories: Directories = Directories.NONE
    size: int = 0
    created: datetime | None = None
    applied: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """What became of one line of a list, or would; ``line`` counts from 1."""

    line: int
    verdict: Verdict
    address: AnyKey
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BrokenLink:
    """A link whose object could not be found, and since when."""

    item: str
    name: AnyKey
    folder: str
    address: AnyKey
    reason: str
    since: datetime | None = None
    checked: datetime | None = None
