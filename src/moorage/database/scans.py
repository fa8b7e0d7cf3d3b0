"""Scans of mirrors, and the candidates that a scan did not find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy import Row as SqlRow

from moorage.database.statements import Statements
from moorage.database.tables_catalogue import ITEM
from moorage.database.tables_mirrors import MISSING, SCAN
from moorage.database.upsert import insert
from moorage.model.catalogue import SHARDS, FolderId, ItemId
from moorage.model.clock import now_ms
from moorage.model.errors import NotFound
from moorage.model.jobs import JobId
from moorage.model.mirror import MirrorId, Scan, ScanId
from moorage.model.transaction import Row

LOOK_UP: Final = 1000
"""Rows that one statement asks for; databases limit the parameters."""


class Scans:
    """Figures of scans, and their candidates: live rows whose key the listing did not name."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._connection = statements.connection

    def begin_scan(self, scan: Scan) -> Scan:
        """Insert it with a new id."""
        row = self._connection.execute(
            SCAN.insert()
            .values(
                mirror=scan.mirror,
                job=scan.job,
                dry_run=scan.dry_run,
                started_ms=scan.started_ms or now_ms(),
                live=scan.live,
                seen=scan.seen,
                added=scan.added,
                changed=scan.changed,
                vanished=scan.vanished,
                skipped=scan.skipped,
            )
            .returning(SCAN)
        ).one()
        return _scan(row)

    def scan_of(self, job: JobId) -> Scan:
        """The latest scan that the job began. NotFound when there is none."""
        row = self._connection.execute(
            select(SCAN).where(SCAN.c.job == job).order_by(SCAN.c.id.desc()).limit(1)
        ).first()
        if row is None:
            raise NotFound(f"Job {job} has no scan.", "It was removed, or its mirror was.")
        return _scan(row)

    def add_counts(
        self, scan: ScanId, *, seen: int = 0, added: int = 0, changed: int = 0, vanished: int = 0, skipped: int = 0
    ) -> None:
        """Add to the scan's figures."""
        more = {"seen": seen, "added": added, "changed": changed, "vanished": vanished, "skipped": skipped}
        changes = ", ".join(f"{name} = {name} + ?" for name, count in more.items() if count)
        if changes:
            self._statements.change(f"UPDATE scan SET {changes} WHERE id = ?", (*filter(None, more.values()), scan))

    def end_scan(self, scan: ScanId) -> None:
        """Note the time. Candidates that are left count no more; their rows go by ``purge_candidates``."""
        self._connection.execute(update(SCAN).where(SCAN.c.id == scan).values(ended_ms=now_ms()))

    def add_missing(self, scan: ScanId, rows: Sequence[Row]) -> None:
        """Write candidates down: live rows whose key the listing did not name. A repeat adds nothing."""
        if not rows:
            return
        statement = insert(self._connection, MISSING).on_conflict_do_nothing()
        self._connection.execute(
            statement,
            [
                {
                    "scan": scan,
                    "item": row.id,
                    "folder": row.folder,
                    "path": row.path,
                    "name": row.name,
                    "size": row.size,
                    "etag": row.etag,
                    "modified_ms": row.modified_ms,
                    "generation": row.generation,
                }
                for row in rows
            ],
        )

    def missing(self, scan: ScanId, *, after: int = 0, limit: int = 1000) -> list[Row]:
        """Candidates in ascending item id, greater than ``after``, that are still live and unchanged.

        Two look-ups by key for each page, because planners that choose a join read both tables whole.
        """
        found: list[Row] = []
        running = self._connection.execute(select(SCAN.c.id).where(SCAN.c.id == scan, SCAN.c.ended_ms.is_(None)))
        more = running.first() is not None
        while more and len(found) < limit:
            page = self._candidates(scan, after)
            live = self._versions([row.id for row in page])
            found += [row for row in page if live.get(row.id) == _version(row)]
            more = len(page) == LOOK_UP
            after = page[-1].id if more else after
        return found[:limit]

    def drop_missing(self, scan: ScanId, ids: Sequence[ItemId]) -> None:
        """Forget candidates; they were confirmed or found again."""
        if ids:
            one = delete(MISSING).where(MISSING.c.scan == scan, MISSING.c.item == bindparam("one"))
            self._connection.execute(one, [{"one": item} for item in ids])

    def _candidates(self, scan: ScanId, after: int) -> list[Row]:
        rows = self._connection.execute(
            select(MISSING)
            .where(MISSING.c.scan == scan, MISSING.c.item > after)
            .order_by(MISSING.c.item)
            .limit(LOOK_UP)
        )
        return [
            Row(
                FolderId(row.folder),
                row.path,
                row.name,
                ItemId(row.item),
                row.size,
                row.etag,
                row.modified_ms,
                row.generation,
            )
            for row in rows
        ]

    def _versions(self, ids: Sequence[ItemId]) -> dict[int, tuple[object, ...]]:
        """What names the bytes of live items, by id."""
        item = ITEM.c
        shards = {id_ % SHARDS for id_ in ids}
        rows = self._connection.execute(
            select(item.id, item.size, item.etag, item.modified_ms, item.generation).where(
                item.shard.in_(shards), item.id.in_(ids)
            )
        )
        return {row.id: tuple(row[1:]) for row in rows}


def _version(row: Row) -> tuple[object, ...]:
    return row.size, row.etag, row.modified_ms, row.generation


def purge_candidates(connection: Connection, limit: int) -> int:
    """Delete at most ``limit`` candidates of scans that have ended or are gone; 0: nothing is left."""
    for scan in _scans_with_candidates(connection):
        if connection.execute(select(SCAN.c.id).where(SCAN.c.id == scan, SCAN.c.ended_ms.is_(None))).first():
            continue
        some = select(MISSING.c.item).where(MISSING.c.scan == scan).limit(limit)
        return connection.execute(delete(MISSING).where(MISSING.c.scan == scan, MISSING.c.item.in_(some))).rowcount
    return 0


def _scans_with_candidates(connection: Connection) -> Iterator[int]:
    """Their ids, by one step into the index for each; the rows may be millions."""
    scan = 0
    while scan is not None:
        scan = connection.execute(select(func.min(MISSING.c.scan)).where(MISSING.c.scan > scan)).scalar_one()
        if scan is not None:
            yield scan


def _scan(row: SqlRow[Any]) -> Scan:
    return Scan(
        id=ScanId(row.id),
        mirror=MirrorId(row.mirror),
        job=JobId(row.job),
        dry_run=row.dry_run,
        started_ms=row.started_ms,
        live=row.live,
        seen=row.seen,
        added=row.added,
        changed=row.changed,
        vanished=row.vanished,
        skipped=row.skipped,
        ended_ms=row.ended_ms,
    )
