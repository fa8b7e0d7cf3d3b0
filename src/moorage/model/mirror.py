"""Mirrors: a store's prefix kept as a folder tree, and the scans that keep it so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.jobs import JobId
from moorage.model.keys import Prefix
from moorage.model.store import StoreId

MirrorId = NewType("MirrorId", int)
ScanId = NewType("ScanId", int)


class OnVanished(StrEnum):
    """What becomes of an item whose object is gone."""

    HIDE = "hide"
    """A tombstone, restorable for 30 days."""
    REMOVE = "remove"
    """The row goes at once."""
    KEEP = "keep"
    """The item stays; reading it answers that the object is gone."""


class MirrorState(StrEnum):
    """How a mirror stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"
    """Its store cannot be listed; the reason stands in ``reason``. Items stay."""
    DETACHED = "detached"
    """Removed, but its items were kept: they are links that this row tells the place of."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """``prefix`` of ``store`` shown below ``folder``. Globs match the key relative to the prefix."""

    id: MirrorId
    project: ProjectId
    folder: FolderId
    store: StoreId
    prefix: Prefix
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    on_vanished: OnVanished = OnVanished.HIDE
    state: MirrorState = MirrorState.ACTIVE
    reason: str = ""
    created_ms: int = 0
    last_job: JobId | None = None
    last_complete_ms: int | None = None
    """When the last scan ended that saw everything."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over a mirror. ``vanished`` counts the candidates so far; ``live`` the rows at its start."""

    id: ScanId
    mirror: MirrorId
    job: JobId
    dry_run: bool
    started_ms: int
    live: int
    seen: int = 0
    added: int = 0
    changed: int = 0
    vanished: int = 0
    skipped: int = 0
    """Keys that globs left out."""
    ended_ms: int | None = None
