"""On PostgreSQL partitions commit truly side by side; the end is the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from mirroring.harbour import Harbour, opened_at
from moorage.database.schema import upgrade
from moorage.model.access import SYSTEM
from moorage.model.jobs import JobState
from servers import postgres


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Cluster]:
    with postgres.running() as one:
        yield one


@pytest.fixture
async def harbour(cluster: postgres.Cluster) -> AsyncIterator[Harbour]:
    with cluster.database() as url:
        upgrade(url)
        async with opened_at(url) as one:
            yield one


async def test_partitions_side_by_side_end_once_with_the_content_of_the_bucket(harbour: Harbour) -> None:
    harbour.page = 40
    keys = [f"d{number % 7}/f{number:05}" for number in range(2500)]
    await harbour.put(keys)
    mirror, job = await harbour.mirror()
    assert (job.state, job.outcome["added"], job.done) == (JobState.SUCCEEDED, 2500, 2500)
    await harbour.assert_same(mirror)
    ids = {key: row.id for key, row in (await harbour.rows(mirror.id)).items()}
    for number in range(3):
        await harbour.drop(keys[number * 100 : number * 100 + 100])
        await harbour.put(dict.fromkeys(keys[number * 100 + 500 : number * 100 + 550], b"longer"))
        await harbour.put([f"new{number}/{one}" for one in range(90)])
        job = await harbour.reindex(mirror)
        assert job.state is JobState.SUCCEEDED
        assert (job.outcome["vanished"], job.outcome["changed"], job.outcome["added"]) == (100, 50, 90)
        await harbour.assert_same(mirror)
    rows = await harbour.rows(mirror.id)
    assert all(ids[key] == row.id for key, row in rows.items() if key in ids)
    again = await harbour.reindex(mirror)
    assert (again.outcome["added"], again.outcome["changed"], again.outcome["vanished"]) == (0, 0, 0)


async def test_a_guard_asks_and_takes_an_answer(harbour: Harbour) -> None:
    await harbour.put(f"f{number:03}" for number in range(100))
    mirror, _ = await harbour.mirror()
    await harbour.drop([f"f{number:03}" for number in range(60)])
    job = await harbour.reindex(mirror)
    assert job.question is not None
    await harbour.jobs.confirm(SYSTEM, job.id, choice="accept", figures=job.question.figures)
    assert (await harbour.ended(job.id)).outcome["vanished"] == 60
    await harbour.assert_same(mirror)
