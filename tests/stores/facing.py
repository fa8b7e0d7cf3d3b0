"""An S3 store that faces a scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moorage.stores.s3 import Limits, S3Store
from stores.faulty import QUICK, Answer, Faulty, faulty, store_on


@asynccontextmanager
async def facing(
    *answers: Answer, limits: Limits = QUICK, read_bodies: bool = True
) -> AsyncIterator[tuple[Faulty, S3Store]]:
    async with faulty(*answers, read_bodies=read_bodies) as server:
        store = S3Store(store_on(server), limits=limits)
        try:
            yield server, store
        finally:
            await store.aclose()
