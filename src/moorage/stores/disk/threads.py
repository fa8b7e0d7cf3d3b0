"""Blocking calls in a bounded pool of threads, with a time limit and an orderly end when cancelled."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

T = TypeVar("T")

THREADS: Final = 32
"""Per process, for all disk stores together."""
QUICK_S: Final = 60.0
"""For a block, a stat, an open: a disk that takes longer does not answer."""
LONG_S: Final = 600.0
"""For the flush of a written object, and for the names of a folder of millions."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="disk")


async def hop(
    work: Callable[[], T],
    *,
    limit_s: float = QUICK_S,
    undo: Callable[[T], None] | None = None,
    certain: bool = False,
) -> T:
    """The result of ``work``, run in a thread.

    Cancelled, it first lets a running ``work`` end, so that no thread touches a descriptor that the caller closes;
    ``undo`` is then given the result that nobody takes. ``certain`` work runs even if it had not begun.
    Raises TimeoutError after ``limit_s``.
    """
    job = _pool().submit(work)
    future = asyncio.wrap_future(job)
    try:
        done, _ = await asyncio.wait({future}, timeout=limit_s)
    except asyncio.CancelledError:
        if certain or not job.cancel():
            future.add_done_callback(lambda ended: _drop(ended, undo))
            await asyncio.wait({future}, timeout=limit_s)
        raise
    if not done:
        future.add_done_callback(lambda ended: _drop(ended, undo))
        raise TimeoutError(errno.ETIMEDOUT, f"no answer within {limit_s:.0f} seconds")
    return future.result()


def _drop(ended: asyncio.Future[T], undo: Callable[[T], None] | None) -> None:
    if not ended.cancelled() and ended.exception() is None and undo is not None:
        undo(ended.result())
