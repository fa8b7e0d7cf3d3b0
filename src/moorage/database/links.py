"""Imports of links and what became of their lines."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from moorage.database.counters import Deltas
from moorage.database.links_broken import BrokenLinks
from moorage.database.links_items import LinkRows
from moorage.database.statements import Statements
from moorage.database.tables_jobs import JOB
from moorage.database.tables_links import LINK_IMPORT
from moorage.model.access import Principal, Role, UserId
from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.errors import NotFound
from moorage.model.jobs import OPEN, JobId
from moorage.model.keys import key_bytes, key_of
from moorage.model.links import Directories, ImportId, LineVerdict, LinkImport, Verdict

_LINE: Final = "list, line, verdict, address, reason, mark"
_COLUMNS: Final = LINK_IMPORT.c


class Links(LinkRows, BrokenLinks):
    """Implements ``moorage.model.transaction.Links``."""

    def __init__(self, statements: Statements, deltas: Deltas) -> None:
        LinkRows.__init__(self, statements, deltas)

    def add_import(self, wanted: LinkImport) -> LinkImport:
        """Insert with a new id."""
        values = {name: getattr(wanted, name) for name in _PLAIN}
        statement = insert(LINK_IMPORT).values(
            **values, directories=wanted.directories.value, asker=_stored(wanted.asker), counts={}
        )
        return _import(self._statements.run(statement.returning(LINK_IMPORT)).one())

    def get_import(self, id_: ImportId) -> LinkImport:
        """NotFound when there is none."""
        row = self._statements.first(select(LINK_IMPORT).where(_COLUMNS.id == id_))
        if row is None:
            raise NotFound(f"There is no import {id_}.", "Imports are forgotten after 30 days; send the list again.")
        return _import(row)

    def import_of(self, job: JobId) -> LinkImport:
        """NotFound when the job has none, or it was forgotten."""
        row = self._statements.first(select(LINK_IMPORT).where(_COLUMNS.job == job))
        if row is None:
            raise NotFound(f"The list of job {job} is gone. Nothing more was linked.", "Send it again.")
        return _import(row)

    def note_applied(self, id_: ImportId, applied: ImportId) -> None:
        """Note the import that carries a dry run out."""
        self._statements.run(update(LINK_IMPORT).where(_COLUMNS.id == id_).values(applied=applied))

    def add_counts(self, id_: ImportId, counts: Mapping[Verdict, int]) -> Mapping[Verdict, int]:
        """Add to the figures; what they are now."""
        held = self._statements.first(select(_COLUMNS.counts).where(_COLUMNS.id == id_).with_for_update())
        if held is None:
            raise NotFound(f"There is no import {id_}.", "Send the list again.")
        now = _counts(held.counts)
        for verdict, count in counts.items():
            now[verdict] = now.get(verdict, 0) + count
        self._statements.run(
            update(LINK_IMPORT).where(_COLUMNS.id == id_).values(counts={one.value: now[one] for one in now})
        )
        return now

    def add_lines(self, id_: ImportId, lines: Sequence[LineVerdict]) -> None:
        """Write verdicts down."""
        self._statements.load(
            "link_line",
            _LINE,
            [(id_, one.line, one.verdict.value, key_bytes(one.address), one.reason, one.mark) for one in lines],
        )

    def lines(
        self, id_: ImportId, *, verdicts: Collection[Verdict] = (), after: int = 0, limit: int = 1000
    ) -> list[LineVerdict]:
        """In ascending line; of several verdicts the lines of each are read by the index and merged."""
        query = "SELECT line, verdict, address, reason FROM link_line WHERE list = ? AND line > ?"
        if not verdicts:
            rows = self._statements.rows(f"{query} ORDER BY line LIMIT ?", (id_, after, limit))
        else:
            rows = []
            for verdict in verdicts:
                rows += self._statements.rows(
                    f"{query} AND verdict = ? ORDER BY line LIMIT ?", (id_, after, verdict.value, limit)
                )
        found = [LineVerdict(line, Verdict(word), key_of(bytes(raw)), reason) for line, word, raw, reason in rows]
        return sorted(found)[:limit]

    def marked(self, id_: ImportId, marks: Sequence[int]) -> dict[int, int]:
        """The line that has each of these marks already."""
        # Without IS NOT NULL, which SQLite would look for in the index first, and read all marks of the list.
        rows = self._statements.rows_among("SELECT mark, line FROM link_line WHERE list = ? AND mark IN", (id_,), marks)
        return dict(rows)

    def expired(self, before_ms: int, limit: int = 100) -> list[LinkImport]:
        """Imports from before that time whose job has ended or is gone."""
        going_on = select(JOB.c.id).where(JOB.c.id == _COLUMNS.job, JOB.c.state.in_(OPEN)).exists()
        query = select(LINK_IMPORT).where(_COLUMNS.created_ms < before_ms, ~going_on).order_by(_COLUMNS.id).limit(limit)
        return [_import(row) for row in self._statements.run(query)]

    def forget_import(self, id_: ImportId, limit: int = 10_000) -> int:
        """Delete its lines, ``limit`` at a time, at last the import itself; the number of rows."""
        lines = self._statements.change(
            "DELETE FROM link_line WHERE list = ? AND line IN (SELECT line FROM link_line WHERE list = ? LIMIT ?)",
            (id_, id_, limit),
        )
        return lines or self._statements.change("DELETE FROM link_import WHERE id = ?", (id_,))

    def sources(self) -> set[str]:
        """The files that imports still name."""
        return {row[0] for row in self._statements.rows("SELECT DISTINCT source FROM link_import")}


_PLAIN: Final = (
    "project", "folder", "below", "source", "place", "name", "dry_run", "probe", "csv", "created_ms", "size", "lines",
    "job",
)  # fmt: skip


def _import(row: Row[Any]) -> LinkImport:
    return LinkImport(
        id=ImportId(row.id),
        project=ProjectId(row.project),
        folder=FolderId(row.folder),
        below=row.below,
        source=row.source,
        place=row.place,
        name=row.name,
        dry_run=row.dry_run,
        probe=row.probe,
        directories=Directories(row.directories),
        asker=_asker(row.asker),
        created_ms=row.created_ms,
        size=row.size,
        lines=row.lines,
        csv=row.csv,
        job=JobId(row.job),
        counts=_counts(row.counts),
        applied=None if row.applied is None else ImportId(row.applied),
    )


def _counts(stored: Mapping[str, int]) -> dict[Verdict, int]:
    return {Verdict(word): count for word, count in stored.items()}


def _stored(asker: Principal) -> list[Any]:
    roles = {str(project): int(role) for project, role in asker.roles.items()}
    return [asker.user, asker.email, asker.everywhere and int(asker.everywhere), roles]


def _asker(stored: Sequence[Any]) -> Principal:
    user, email, everywhere, roles = stored
    return Principal(
        UserId(user),
        email,
        None if everywhere is None else Role(everywhere),
        {int(project): Role(role) for project, role in roles.items()},
    )
