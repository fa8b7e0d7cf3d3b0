"""Warming up: what shall lie in the caches before anybody asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.catalogue import FolderId, ItemId, Kind, ProjectId
from moorage.model.jobs import JobId

MOST_FAULTS: Final = 100
"""Items that are listed with their reasons; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An item that could not be warmed, and why."""

    item: ItemId
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What was asked for, and how far it is. ``prefix`` is of the names of items."""

    project: ProjectId
    folder: FolderId
    sizes: tuple[int, ...] = ()
    """Sides of the previews, in pixels; none: no previews."""
    originals: bool = False
    """Fetch the objects themselves."""
    prefix: str = ""
    kind: Kind | None = None
    job: JobId = JobId(0)
    needed: int = 0
    """Bytes of the originals, as far as they were summed up."""
    fetched: int = 0
    """Bytes of originals that were brought into the cache."""
    made: int = 0
    """Bytes of previews."""
    faults: tuple[Fault, ...] = ()
    """The first ones."""
