"""Whatever happens to a bucket, a re-index ends with its content, and an item keeps its id for life."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mirroring.harbour import Harbour, opened
from moorage.model.access import SYSTEM
from moorage.model.jobs import JobState

KEYS = [
    "a",
    "a/",
    "a/b",
    "a//b",
    "a/b/",
    "b c",
    "b+c",
    "é",
    "z\x01z",
    "\udcff",
    "..",
    "./x",
    "/lead",
    "trail ",
    "q/r/s",
]
puts = st.tuples(st.sampled_from(KEYS), st.binary(max_size=2))
steps = st.lists(st.one_of(puts, st.sampled_from(KEYS), st.none()), max_size=25)


async def live(harbour: Harbour, steps: list[object], page: int) -> None:
    """``None`` looks again, a pair puts, a key deletes."""
    harbour.page = page
    mirror, _ = await harbour.mirror()
    ids: dict[bytes, int] = {}
    for step in [*steps, None]:
        if isinstance(step, tuple):
            await harbour.put({step[0]: step[1]})
        elif isinstance(step, str):
            await harbour.drop([step])
        else:
            job = await harbour.ended((await harbour.mirrors.reindex(SYSTEM, mirror.id)).id)
            if job.question is not None:
                await harbour.jobs.confirm(SYSTEM, job.id, choice="accept", figures=job.question.figures)
                job = await harbour.ended(job.id)
            assert job.state is JobState.SUCCEEDED
            await harbour.assert_same(mirror)
            rows = await harbour.rows(mirror.id)
            assert job.outcome["seen"] == len(harbour.shelf.objects)
            for key, row in rows.items():
                assert ids.setdefault(key, row.id) == row.id


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.integers(1, 4))
def test_any_history_ends_with_the_content_of_the_bucket(steps: list[object], page: int) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as data:
            async with opened(Path(data)) as harbour:
                await live(harbour, steps, page)

    asyncio.run(run())
