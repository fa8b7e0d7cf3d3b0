"""Checks: which links no longer resolve, why, and since when; what they learn of objects is noted."""

from __future__ import annotations

import asyncio

from linking.pier import Pier
from moorage.model.access import SYSTEM
from moorage.model.jobs import Job, JobState

LINKS = "fs://dk/a.txt\nfs://dk/b.txt\nfs://dk/c.txt\n"


async def checked(pier: Pier) -> Job:
    return await pier.ended((await pier.links.check(SYSTEM, pier.project.id)).id)


async def broken(pier: Pier) -> dict[str, tuple[str, int]]:
    rows, total = await pier.links.broken(SYSTEM, pier.project.id)
    assert total == len(rows)
    return {row.item.name: (row.reason, row.since_ms) for row in rows}


async def test_a_link_is_broken_since_the_first_check_that_said_so_until_its_object_is_back(
    pier: Pier,
) -> None:
    pier.put(["a.txt", "b.txt", "c.txt"])
    await pier.imported(LINKS)
    assert (await checked(pier)).message == "3 resolve."
    assert not await broken(pier)
    assert {item.size for item in (await pier.items()).values()} == {5}
    (pier.root / "media" / "b.txt").unlink()
    job = await checked(pier)
    assert (job.state, job.message, job.done, job.total) == (JobState.PARTIAL, "2 resolve, 1 broken.", 3, 3)
    first = await broken(pier)
    assert first["b.txt"][0] == "The store has no such object."
    await asyncio.sleep(0.01)
    await checked(pier)
    assert await broken(pier) == first
    pier.put(["b.txt"])
    assert (await checked(pier)).state is JobState.SUCCEEDED
    assert not await broken(pier)


async def test_a_store_that_does_not_answer_breaks_no_link_and_is_told(pier: Pier) -> None:
    pier.put(["a.txt", "b.txt", "c.txt"])
    await pier.imported(LINKS)
    (pier.root / "media").rename(pier.root / "away")
    job = await checked(pier)
    assert (job.state, job.message) == (JobState.PARTIAL, "0 resolve, 3 not looked at.")
    assert job.errors["store does not answer"].count == 3
    assert not await broken(pier)


async def test_a_check_of_many_links_goes_page_by_page_and_there_is_one_at_a_time(pier: Pier) -> None:
    pier.put(f"{number}.txt" for number in range(600))
    await pier.imported("".join(f"fs://dk/{number}.txt\n" for number in range(700)))
    first, second = [await pier.links.check(SYSTEM, pier.project.id) for _ in range(2)]
    assert first.id == second.id
    job = await pier.ended(first.id)
    assert (job.done, job.outcome) == (700, {"resolve": 600, "broken": 100, "not_asked": 0})
    page, total = await pier.links.broken(SYSTEM, pier.project.id, limit=30)
    assert (len(page), total) == (30, 100)


async def test_a_project_without_links_has_nothing_to_check(pier: Pier) -> None:
    job = await checked(pier)
    assert (job.state, job.message) == (JobState.SUCCEEDED, "0 resolve.")
