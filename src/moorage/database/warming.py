"""Warm-ups: what their jobs were asked for, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from sqlalchemy import insert, select, update

from moorage.database.statements import Statements
from moorage.database.tables_costs import WARM_UP
from moorage.model.catalogue import FolderId, ItemId, Kind, ProjectId
from moorage.model.errors import NotFound
from moorage.model.jobs import JobId
from moorage.model.warming import MOST_FAULTS, Fault, WarmUp


class WarmUps:
    """Implements ``moorage.model.transaction.WarmUps``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, wanted: WarmUp) -> None:
        """Insert it under its job."""
        self._statements.run(
            insert(WARM_UP).values(
                job=wanted.job,
                project=wanted.project,
                folder=wanted.folder,
                sizes=wanted.sizes,
                originals=wanted.originals,
                prefix=wanted.prefix,
                kind=None if wanted.kind is None else wanted.kind.value,
                needed=wanted.needed,
                fetched=wanted.fetched,
                made=wanted.made,
                faults=[astuple(one) for one in wanted.faults],
            )
        )

    def get(self, job: JobId) -> WarmUp:
        """Raises NotFound."""
        row = self._statements.first(select(WARM_UP).where(WARM_UP.c.job == job))
        if row is None:
            raise NotFound(f"Job {job} warms nothing up.", "Look at the job itself.")
        return WarmUp(
            project=ProjectId(row.project),
            folder=FolderId(row.folder),
            sizes=tuple(row.sizes),
            originals=row.originals,
            prefix=row.prefix,
            kind=None if row.kind is None else Kind(row.kind),
            job=JobId(row.job),
            needed=row.needed,
            fetched=row.fetched,
            made=row.made,
            faults=tuple(Fault(ItemId(item), name, reason) for item, name, reason in row.faults),
        )

    def note(
        self, job: JobId, *, needed: int = 0, fetched: int = 0, made: int = 0, faults: Sequence[Fault] = ()
    ) -> WarmUp:
        """Add to its figures and faults."""
        column = WARM_UP.c
        values: dict[str, Any] = {
            "needed": column.needed + needed,
            "fetched": column.fetched + fetched,
            "made": column.made + made,
        }
        if faults:
            values["faults"] = [astuple(one) for one in (*self.get(job).faults, *faults)[:MOST_FAULTS]]
        self._statements.run(update(WARM_UP).where(column.job == job).values(**values))
        return self.get(job)

    def forget_gone(self, limit: int = 1000) -> int:
        """Delete those whose job is gone."""
        return self._statements.change(
            "DELETE FROM warm_up WHERE job IN (SELECT w.job FROM warm_up w LEFT JOIN job j ON j.id = w.job"
            " WHERE j.id IS NULL LIMIT ?)",
            (limit,),
        )
