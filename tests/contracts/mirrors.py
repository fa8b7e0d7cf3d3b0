"""What every catalogue promises about mirrors; a database's tests subclass ``MirrorsContract``."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from moorage.model.catalogue import FolderId, Gone, ItemId, ProjectId
from moorage.model.clock import now_ms
from moorage.model.errors import NotFound
from moorage.model.jobs import Job, JobId, JobState, Work
from moorage.model.keys import Prefix
from moorage.model.mirror import Mirror, MirrorId, MirrorState, OnVanished, Scan, ScanId
from moorage.model.store import StoreId
from moorage.model.transaction import ChangedRow, Facts, ItemQuery, NewRow, Row, Transaction


@dataclass(frozen=True)
class Moored:
    """A mirror with a running scan, and the live rows of its mount: ``names`` in order."""

    mirror: Mirror
    scan: Scan
    work: Work
    rows: list[Row]


def _mirror(project: int = 1, folder: int = 1) -> Mirror:
    return Mirror(MirrorId(0), ProjectId(project), FolderId(folder), StoreId(9), Prefix("reef/"))


def moor(tx: Transaction, names: bytes = b"abcde") -> Moored:
    """A project with a mirror of one item for each letter, and a scan of it."""
    project = tx.projects.add("reef")
    mirror = tx.mirrors.add(_mirror(project.id, project.root))
    mount = tx.folders.mount(project.root, "mount", mirror.id)
    mirror = replace(mirror, folder=mount.id)
    tx.mirrors.update(mirror)
    tx.items.insert(project.id, [NewRow(mount.id, bytes([name]), 1, 10, "e1", 5, "g1") for name in names])
    job = tx.jobs.add(Job(JobId(0), "scan", mirror.id, JobState.RUNNING, "scan", 0, project=project.id))
    scan = tx.mirrors.begin_scan(Scan(ScanId(0), mirror.id, job.id, dry_run=False, started_ms=7, live=len(names)))
    rows = sorted(tx.items.between(mount.id, None, None), key=lambda row: row.name)
    return Moored(mirror, scan, tx.jobs.add_work(job.id, "list"), rows)


class MirrorsContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_mirror_comes_back_as_it_was_added(self, facts: Facts) -> None:
        asked = Mirror(
            MirrorId(0),
            ProjectId(2**40),
            FolderId(2**52),
            StoreId(3),
            Prefix("a\udcff\x00//"),
            ("**/*.jpg", "\udcfe"),
            ("tmp/**",),
            OnVanished.KEEP,
            MirrorState.BROKEN,
            "because \x00",
            7,
            JobId(8),
            9,
        )
        mirror = await facts.write(lambda tx: tx.mirrors.add(asked))
        assert mirror == replace(asked, id=mirror.id)
        assert await facts.read(lambda tx: tx.mirrors.get(mirror.id)) == mirror

    async def test_mirrors_are_listed_by_project(self, facts: Facts) -> None:
        one = await facts.write(lambda tx: tx.mirrors.add(_mirror(1)))
        two = await facts.write(lambda tx: tx.mirrors.add(_mirror(2)))
        assert await facts.read(lambda tx: tx.mirrors.all()) == [one, two]
        assert await facts.read(lambda tx: tx.mirrors.all(ProjectId(2))) == [two]
        assert abs(one.created_ms - now_ms()) < 60_000

    async def test_an_update_writes_all_fields(self, facts: Facts) -> None:
        mirror = await facts.write(lambda tx: tx.mirrors.add(_mirror()))
        changed = replace(
            mirror,
            state=MirrorState.PAUSED,
            reason="asked",
            include=("a",),
            exclude=("b",),
            on_vanished=OnVanished.REMOVE,
            last_job=JobId(4),
            last_complete_ms=5,
        )
        await facts.write(lambda tx: tx.mirrors.update(changed))
        assert await facts.read(lambda tx: tx.mirrors.get(mirror.id)) == changed

    async def test_what_concerns_no_mirror_is_not_found(self, facts: Facts) -> None:
        def each(tx: Transaction) -> None:
            for act in (
                lambda: tx.mirrors.get(MirrorId(99)),
                lambda: tx.mirrors.update(replace(_mirror(), id=MirrorId(99))),
                lambda: tx.mirrors.remove(MirrorId(99)),
                lambda: tx.mirrors.scan_of(JobId(99)),
            ):
                with pytest.raises(NotFound):
                    act()

        await facts.write(each)

    async def test_a_scan_counts_and_ends(self, facts: Facts) -> None:
        moored = await facts.write(moor)

        def count(tx: Transaction) -> list[Scan]:
            tx.mirrors.add_counts(moored.scan.id, seen=10, added=1, changed=2)
            tx.mirrors.add_counts(moored.scan.id, seen=5, vanished=3, skipped=4)
            tx.mirrors.add_counts(moored.scan.id)
            running = tx.mirrors.scan_of(moored.scan.job)
            tx.mirrors.end_scan(moored.scan.id)
            return [running, tx.mirrors.scan_of(moored.scan.job)]

        running, ended = await facts.write(count)
        assert running == replace(moored.scan, seen=15, added=1, changed=2, vanished=3, skipped=4)
        assert ended.ended_ms is not None
        assert replace(ended, ended_ms=None) == running
        assert (running.live, running.started_ms, running.dry_run) == (5, 7, False)

    async def test_candidates_come_by_id_in_pages_and_once(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        scan, rows = moored.scan.id, sorted(moored.rows, key=lambda row: row.id)

        def pages(tx: Transaction) -> list[list[Row]]:
            tx.mirrors.add_missing(scan, rows[2:])
            tx.mirrors.add_missing(scan, rows)
            tx.mirrors.add_missing(scan, [])
            first = tx.mirrors.missing(scan, limit=2)
            rest = tx.mirrors.missing(scan, after=first[-1].id)
            return [first, rest, tx.mirrors.missing(ScanId(scan + 1))]

        assert await facts.write(pages) == [rows[:2], rows[2:], []]

    async def test_candidates_that_changed_died_or_went_are_passed_over(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        scan, mount = moored.scan.id, moored.mirror.folder
        a, b, c, d, e = moored.rows

        def change(tx: Transaction) -> list[Row]:
            tx.mirrors.add_missing(scan, moored.rows)
            tx.items.change([ChangedRow(mount, b"a", 11, "e1", 5, "g1"), ChangedRow(mount, b"b", 10, "e1", 5, "g2")])
            tx.items.bury([c.id], Gone.VANISHED)
            tx.items.remove([d.id])
            return tx.mirrors.missing(scan)

        assert await facts.write(change) == [e]
        assert (a.size, b.generation) == (10, "g1")

    async def test_a_page_of_candidates_is_full_though_thousands_before_it_changed(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        scan, mount, project = moored.scan.id, moored.mirror.folder, moored.mirror.project

        def grow(tx: Transaction) -> list[Row]:
            tx.items.insert(project, [NewRow(mount, b"n%05d" % n, 1, 10, "e1", 5, "g1") for n in range(2500)])
            rows = sorted(tx.items.between(mount, None, None), key=lambda row: row.id)
            tx.mirrors.add_missing(scan, rows)
            tx.items.bury([row.id for row in rows[:2100]], Gone.VANISHED)
            return rows

        rows = await facts.write(grow)
        assert await facts.read(lambda tx: tx.mirrors.missing(scan, limit=3)) == rows[2100:2103]
        assert await facts.read(lambda tx: tx.mirrors.missing(scan)) == rows[2100:]

    async def test_candidates_are_dropped_one_by_one_and_at_the_end(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        scan, rows = moored.scan.id, sorted(moored.rows, key=lambda row: row.id)

        def drop(tx: Transaction) -> list[list[Row]]:
            tx.mirrors.add_missing(scan, rows)
            tx.mirrors.drop_missing(scan, [rows[1].id, rows[3].id, ItemId(77)])
            tx.mirrors.drop_missing(scan, [])
            left = tx.mirrors.missing(scan)
            tx.mirrors.end_scan(scan)
            return [left, tx.mirrors.missing(scan)]

        assert await facts.write(drop) == [[rows[0], rows[2], rows[4]], []]

    async def test_candidates_of_ended_scans_are_deleted_in_pieces_and_others_stay(self, facts: Facts) -> None:
        moored = await facts.write(moor)

        def end(tx: Transaction) -> ScanId:
            other = tx.mirrors.begin_scan(replace(moored.scan, id=ScanId(0)))
            for scan in (moored.scan.id, other.id):
                tx.mirrors.add_missing(scan, moored.rows)
            tx.mirrors.end_scan(moored.scan.id)
            return other.id

        other = await facts.write(end)
        assert [await facts.write(lambda tx: tx.jobs.remove_old(0, 2)) for _ in range(4)] == [2, 2, 1, 0]
        assert len(await facts.read(lambda tx: tx.mirrors.missing(other))) == 5

    async def test_a_removed_mirror_leaves_an_empty_plain_folder(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        project = moored.mirror.project

        def remove(tx: Transaction) -> None:
            tx.mirrors.add_missing(moored.scan.id, moored.rows)
            tx.mirrors.remove(moored.mirror.id)

        await facts.write(remove)

        def look(tx: Transaction) -> list[object]:
            folder = tx.folders.child(tx.projects.get(project).root, "mount")
            assert folder is not None
            items = tx.items.page(folder.id, ItemQuery()).rows
            return [folder.mirror, items, tx.mirrors.all(), tx.mirrors.missing(moored.scan.id)]

        assert await facts.read(look) == [None, [], [], []]
        while await facts.write(lambda tx: tx.projects.purge()):
            pass
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.items.get(moored.rows[0].id))
        assert await facts.read(look) == [None, [], [], []]

    async def test_a_page_of_a_removed_mirror_can_no_longer_be_committed(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: tx.mirrors.remove(moored.mirror.id))
        assert not await facts.write(lambda tx: tx.jobs.advance(moored.work, b"k", done=False))
        job = await facts.read(lambda tx: tx.jobs.get(moored.scan.job))
        assert (job.state, job.message) == (JobState.CANCELLED, "The mirror was removed.")
        assert job.ended_ms is not None
        assert await facts.read(lambda tx: tx.jobs.runnable(2**50)) == []

    async def test_removing_a_mirror_leaves_ended_jobs_and_other_mirrors_alone(self, facts: Facts) -> None:
        moored = await facts.write(moor)

        def finish(tx: Transaction) -> Mirror:
            tx.jobs.set_state(moored.scan.job, JobState.SUCCEEDED, message="done")
            other = tx.mirrors.add(_mirror())
            tx.mirrors.remove(moored.mirror.id)
            return other

        other = await facts.write(finish)
        assert (await facts.read(lambda tx: tx.jobs.get(moored.scan.job))).state is JobState.SUCCEEDED
        assert await facts.read(lambda tx: tx.mirrors.all()) == [other]
