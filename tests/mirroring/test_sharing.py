"""A slice gives work away beside its pages, and stops trying where that is in vain."""

from __future__ import annotations

import asyncio

import pytest

from mirroring.harbour import Harbour
from moorage.mirroring.sharing import SHARE_AFTER, Sharing
from moorage.model.errors import StoreUnreachable
from moorage.model.jobs import JobId, JobState, Work
from moorage.model.keys import Key

ROW = Work(1, JobId(1), "scan", "list", 1)


class Tried:
    """Answers what it is told to, and counts how often it was asked after how many pages."""

    def __init__(self, *, answer: bool | Exception = True) -> None:
        self.answer = answer
        self.pages = 0
        self.after: list[int] = []
        self.free = asyncio.Event()
        self.free.set()

    async def share(self, _: Work) -> bool:
        self.after.append(self.pages)
        await self.free.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def go_on(self, sharing: Sharing, pages: int) -> None:
        for _ in range(pages):
            self.pages += 1
            sharing.went_on(ROW)
            await asyncio.sleep(0)
            await asyncio.sleep(0)


async def test_a_slice_that_can_share_looks_every_eight_pages() -> None:
    tried = Tried()
    await tried.go_on(Sharing(tried.share), 4 * SHARE_AFTER)
    assert tried.after == [8, 16, 24, 32]


@pytest.mark.parametrize("answer", [False, StoreUnreachable("down")], ids=["not worth it", "no answer"])
async def test_what_was_in_vain_is_tried_half_as_often(answer: bool | Exception) -> None:
    tried = Tried(answer=answer)
    await tried.go_on(Sharing(tried.share), 130)
    assert tried.after == [8, 24, 56, 120]


async def test_one_share_at_a_time_is_under_way_and_ends_with_the_slice() -> None:
    tried = Tried()
    tried.free.clear()
    sharing = Sharing(tried.share)
    await tried.go_on(sharing, 100)
    assert tried.after == [8]
    async with asyncio.timeout(5):
        await sharing.end()
    assert len(asyncio.all_tasks()) == 1


async def test_a_mistake_of_ours_is_not_passed_over() -> None:
    tried = Tried(answer=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        await tried.go_on(Sharing(tried.share), 2 * SHARE_AFTER)


def lopsided() -> list[str]:
    """Nearly all keys lie in one of the partitions that a first look makes."""
    return [*(f"{letter}/{number:05}.jpg" for letter in "abcdef" for number in range(600)), "h", "z"]


async def test_a_partition_with_most_of_the_keys_is_shared(harbour: Harbour) -> None:
    harbour.page = 20
    await harbour.put(lopsided())
    mirror, job = await harbour.mirror()
    assert (job.state, job.outcome["added"], job.done) == (JobState.SUCCEEDED, 3602, 3602)
    await harbour.assert_same(mirror)
    rows = await harbour.facts.read(lambda tx: tx.jobs.works(job.id, step="list"))
    assert len(rows) > 4


async def test_pages_go_on_while_the_store_is_asked_where_to_split(harbour: Harbour) -> None:
    harbour.page = 20
    await harbour.put(lopsided())
    stuck = asyncio.Event()

    async def before_page(_: Key | None, limit: int) -> None:
        if limit == 1 and sum(asked == 1000 for _, asked in harbour.asked) > 4:
            stuck.set()
            await asyncio.Event().wait()

    harbour.before_page = before_page
    mirror, job = await harbour.mirror()
    assert stuck.is_set()
    assert (job.state, job.outcome["added"]) == (JobState.SUCCEEDED, 3602)
    await harbour.assert_same(mirror)
