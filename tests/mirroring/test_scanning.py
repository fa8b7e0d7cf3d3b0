"""A scan makes the catalogue as the bucket is, and changes nothing else."""

from __future__ import annotations

from mirroring.harbour import Harbour
from moorage.model.catalogue import Gone
from moorage.model.jobs import JobState


async def test_a_first_scan_makes_an_item_of_every_object(harbour: Harbour) -> None:
    keys = ["cruise/a.jpg", "cruise/dir/b.png", "cruise/dir/deep/c.mp4", "cruise2/x.png", "other/x.png"]
    await harbour.put(keys)
    mirror, job = await harbour.mirror("cruise/")
    assert job.state is JobState.SUCCEEDED
    assert dict(job.outcome) == {
        "seen": 3, "added": 3, "changed": 0, "vanished": 0, "restored": 0, "skipped": 0
    }  # fmt: skip
    assert (job.done, job.total, job.bytes) == (3, 3, 3)
    await harbour.assert_same(mirror)


async def test_many_pages_in_partitions_make_the_same_rows(harbour: Harbour) -> None:
    harbour.page = 50
    await harbour.put(f"d{number % 7}/f{number:05}.jpg" for number in range(3000))
    mirror, job = await harbour.mirror()
    assert (job.state, job.outcome["added"], job.done) == (JobState.SUCCEEDED, 3000, 3000)
    await harbour.assert_same(mirror)
    works = await harbour.facts.read(lambda tx: tx.jobs.works(job.id, step="list"))
    assert len(works) >= 4, "partitions ran side by side"


async def test_an_unchanged_bucket_is_re_indexed_without_a_change(harbour: Harbour) -> None:
    harbour.page = 50
    await harbour.put(f"f{number:05}.jpg" for number in range(500))
    mirror, _ = await harbour.mirror()
    before = await harbour.rows(mirror.id)
    job = await harbour.reindex(mirror)
    assert (job.outcome["seen"], job.outcome["added"], job.outcome["changed"], job.outcome["vanished"]) == (
        500,
        0,
        0,
        0,
    )
    assert await harbour.rows(mirror.id) == before


async def test_ids_stay_when_objects_change_vanish_and_come_back(harbour: Harbour) -> None:
    await harbour.put(f"f{number}" for number in range(10))
    mirror, _ = await harbour.mirror()
    ids = {key: row.id for key, row in (await harbour.rows(mirror.id)).items()}
    await harbour.put({"f1": b"longer"})
    await harbour.drop(["f2"])
    job = await harbour.reindex(mirror)
    assert (job.outcome["changed"], job.outcome["vanished"]) == (1, 1)
    assert await harbour.gone(mirror.id) == {b"f2": (ids[b"f2"], Gone.VANISHED)}
    await harbour.assert_same(mirror)
    await harbour.put(["f2"])
    job = await harbour.reindex(mirror)
    assert (job.outcome["restored"], job.outcome["added"]) == (1, 0)
    assert {key: row.id for key, row in (await harbour.rows(mirror.id)).items()} == ids


async def test_what_a_person_hid_stays_hidden(harbour: Harbour) -> None:
    await harbour.put(["a", "b"])
    mirror, _ = await harbour.mirror()
    item = (await harbour.rows(mirror.id))[b"a"].id
    await harbour.facts.write(lambda tx: tx.items.bury([item], Gone.HIDDEN))
    job = await harbour.reindex(mirror)
    assert (job.outcome["added"], job.outcome["restored"]) == (0, 0)
    assert set(await harbour.rows(mirror.id)) == {b"b"}
    assert (await harbour.gone(mirror.id))[b"a"] == (item, Gone.HIDDEN)


async def test_keys_ending_in_a_slash_are_folders_or_items_without_a_name(harbour: Harbour) -> None:
    await harbour.put({"p/": b"", "p/empty/": b"", "p/full/": b"bytes", "p/a": b"1", "p/a/b": b"2", "p//c": b"3"})
    mirror, _ = await harbour.mirror("p/")
    await harbour.assert_same(mirror)
    names = [f.name for f in (await harbour.facts.read(lambda tx: tx.folders.children(mirror.folder))).rows]
    assert sorted(names) == ["", "a", "empty", "full"]
    await harbour.put({"p/full/": b""})
    await harbour.reindex(mirror)
    await harbour.assert_same(mirror)


async def test_globs_choose_what_is_taken(harbour: Harbour) -> None:
    await harbour.put(["p/a.jpg", "p/A.JPG", "p/sub/b.jpg", "p/sub/raw/c.jpg", "p/d.txt"])
    mirror, job = await harbour.mirror("p/", include=["**/*.jpg"], exclude=["**/raw/**"])
    assert set(await harbour.rows(mirror.id)) == {b"a.jpg", b"sub/b.jpg"}
    assert (job.outcome["seen"], job.outcome["skipped"]) == (2, 3)


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(harbour: Harbour) -> None:
    await harbour.put(f"f{number}" for number in range(5))
    mirror, _ = await harbour.mirror()
    await harbour.put(["new"])
    await harbour.put({"f1": b"longer"})
    await harbour.drop(["f2"])
    before, status = await harbour.rows(mirror.id), await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))
    job = await harbour.reindex(mirror, dry_run=True)
    assert job.state is JobState.SUCCEEDED
    assert (job.outcome["added"], job.outcome["changed"], job.outcome["vanished"]) == (1, 1, 1)
    assert await harbour.rows(mirror.id) == before
    assert await harbour.gone(mirror.id) == {}
    now = await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))
    assert now.last_complete_ms == status.last_complete_ms


async def test_unnameable_keys_make_the_job_partly_done(harbour: Harbour) -> None:
    from dataclasses import replace

    await harbour.put(["a", "b"])
    harbour.mend = lambda page: replace(page, unnameable=("after 'a'",)) if page.objects else page
    mirror, job = await harbour.mirror()
    assert job.state is JobState.PARTIAL
    assert job.errors["unnameable key"].count == 1
    await harbour.assert_same(mirror)
    assert (await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))).last_complete_ms is None


async def test_an_empty_bucket_is_an_empty_folder(harbour: Harbour) -> None:
    mirror, job = await harbour.mirror("none/")
    assert (job.state, job.outcome["seen"]) == (JobState.SUCCEEDED, 0)
    assert await harbour.rows(mirror.id) == {}
