"""What the S3 adapter makes of servers that misbehave."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from moorage.model.errors import (
    AlreadyExists,
    BodyBroken,
    MoorageError,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key
from moorage.model.store import Condition
from moorage.stores.s3 import S3Store
from stores.facing import facing
from stores.faulty import HASTY, QUICK, drops, error, listing, says, short

A = Key("a")


# Repeats


async def test_a_listing_is_asked_for_again_after_a_passing_fault() -> None:
    async with facing(says(503), drops(), error(500, "InternalError"), says(200, listing("a"))) as (server, store):
        assert [one.key for one in (await store.list_page()).objects] == ["a"]
        assert len(server.asked) == 4
        assert (store.counters.requests["list"], store.counters.repeats, store.counters.faults) == (4, 3, 1)


async def test_tries_end_and_say_why() -> None:
    async with facing(error(503, "SlowDown")) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "slow down"
        assert len(server.asked) == QUICK.tries


async def test_an_outage_is_no_storm_of_repeats() -> None:
    async with facing(says(503)) as (server, store):
        for _ in range(30):
            with pytest.raises(StoreUnreachable):
                await store.list_page()
        assert 30 <= len(server.asked) <= 30 + 10 + 3


async def test_retry_after_is_waited_for() -> None:
    async with facing(says(503, Retry_After="1"), says(200, listing())) as (_, store):
        began = time.monotonic()
        await store.list_page()
        assert time.monotonic() - began >= 1


async def test_a_longer_retry_after_is_given_back() -> None:
    async with facing(says(503, Retry_After="3600")) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.retry_after_s == 3600
        assert len(server.asked) == 1


@pytest.mark.parametrize("size", [10, 300_000])
async def test_a_put_of_bytes_is_repeated_by_us_only(size: int) -> None:
    """aiohttp would send it again by itself, unsigned anew and uncounted."""
    async with facing(drops(), drops(), says(200, ETag='"e"')) as (server, store):
        await store.put(A, b"x" * size)
        assert [len(asked.body) for asked in server.asked] == [size] * 3
        assert (store.counters.requests["put"], store.counters.repeats) == (3, 2)


async def test_a_stream_that_was_used_up_is_not_sent_again() -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield b"x" * (1 << 20)

    async with facing(drops()) as (server, store):
        with pytest.raises(StoreUnreachable):
            await store.put(A, stream(), length=12 << 20)
        assert len(server.asked) == 1


async def test_a_lost_answer_to_a_conditional_put_is_no_conflict() -> None:
    etag = hashlib.md5(b"mine").hexdigest()
    refusal = error(412, "PreconditionFailed")
    async with facing(drops(), refusal, says(200, b"", ETag=f'"{etag}"', Content_Length="4")) as (_, store):
        info = await store.put(A, b"mine", condition=Condition(if_absent=True))
        assert info.etag == etag
    async with facing(drops(), refusal, says(200, b"", ETag='"another"', Content_Length="4")) as (_, store):
        with pytest.raises(AlreadyExists):
            await store.put(A, b"mine", condition=Condition(if_absent=True))


async def test_a_repeated_delete_that_finds_nothing_has_succeeded() -> None:
    async with facing(drops(), error(404, "NoSuchKey")) as (_, store):
        await store.delete(A)


# Bodies


async def test_a_body_that_ends_early_is_an_error_not_an_end() -> None:
    async with facing(short(b"half", 8)) as (_, store):
        body = await store.get(A)
        blocks = aiter(body)
        assert await anext(blocks) == b"half"
        with pytest.raises(BodyBroken) as caught:
            await anext(blocks)
        assert caught.value.key == A


async def test_a_body_that_stalls_is_given_up() -> None:
    async with facing(short(b"half", 8, then=lambda: asyncio.sleep(2)), limits=HASTY) as (_, store):
        async with await store.get(A) as body:
            with pytest.raises(StoreUnreachable) as caught:
                await body.read()
        assert caught.value.cause == "timeout"


async def test_a_server_that_never_answers_is_given_up() -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with facing(silent, limits=HASTY) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.delete(A)
        assert caught.value.cause == "timeout"
        assert len(server.asked) == HASTY.tries


async def test_a_server_that_takes_no_more_bytes_is_given_up() -> None:
    async def deaf(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with facing(deaf, limits=HASTY, read_bodies=False) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.put(A, b"x" * (32 << 20))
        assert caught.value.cause == "timeout"
        assert store.counters.bytes_sent < 4 * (32 << 20)


async def test_a_listing_cut_off_is_asked_for_again() -> None:
    page = listing("a", "b").encode()
    async with facing(short(page[:200], len(page)), says(200, page)) as (_, store):
        assert [one.key for one in (await store.list_page()).objects] == ["a", "b"]


@pytest.mark.parametrize(
    "page", [listing("a", "b")[:-40], listing("a", "b", count=3), listing("a").replace("IsTr", "Is")]
)
async def test_a_page_that_lost_keys_is_never_believed(page: str) -> None:
    async with facing(says(200, page)) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "unreadable listing"


@pytest.mark.parametrize(
    ("page", "prefix", "after"),
    [
        (listing("x/a", "x/b", truncated=True), "x/", Key("x/a")),
        (listing("x/c", "x/b", truncated=True), "x/", Key("x/b")),
        (listing("a", "x/b"), "x/", None),
        (listing(truncated=True), "", None),
    ],
)
async def test_a_listing_of_something_else_is_never_believed(page: str, prefix: str, after: Key | None) -> None:
    """A server that ignores start-after or prefix would be listed for ever, or hide what it has."""
    async with facing(says(200, page)) as (_, store):
        with pytest.raises(StoreUnreachable):
            await store.list_page(prefix, after=after)


async def test_bytes_that_differ_from_those_sent_are_noticed() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"x" * (9 << 20)

    async with facing(says(200, ETag=f'"{"0" * 32}"')) as (_, store):
        with pytest.raises(BodyBroken):
            await store.put(A, stream(), length=9 << 20)


async def test_a_cancelled_read_frees_its_connection() -> None:
    async with facing(short(b"x" * 100, 200, then=lambda: asyncio.sleep(5)), says(200, listing())) as (_, store):
        body = await store.get(A)
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert open_connections(store) == 0
        await store.list_page()


async def test_a_cancelled_put_closes_its_connection_in_mid_body() -> None:
    ended = asyncio.Event()

    async def watching(request: web.BaseRequest) -> web.StreamResponse:
        try:
            async for _ in request.content.iter_any():
                pass
        except BaseException:
            ended.set()
            raise
        return web.Response(headers={"ETag": '"whole"'})

    async def stream() -> AsyncIterator[bytes]:
        yield b"x" * (2 << 20)
        await asyncio.sleep(30)

    async with facing(watching, read_bodies=False) as (_, store):
        putting = asyncio.create_task(store.put(A, stream(), length=20 << 20))
        await asyncio.sleep(0.2)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert open_connections(store) == 0
        await asyncio.wait_for(ended.wait(), 5)


def open_connections(store: S3Store) -> int:
    """Connections that are in use, of all purposes."""
    sessions = store._transport._sessions.values()
    return sum(len(session.connector._acquired) for session in sessions if session.connector)


# Multipart and copies


async def test_an_error_inside_a_200_is_an_error() -> None:
    source = says(200, b"", ETag='"e"', Content_Length="4")
    async with facing(source, error(200, "InternalError")) as (_, store):
        with pytest.raises(MoorageError) as caught:
            await store.copy(A, Key("b"))
        assert "InternalError" in str(caught.value)


async def test_a_multipart_upload_that_fails_is_aborted() -> None:
    begun = says(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
    async with facing(begun, error(403, "AccessDenied")) as (server, store):
        with pytest.raises(StoreDenied) as caught:
            await store.put(A, b"x" * (65 << 20))
        assert caught.value.permission == "s3:PutObject"
        assert [asked.target for asked in server.asked if asked.method == "DELETE"] == ["/reef/a?uploadId=u1"]


async def test_a_multipart_upload_cancelled_while_it_begins_is_aborted() -> None:
    asked = asyncio.Event()

    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        await asyncio.sleep(0.2)
        return web.Response(
            text="<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
        )

    async with facing(error(404, "NoSuchUpload"), slowly, says(204)) as (server, store):
        trying = asyncio.create_task(store.try_multipart(A))
        await asked.wait()
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        assert [f"{one.method} {one.target}" for one in server.asked][1:] == [
            "POST /reef/a?uploads=", "DELETE /reef/a?uploadId=u1",
        ]  # fmt: skip


async def test_a_lost_answer_to_the_end_of_an_upload_is_resolved() -> None:
    digest = hashlib.md5(b"x" * (8 << 20)).hexdigest()
    rest = hashlib.md5(b"x" * (1 << 20)).hexdigest()
    whole = hashlib.md5(bytes.fromhex(digest * 8 + rest)).hexdigest() + "-9"
    completions = 0

    async def s3(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal completions
        if "uploads" in request.query:
            return web.Response(
                text="<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
            )
        if request.method == "PUT":
            etag = rest if request.query["partNumber"] == "9" else digest
            return web.Response(headers={"ETag": f'"{etag}"'})
        if request.method == "HEAD":
            return web.Response(headers={"ETag": f'"{whole}"', "Content-Length": str(65 << 20)})
        completions += 1
        return await (drops() if completions == 1 else error(404, "NoSuchUpload"))(request)

    async with facing(s3) as (_, store):
        assert (await store.put(A, b"x" * (65 << 20))).etag == whole
        assert completions == 2
