"""Whatever fails and wherever: nothing is called gone for it, and the end is the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mirroring.harbour import Harbour
from moorage.model.access import SYSTEM
from moorage.model.errors import StoreDenied, StoreUnreachable
from moorage.model.jobs import JobState
from moorage.model.keys import Bucket, Key
from moorage.model.mirror import MirrorState
from moorage.model.objects import ListingPage
from moorage.model.store import Provider
from moorage.model.transaction import Transaction
from moorage.stores.disk.store import DiskStore


def down() -> StoreUnreachable:
    return StoreUnreachable("The store does not answer; nothing was changed.", "Look at its server.", cause="down")


@pytest.mark.parametrize("seed", range(6))
async def test_a_listing_that_fails_at_any_page_is_tried_again_and_calls_nothing_gone(
    harbour: Harbour, seed: int
) -> None:
    chance = random.Random(seed)
    harbour.page = 20
    keys = [f"k{number:04}" for number in range(400)]
    await harbour.put(keys)
    mirror, _ = await harbour.mirror()
    await harbour.drop(keys[10:30])

    async def fail_sometimes(after: Key | None, limit: int) -> None:
        if limit > 1 and chance.random() < 0.15:
            raise down()

    harbour.before_page = fail_sometimes
    job = await harbour.reindex(mirror)
    while job.state is JobState.FAILED:
        await harbour.jobs.retry(SYSTEM, job.id)
        job = await harbour.ended(job.id)
    assert (job.state, job.outcome["vanished"]) == (JobState.SUCCEEDED, 20)
    await harbour.assert_same(mirror)


async def test_a_listing_that_always_fails_at_page_seven_ends_as_failed_with_every_row_kept(harbour: Harbour) -> None:
    harbour.page = 20
    keys = [f"k{number:04}" for number in range(400)]
    await harbour.put(keys)
    mirror, _ = await harbour.mirror()
    rows = await harbour.rows(mirror.id)
    await harbour.drop(keys[5:9])

    async def fail(after: Key | None, limit: int) -> None:
        if limit > 1 and after is not None and after >= "k0140":
            raise down()

    harbour.before_page = fail
    job = await harbour.reindex(mirror)
    assert job.state is JobState.FAILED
    assert job.errors["store unreachable"].count >= 5
    assert job.errors["store unreachable"].example == "The store does not answer; nothing was changed."
    assert await harbour.rows(mirror.id) == rows
    broken = await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))
    assert (broken.state, broken.reason) == (MirrorState.BROKEN, job.message)
    harbour.before_page = None
    await harbour.jobs.retry(SYSTEM, job.id)
    job = await harbour.ended(job.id)
    assert (job.state, dict(job.errors)) == (JobState.SUCCEEDED, {})
    assert (await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))).state is MirrorState.ACTIVE
    await harbour.assert_same(mirror)


async def test_a_store_that_refuses_fails_the_job_at_once(harbour: Harbour) -> None:
    await harbour.put(["a"])
    mirror, _ = await harbour.mirror()

    async def deny(after: Key | None, limit: int) -> None:
        raise StoreDenied("The store refused the listing; nothing was changed.", "Allow s3:ListBucket.")

    harbour.before_page = deny
    job = await harbour.reindex(mirror)
    assert (job.state, job.errors["store denied"].count) == (JobState.FAILED, 1)
    assert job.message == "The store refused the listing; nothing was changed. Allow s3:ListBucket."


@pytest.mark.parametrize(
    "spoil",
    [
        lambda page: replace(page, objects=page.objects[::-1]),
        lambda page: replace(page, objects=[*page.objects, page.objects[-1]]),
        lambda page: replace(page, next_after=Key("a")),
    ],
    ids=["reversed", "twice", "backwards"],
)
async def test_an_unsorted_page_is_an_error_and_calls_nothing_gone(
    harbour: Harbour, spoil: Callable[[ListingPage], ListingPage]
) -> None:
    await harbour.put([f"k{number}" for number in range(9)])
    mirror, _ = await harbour.mirror()
    rows = await harbour.rows(mirror.id)
    harbour.mend = spoil
    job = await harbour.reindex(mirror)
    assert (job.state, job.errors["store unreachable"].count) == (JobState.FAILED, 5)
    assert await harbour.rows(mirror.id) == rows


async def test_an_error_of_our_own_shows_its_type_and_never_its_text(harbour: Harbour) -> None:
    await harbour.put(["a"])

    async def fail(after: Key | None, limit: int) -> None:
        if limit > 1:
            raise ValueError("secret in here")

    harbour.before_page = fail
    _, job = await harbour.mirror()
    assert job.state is JobState.FAILED
    assert job.errors["unexpected error"].example == "ValueError in the step 'plan'."
    assert "secret" not in repr(job)


async def test_an_empty_root_that_held_objects_is_unreachable_and_keeps_every_row(
    harbour: Harbour, tmp_path: Path
) -> None:
    root = tmp_path / "disk"
    (root / "p").mkdir(parents=True)
    (root / "p" / "a").write_bytes(b"1")
    (root / "p" / "b").write_bytes(b"2")
    connection = replace(harbour.store.connection, provider=Provider.DISK, root=str(root))
    harbour.store = replace(harbour.store, connection=connection, bucket=Bucket(""))
    await harbour.facts.write(lambda tx: tx.stores.update(harbour.store))
    harbour.opener = DiskStore
    mirror, job = await harbour.mirror("p/")
    assert job.outcome["added"] == 2
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    job = await harbour.reindex(mirror)
    assert job.state is JobState.FAILED
    assert "probably not mounted" in job.message
    assert set(await harbour.rows(mirror.id)) == {b"a", b"b"}
    (root / "else").write_bytes(b"3")
    await harbour.jobs.retry(SYSTEM, job.id)
    job = await harbour.ended(job.id)
    assert job.state is JobState.NEEDS_CONFIRMATION, "the disk is there; only this prefix is empty"
    assert set(await harbour.rows(mirror.id)) == {b"a", b"b"}


async def test_rolled_back_commits_leave_the_same_rows(harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every third write fails just before its commit, or its answer is lost just after it."""
    harbour.page = 25
    keys = [f"d{number % 5}/k{number:04}" for number in range(500)]
    await harbour.put(keys)
    chance = random.Random(7)
    write = harbour.facts.write

    async def failing(work: Callable[[Transaction], object]) -> object:
        fate = chance.random()

        def doomed(tx: Transaction) -> object:
            work(tx)
            raise OSError("the disk is full")

        if fate < 0.15:
            return await write(doomed)
        answer = await write(work)
        if fate > 0.85:
            raise OSError("the connection was cut after the commit")
        return answer

    mirror, job = await harbour.mirrors.add(SYSTEM, project=harbour.project.id, store="reef", name="here")
    monkeypatch.setattr(harbour.facts, "write", failing)
    for _ in range(400):
        job = await harbour.job(job.id)
        if job.state is JobState.FAILED:
            monkeypatch.setattr(harbour.facts, "write", write)
            await harbour.jobs.retry(SYSTEM, job.id)
            monkeypatch.setattr(harbour.facts, "write", failing)
        elif job.state.final:
            break
        await asyncio.sleep(0.05)
        harbour.dispatcher.hint()
    assert job.state is JobState.SUCCEEDED
    await harbour.assert_same(mirror)
    assert (job.outcome["seen"], job.outcome["added"]) == (500, 500), "no page counts twice"
