"""Objects read through the cache from servers that lie, stall or break off: only what was asked for is kept."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from moorage.cache import FileChunkCache
from moorage.model.chunks import CHUNK_BYTES
from moorage.model.errors import BodyBroken, Changed, MoorageError, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ObjectInfo
from moorage.model.store import StoreId
from moorage.reading.originals import Original, Originals
from stores.facing import facing
from stores.faulty import HASTY, Answer, Faulty

SIZE = 3 * CHUNK_BYTES + 4321
DATA = random.Random(4).randbytes(SIZE)
OTHER = DATA[::-1]
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
DAYS = timedelta(days=7)


def asked(request: web.BaseRequest) -> tuple[int, int]:
    """The span [start, stop) that the request names."""
    found = RANGE.fullmatch(request.headers["Range"])
    assert found is not None
    return int(found[1]), min(int(found[2]) + 1, SIZE)


def told(start: int, stop: int, size: int = SIZE, etag: str = '"v1"') -> dict[str, str]:
    return {"ETag": etag, "Content-Range": f"bytes {start}-{stop - 1}/{size}"}


async def sends(
    request: web.BaseRequest, body: bytes, headers: dict[str, str], *, length: int | None = None, wait_s: float = 0
) -> web.StreamResponse:
    """A 206 whose connection is dropped where the body is not as long as was announced."""
    response = web.StreamResponse(status=206, headers=headers)
    response.content_length = len(body) if length is None else length
    await response.prepare(request)
    await response.write(body[:length])
    await asyncio.sleep(wait_s)
    if length is not None and length > len(body):
        assert request.transport is not None
        request.transport.abort()
    return response


async def honest(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[start:stop], told(start, stop))


async def stalls(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(
        request, DATA[start : start + CHUNK_BYTES + 10], told(start, stop), length=stop - start, wait_s=1
    )


async def resets(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[start : start + CHUNK_BYTES + 10], told(start, stop), length=stop - start)


async def sends_less(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[start : stop - 10], told(start, stop - 10))


async def sends_more(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[start:stop] + b"more", told(start, stop))


async def sends_another_place(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[: stop - start][::-1], told(start + 1, stop + 1, SIZE + 1))


async def sends_its_beginning(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, DATA[: stop - start - 1], told(0, stop - start - 1))


async def sends_all(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=DATA, headers={"ETag": '"v1"'})


async def sends_another_version(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, OTHER[start:stop], told(start, stop, etag='"v2"'))


async def tells_another_size(request: web.BaseRequest) -> web.StreamResponse:
    start, stop = asked(request)
    return await sends(request, OTHER[start:stop], told(start, stop, SIZE + 1))


@asynccontextmanager
async def read_through(
    root: Path, *answers: Answer
) -> AsyncIterator[tuple[Faulty, Callable[..., asyncio.Future[bytes]]]]:
    """A server that gives these answers, and reads of its object through a new cache."""
    async with facing(*answers, limits=HASTY) as (server, store):
        cache = FileChunkCache(root / "originals", max_bytes=1 << 30, max_age=DAYS)
        originals = Originals(cache, expires=DAYS, stale=True)
        info = ObjectInfo(Key("reef.mp4"), SIZE, ETag("v1"), 1)

        async def read(start: int = 0, stop: int = SIZE) -> bytes:
            body = await originals.open(Original(StoreId(1), info, info.version, store), ByteRange(start, stop - start))
            assert body is not None
            async with body:
                return await body.read()

        try:
            yield server, lambda *span: asyncio.ensure_future(read(*span))
        finally:
            await originals.aclose()
            await cache.aclose()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (stalls, StoreUnreachable),
        (resets, (BodyBroken, StoreUnreachable)),
        (sends_less, BodyBroken),
        (sends_another_place, (BodyBroken, Changed)),
        (sends_its_beginning, BodyBroken),
        (sends_all, StoreUnreachable),
        (sends_another_version, Changed),
        (tells_another_size, Changed),
    ],
)
async def test_what_is_not_what_was_asked_for_is_an_error_and_is_not_kept(
    tmp_path: Path, bad: Answer, error: type[MoorageError] | tuple[type[MoorageError], ...]
) -> None:
    start = 1000
    async with read_through(tmp_path, bad, bad, honest) as (server, read):
        server.answers = [bad]
        found = await asyncio.gather(read(start), read(start, SIZE - 1), return_exceptions=True)
        assert [one for one in found if not isinstance(one, error)] == []
        server.answers = [honest]
        assert await read(start) == DATA[start:]
        for span in ((0, SIZE), (CHUNK_BYTES - 1, CHUNK_BYTES + 1), (SIZE - 1, SIZE)):
            assert await read(*span) == DATA[slice(*span)]


async def test_bytes_beyond_those_announced_are_no_part_of_the_object(tmp_path: Path) -> None:
    async with read_through(tmp_path, sends_more) as (_, read):
        found = (await asyncio.gather(read(), return_exceptions=True))[0]
        assert found == DATA or isinstance(found, MoorageError)
    async with read_through(tmp_path, honest) as (_, read):
        assert await read() == DATA


async def test_what_came_before_a_break_is_not_fetched_again(tmp_path: Path) -> None:
    async with read_through(tmp_path, resets) as (server, read):
        await asyncio.gather(read(), return_exceptions=True)
        server.answers = [honest]
        assert await read() == DATA
        assert server.asked[-1].headers["range"] == f"bytes={CHUNK_BYTES}-{SIZE - 1}"
