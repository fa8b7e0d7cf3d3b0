"""Before much is called gone, somebody is asked; what is called gone was looked for twice."""

from __future__ import annotations

import pytest

from mirroring.harbour import Harbour
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Gone
from moorage.model.errors import Changed, Conflict, Invalid
from moorage.model.jobs import JobState
from moorage.model.mirror import OnVanished
from moorage.model.objects import ListingPage


async def a_hundred(harbour: Harbour) -> list[str]:
    keys = [f"2021/f{number:03}" for number in range(100)]
    await harbour.put(keys)
    return keys


async def test_a_quarter_gone_asks_and_changes_nothing_until_it_is_answered(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror("2021/")
    before = await harbour.rows(mirror.id)
    await harbour.drop(keys[:25])
    job = await harbour.reindex(mirror)
    assert job.state is JobState.NEEDS_CONFIRMATION
    assert job.question is not None
    assert job.question.text == "25 of 100 objects are gone from memory://reef/2021/."
    assert [name for name, _ in job.question.choices] == ["show", "accept", "again"]
    assert await harbour.rows(mirror.id) == before
    assert [row.key for row in await harbour.mirrors.missing(SYSTEM, job.id, limit=2)] == ["2021/f000", "2021/f001"]
    assert (await harbour.mirrors.reindex(SYSTEM, mirror.id)).id == job.id, "there is never a second scan"

    with pytest.raises(Changed):
        await harbour.jobs.confirm(SYSTEM, job.id, choice="accept", figures={"vanished": 24, "live": 100})
    with pytest.raises(Invalid):
        await harbour.jobs.confirm(SYSTEM, job.id, choice="show", figures=job.question.figures)
    assert (await harbour.job(job.id)).state is JobState.NEEDS_CONFIRMATION

    await harbour.jobs.confirm(SYSTEM, job.id, choice="accept", figures=job.question.figures)
    job = await harbour.ended(job.id)
    assert (job.state, job.outcome["vanished"], job.question) == (JobState.SUCCEEDED, 25, None)
    await harbour.assert_same(mirror)
    assert {fate for _, fate in (await harbour.gone(mirror.id)).values()} == {Gone.VANISHED}
    with pytest.raises(Conflict):
        await harbour.jobs.confirm(SYSTEM, job.id, choice="accept", figures={})


async def test_a_fifth_gone_is_believed_and_so_are_twenty_of_few(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror()
    await harbour.drop(keys[:20])
    assert (await harbour.reindex(mirror)).state is JobState.SUCCEEDED
    await harbour.drop(keys[20:36])
    assert (await harbour.reindex(mirror)).state is JobState.SUCCEEDED
    await harbour.assert_same(mirror)


async def test_figures_are_exact_though_counters_lag_behind(harbour: Harbour) -> None:
    keys = [f"f{number:04}" for number in range(300)]
    await harbour.put(keys)
    mirror, _ = await harbour.mirror()
    await harbour.drop(keys[:30])
    job = await harbour.ended((await harbour.mirrors.reindex(SYSTEM, mirror.id)).id)
    assert (job.state, job.outcome["vanished"]) == (JobState.SUCCEEDED, 30)
    await harbour.drop(keys[30:130])
    job = await harbour.ended((await harbour.mirrors.reindex(SYSTEM, mirror.id)).id)
    assert job.question is not None
    assert job.question.text == "100 of 270 objects are gone from memory://reef/."


async def test_a_mirror_that_keeps_everything_asks_nothing(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror(on_vanished=OnVanished.KEEP)
    await harbour.drop(keys[:90])
    job = await harbour.reindex(mirror)
    assert (job.state, job.outcome["vanished"]) == (JobState.SUCCEEDED, 90)
    assert len(await harbour.rows(mirror.id)) == 100


async def test_an_empty_listing_asks_however_few_the_rows_are(harbour: Harbour) -> None:
    await harbour.put(["a", "b"])
    mirror, _ = await harbour.mirror()
    await harbour.drop(["a", "b"])
    job = await harbour.reindex(mirror)
    assert job.state is JobState.NEEDS_CONFIRMATION
    assert len(await harbour.rows(mirror.id)) == 2


async def test_keep_everything_and_look_again_finds_what_came_back(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror()
    before = await harbour.rows(mirror.id)
    await harbour.drop(keys[:50])
    job = await harbour.reindex(mirror)
    assert job.question is not None
    await harbour.put(keys[:40])
    await harbour.jobs.confirm(SYSTEM, job.id, choice="again", figures=job.question.figures)
    job = await harbour.ended(job.id)
    assert (job.state, job.done) == (JobState.SUCCEEDED, 90)
    assert (job.outcome["vanished"], job.outcome["changed"]) == (10, 40)
    rows = await harbour.rows(mirror.id)
    assert {key: row.id for key, row in rows.items()} == {key: before[key].id for key in rows}
    await harbour.assert_same(mirror)


async def test_look_again_asks_again_when_it_still_holds(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror()
    await harbour.drop(keys[:50])
    job = await harbour.reindex(mirror)
    assert job.question is not None
    await harbour.jobs.confirm(SYSTEM, job.id, choice="again", figures=job.question.figures)
    job = await harbour.ended(job.id)
    assert job.state is JobState.NEEDS_CONFIRMATION
    assert len(await harbour.rows(mirror.id)) == 100


async def test_a_candidate_that_a_second_listing_names_stays(harbour: Harbour) -> None:
    keys = await a_hundred(harbour)
    mirror, _ = await harbour.mirror()
    lost = {b"2021/f007", b"2021/f042"}
    listings = 0

    def forgetful(page: ListingPage) -> ListingPage:
        nonlocal listings
        listings += 1
        if listings > 1:
            return page
        return ListingPage([one for one in page.objects if one.key.encode() not in lost], next_after=page.next_after)

    harbour.mend = forgetful
    await harbour.drop([keys[9]])
    job = await harbour.reindex(mirror)
    assert (job.state, job.outcome["vanished"]) == (JobState.SUCCEEDED, 1)
    await harbour.assert_same(mirror)


@pytest.mark.parametrize("policy", list(OnVanished))
async def test_what_vanished_is_hidden_removed_or_kept_as_the_mirror_says(harbour: Harbour, policy: OnVanished) -> None:
    await harbour.put(["a", "b"])
    mirror, _ = await harbour.mirror(on_vanished=policy)
    await harbour.drop(["a"])
    job = await harbour.reindex(mirror)
    assert (job.state, job.outcome["vanished"]) == (JobState.SUCCEEDED, 1)
    rows, gone = await harbour.rows(mirror.id), await harbour.gone(mirror.id)
    assert (b"a" in rows) is (policy is OnVanished.KEEP)
    assert (b"a" in gone) is (policy is OnVanished.HIDE)


async def test_scattered_candidates_are_confirmed_with_few_calls(harbour: Harbour) -> None:
    keys = [f"f{number:05}" for number in range(3000)]
    await harbour.put(keys)
    mirror, _ = await harbour.mirror()
    await harbour.drop(keys[::300])
    harbour.asked.clear()
    job = await harbour.reindex(mirror)
    assert job.outcome["vanished"] == 10
    confirming = [limit for _, limit in harbour.asked if 1 < limit < 1000]
    assert len(confirming) <= 10
    await harbour.assert_same(mirror)
