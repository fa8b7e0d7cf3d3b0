"""kill -9, an upgrade and a lost durable.db in the midst of a scan: the end is the same, and no page is lost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirroring.harbour import Harbour, opened
from moorage.durable.runner import DbosRunner, embedded_url
from moorage.model.access import SYSTEM
from moorage.model.jobs import JobState
from moorage.model.keys import Key

OBJECTS = 20_000
PAGES = OBJECTS // 1000
CHILD = """
import asyncio, sys
from pathlib import Path
from mirroring.harbour import opened
from mirroring.test_endurance import fill, slowly
from moorage.durable.runner import DbosRunner, embedded_url
from moorage.model.access import SYSTEM

async def main():
    data = Path(sys.argv[1])
    async with opened(data, DbosRunner(embedded_url(data), version=sys.argv[2]), prepare=fill) as harbour:
        slowly(harbour, 0.05)
        _, job = await harbour.mirrors.add(SYSTEM, project=harbour.project.id, store="reef", name="here")
        while (await harbour.job(job.id)).done < 3000:
            await asyncio.sleep(0.002)
        print("some pages are committed", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def fill(harbour: Harbour) -> None:
    """The same objects in every process."""
    from moorage.model.keys import ETag, key_bytes
    from moorage.model.objects import ObjectInfo

    for number in range(OBJECTS):
        key = Key(f"d{number % 10}/f{number:06}.jpg")
        harbour.shelf.objects[key] = (ObjectInfo(key, number, ETag(f"e{number}"), 1), b"")
    harbour.shelf.order[:] = sorted(key_bytes(key) for key in harbour.shelf.objects)


def slowly(harbour: Harbour, seconds: float) -> None:
    async def wait(after: Key | None, limit: int) -> None:
        await asyncio.sleep(seconds if limit > 1 else 0)

    harbour.before_page = wait


def lose_records(data: Path) -> None:
    for file in data.glob("durable.db*"):
        file.unlink()


async def killed_in_the_midst(data: Path, version: str = "1") -> None:
    """Start a scan in a process of its own and kill it when some pages are committed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(data),
        version,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )
    assert child.stdout is not None
    assert await child.stdout.readline() == b"some pages are committed\n"
    child.kill()
    await child.communicate()


@pytest.mark.parametrize("what", ["same version", "upgrade", "durable.db lost"])
async def test_a_killed_scan_goes_on_within_three_seconds_and_loses_no_page(tmp_path: Path, what: str) -> None:
    await killed_in_the_midst(tmp_path)
    if what == "durable.db lost":
        lose_records(tmp_path)
    runner = DbosRunner(embedded_url(tmp_path), version="2" if what == "upgrade" else "1")
    began = time.monotonic()
    async with opened(tmp_path, runner, prepare=fill) as harbour:
        before = (await harbour.jobs.all(SYSTEM))[0]
        done_before = before.done
        assert before.state is JobState.RUNNING
        assert 3000 <= done_before < OBJECTS, "it was killed in the midst"
        while (await harbour.job(before.id)).done == done_before:
            await asyncio.sleep(0.01)
        assert time.monotonic() - began < 3
        job = await harbour.ended(before.id)
        assert (job.state, job.done, job.outcome["added"]) == (JobState.SUCCEEDED, OBJECTS, OBJECTS)
        mirror = (await harbour.mirrors.all(SYSTEM))[0].mirror
        await harbour.assert_same(mirror)
        listed = sum(1 for _, limit in harbour.asked if limit > 1)
        most = PAGES - done_before // 1000 + 3 * 5
        assert listed <= most, "at most one page per partition is listed again"
        ids = [row.id for row in (await harbour.rows(mirror.id)).values()]
        assert len(set(ids)) == OBJECTS
        again = await harbour.reindex(mirror)
        assert (again.outcome["added"], again.outcome["changed"], again.outcome["vanished"]) == (0, 0, 0)
