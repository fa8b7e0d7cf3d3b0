"""Jobs side by side, a bounded number at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine


async def side_by_side(jobs: AsyncIterator[Coroutine[None, None, None]], most: int) -> None:
    """Run the jobs, at most that many at once; the first failure cancels the others and is raised."""
    running: set[asyncio.Task[None]] = set()
    try:
        async for job in jobs:
            running.add(asyncio.create_task(job))
            if len(running) >= most:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
