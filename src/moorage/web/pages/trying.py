"""The strip of things to try: a demo writes it to a file, pages of the demo's folders show it until it is closed."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from moorage.edge.face import Face
from moorage.model.access import Principal, Role
from moorage.model.catalogue import FolderId
from moorage.web.api.strip import CLOSED


class Thing(BaseModel, frozen=True):
    """One thing to try: a line for a terminal, and what it will show."""

    title: str
    seen: str
    line: str


class Strip(BaseModel, frozen=True):
    """What a demo's file holds. ``ready``: the line that makes a terminal ready for the others."""

    folders: frozenset[str]
    ready: str
    things: tuple[Thing, ...]


async def strip_of(uses: Face, asker: Principal, folder: FolderId) -> Strip | None:
    """The strip of this folder's page; None where this is no demo, or it was closed.

    Its lines name places on the server's disk and a token's file, so only admins see it.
    """
    place = uses.settings.demo
    if place is None or (asker.everywhere or 0) < Role.ADMIN:
        return None
    told = await run_in_threadpool(_read, place)
    if told is None or str(folder) not in told.folders:
        return None
    closed = await uses.facts.read(lambda tx: tx.instance.get(CLOSED))
    return told if closed is None else None


def _read(place: Path) -> Strip | None:
    """The file, which the demo writes once its server answers."""
    try:
        return Strip.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None
