"""Cleaning: what this check wrote goes in any case; what a killed one left goes with the next."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Coroutine
from typing import Final

from moorage.model.errors import MoorageError, ObjectNotFound
from moorage.model.keys import Key
from moorage.registering.probing.walk import Walk

LIMIT_S: Final = 10.0
STALE_MS: Final = 60 * 60 * 1000
"""No check takes so long: what is older has nobody who would remove it."""
_OURS: Final = re.compile(r"[0-9a-f]{32}(-copy|-parts)?")


async def sweep(walk: Walk) -> None:
    """Remove objects and uploads that earlier checks left, and none that one may be using now."""
    administration = walk.administration
    offset_ms = round(administration.clock_offset_s * 1000) if administration else 0
    before_ms = walk.now_ms + offset_ms - STALE_MS
    with contextlib.suppress(MoorageError, TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            for listed in (await walk.opened.list_page(walk.folder)).objects:
                if listed.modified_ms < before_ms and _ours(walk, listed.key):
                    await walk.opened.delete(listed.key)
    if administration is None:
        return
    with contextlib.suppress(MoorageError, TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            for upload in await administration.uploads(walk.folder) or ():
                if 0 < upload.begun_ms < before_ms and _ours(walk, upload.key):
                    await administration.abort(upload)


async def clean(walk: Walk) -> None:
    """Remove what this check wrote, and older versions of it where there are any. Never raises but for cancelling."""
    for key in sorted(walk.maybe):
        with contextlib.suppress(MoorageError, TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                await walk.opened.delete(key)
                walk.maybe.discard(key)
                walk.written.discard(key)
    await _purge(walk)
    for key in sorted(walk.maybe - walk.written):
        with contextlib.suppress(MoorageError, TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                try:
                    await walk.opened.stat(key)
                except ObjectNotFound:
                    continue
                walk.written.add(key)


async def in_any_case(work: Coroutine[None, None, None]) -> None:
    """Do it to its end, also where the one who waits for it is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as asked:
            cancelled = asked
    if cancelled is not None:
        raise cancelled
    task.result()


async def _purge(walk: Walk) -> None:
    administration = walk.administration
    if administration is None or not walk.versioned or walk.base is None:
        return
    try:
        async with asyncio.timeout(LIMIT_S):
            await administration.purge(walk.base)
    except (MoorageError, TimeoutError):
        walk.warnings.append(
            "The bucket keeps versions, and these credentials may not delete them: small old versions of probe objects "
            f"stay below {walk.folder}. A lifecycle rule that ends old versions there removes them."
        )


def _ours(walk: Walk, key: Key) -> bool:
    return _OURS.fullmatch(key.removeprefix(walk.folder)) is not None
