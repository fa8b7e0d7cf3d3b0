"""Links by the list: what an import of them was asked, what became of each line, and links that no longer resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, NewType

from moorage.model.access import Principal
from moorage.model.catalogue import FolderId, Item, ItemId, Measured, ProjectId
from moorage.model.jobs import JobId
from moorage.model.keys import Key
from moorage.model.store import StoreId

ImportId = NewType("ImportId", int)


class Directories(StrEnum):
    """What becomes of the folders in a key: left out, or made below the folder of the import."""

    NONE = "none"
    FULL = "full"


class Verdict(StrEnum):
    """What becomes of a line, or became of it."""

    RESOLVABLE = "resolvable"
    """A dry run found its store."""
    LINKED = "linked"
    RENAMED = "renamed"
    """Linked under another name, because the folder has an item of its own one."""
    WOULD_MAKE = "would_make_store"
    """A dry run found no store, but a connection that may make it."""
    OFFERED = "offered"
    """A URL that leads into a store, and is linked there."""
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown_store"
    MISSING = "missing"
    """The store was asked and has no such object, or does not show it."""
    REFUSED = "refused"


GOOD: Final = (Verdict.RESOLVABLE, Verdict.LINKED, Verdict.RENAMED, Verdict.WOULD_MAKE, Verdict.OFFERED)
"""Lines that become links."""
BAD: Final = (Verdict.UNKNOWN, Verdict.MISSING, Verdict.REFUSED)
"""Lines that somebody has to mend."""


@dataclass(frozen=True, slots=True)
class LinkImport:
    """One list of addresses, as it was sent. Its lines are worked by the job ``job``.

    ``source`` names the file that holds the list in the data directory ``place``; a dry run and the import that
    applies it share one. ``asker`` is who asked, with the rights of that moment.
    """

    id: ImportId
    project: ProjectId
    folder: FolderId
    below: Key
    """Folders that are still to be made in it, such as ``2021/dive 4/``; a dry run makes none."""
    source: str
    place: str
    name: str
    """What people call the list: a file's name, or empty."""
    dry_run: bool
    probe: bool
    directories: Directories
    asker: Principal
    created_ms: int
    size: int
    """Bytes."""
    lines: int
    csv: bool = False
    """The list is a table with a header."""
    job: JobId = JobId(0)
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    applied: ImportId | None = None
    """The import that carried this dry run out."""


class LineVerdict(NamedTuple):
    """What became of one line. ``line`` counts from 1; ``address`` is the canonical one where there is one."""

    line: int
    verdict: Verdict
    address: str
    reason: str
    mark: int | None = None
    """In a dry run, a number that stands for the object: so the same object is found again further down."""


class LinkRow(NamedTuple):
    """A link to insert."""

    folder: FolderId
    name: bytes
    kind: int
    size: int
    etag: str
    modified_ms: int
    generation: str
    media_type: str | None
    store: StoreId
    key: bytes
    metadata: Mapping[str, str] | None = None
    measured: Measured = Measured()


class BrokenLink(NamedTuple):
    """A link whose object could not be found, and since when."""

    item: Item
    reason: str
    since_ms: int
    checked_ms: int


class Finding(NamedTuple):
    """What a check found of one link: ``reason`` is empty where it resolves."""

    item: ItemId
    reason: str
