"""Mirrors, each with its mount folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import delete, select, update

from moorage.database.jobs import FINAL
from moorage.database.scans import Scans
from moorage.database.statements import Statements
from moorage.database.tables_jobs import JOB, WORK
from moorage.database.tables_mirrors import MIRROR, SCAN
from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.clock import now_ms
from moorage.model.errors import NotFound
from moorage.model.jobs import JobId, JobState
from moorage.model.mirror import Mirror, MirrorId, MirrorState, OnVanished
from moorage.model.store import StoreId


class Mirrors(Scans):
    """Mirrors and their scans. ``unmount`` puts an empty plain folder in the place of a mount."""

    def __init__(self, statements: Statements, unmount: Callable[[FolderId], object]) -> None:
        super().__init__(statements)
        self._unmount = unmount

    def add(self, mirror: Mirror) -> Mirror:
        """Insert it with a new id and, where it says none, this time as ``created_ms``."""
        stamped = replace(mirror, created_ms=mirror.created_ms or now_ms())
        id_ = self._connection.execute(MIRROR.insert().values(_stored(stamped)).returning(MIRROR.c.id)).scalar_one()
        return replace(stamped, id=MirrorId(id_))

    def get(self, mirror: MirrorId) -> Mirror:
        """NotFound when there is none."""
        row = self._connection.execute(select(MIRROR).where(MIRROR.c.id == mirror)).first()
        if row is None:
            raise _no_mirror(mirror)
        return _mirror(row)

    def all(self, project: ProjectId | None = None) -> list[Mirror]:
        """Of one project, or of all; oldest first."""
        query = select(MIRROR).order_by(MIRROR.c.id)
        if project is not None:
            query = query.where(MIRROR.c.project == project)
        return [_mirror(row) for row in self._connection.execute(query)]

    def update(self, mirror: Mirror) -> None:
        """Write all fields. NotFound when it was removed."""
        statement = update(MIRROR).where(MIRROR.c.id == mirror.id).values(_stored(mirror))
        if not self._connection.execute(statement).rowcount:
            raise _no_mirror(mirror.id)

    def remove(self, mirror: MirrorId) -> None:
        """Remove it with its folders and items, by ``purge``; the mount stays as an empty plain folder.

        Its open jobs end as cancelled, and their work rows are closed: a page that is on its way cannot be
        committed any more. No object is touched.
        """
        folder = self.get(mirror).folder
        jobs = select(SCAN.c.job).where(SCAN.c.mirror == mirror)
        self._connection.execute(
            update(WORK).where(WORK.c.job.in_(jobs), WORK.c.done.is_(False)).values(done=True, epoch=WORK.c.epoch + 1)
        )
        self._connection.execute(
            update(JOB)
            .where(JOB.c.id.in_(jobs), JOB.c.state.not_in(FINAL))
            .values(state=JobState.CANCELLED, ended_ms=now_ms(), message="The mirror was removed.", question=None)
        )
        self._connection.execute(delete(SCAN).where(SCAN.c.mirror == mirror))
        self._connection.execute(delete(MIRROR).where(MIRROR.c.id == mirror))
        self._unmount(folder)


def _stored(mirror: Mirror) -> dict[str, Any]:
    return {
        "project": mirror.project,
        "folder": mirror.folder,
        "store": mirror.store,
        "prefix": mirror.prefix,
        "include": mirror.include,
        "exclude": mirror.exclude,
        "on_vanished": mirror.on_vanished,
        "state": mirror.state,
        "reason": mirror.reason,
        "created_ms": mirror.created_ms,
        "last_job": mirror.last_job,
        "last_complete_ms": mirror.last_complete_ms,
    }


def _mirror(row: SqlRow[Any]) -> Mirror:
    return Mirror(
        id=MirrorId(row.id),
        project=ProjectId(row.project),
        folder=FolderId(row.folder),
        store=StoreId(row.store),
        prefix=row.prefix,
        include=tuple(row.include),
        exclude=tuple(row.exclude),
        on_vanished=OnVanished(row.on_vanished),
        state=MirrorState(row.state),
        reason=row.reason,
        created_ms=row.created_ms,
        last_job=None if row.last_job is None else JobId(row.last_job),
        last_complete_ms=row.last_complete_ms,
    )


def _no_mirror(mirror: int) -> NotFound:
    return NotFound(f"There is no mirror {mirror}.", "List them with `moorage mirror ls`.")
