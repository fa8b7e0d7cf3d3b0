"""What the S3 adapter makes of servers that send it elsewhere, or say no."""

from __future__ import annotations

import time

import pytest
from aiohttp import web

from moorage.model.errors import (
    MoorageError,
    ObjectNotFound,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key
from moorage.model.store import Store
from moorage.stores.s3 import S3Store
from stores.facing import facing
from stores.faulty import QUICK, SECRET_KEY, Answer, error, faulty, listing, says, store_on

A = Key("a")


# Where and when


async def test_another_region_is_learnt_once() -> None:
    async def s3(request: web.BaseRequest) -> web.StreamResponse:
        if "/eu-north-1/s3/" in request.headers["Authorization"]:
            return web.Response(text=listing("a"))
        return await error(301, "PermanentRedirect", x_amz_bucket_region="eu-north-1")(request)

    async with facing(s3) as (server, store):
        for _ in range(3):
            assert (await store.list_page()).objects
        assert len(server.asked) == 4
        assert all(asked.signed for asked in server.asked)


async def test_a_region_named_in_an_error_is_learnt_by_a_stat() -> None:
    async def s3(request: web.BaseRequest) -> web.StreamResponse:
        if "/eu-north-1/s3/" in request.headers["Authorization"]:
            return web.Response(headers={"ETag": '"e"', "Content-Length": "4"})
        return await error(400, "AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>")(request)

    async with facing(s3) as (server, store):
        assert (await store.stat(A)).size == 4
        assert [asked.method for asked in server.asked] == ["HEAD", "GET", "HEAD"]


async def test_a_redirect_to_a_foreign_host_is_not_followed() -> None:
    async with faulty(says(200, listing("a"))) as other:
        moved = says(307, Location=f"http://localhost:{other.port}/reef")
        async with facing(moved) as (_, store):
            with pytest.raises(StoreUnreachable) as caught:
                await store.list_page()
            assert caught.value.cause == "redirect"
            assert str(other.port) in str(caught.value)
        assert other.asked == []


async def test_a_clock_that_is_wrong_is_corrected_by_the_servers() -> None:
    server_date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))

    async def s3(request: web.BaseRequest) -> web.StreamResponse:
        signed = time.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        if abs(time.mktime(signed) - time.mktime(time.gmtime()) - 3600) < 60:
            return web.Response(text=listing("a"), headers={"Date": server_date})
        return await error(403, "RequestTimeTooSkewed", Date=server_date)(request)

    async with facing(s3) as (server, store):
        for _ in range(2):
            assert (await store.list_page()).objects
        assert len(server.asked) == 3
        assert 3590 < store.clock_offset_s < 3610


# Errors in our words


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (403, "AccessDenied", StoreDenied, "s3:ListBucket"),
        (403, "InvalidAccessKeyId", StoreDenied, "access key"),
        (403, "SignatureDoesNotMatch", StoreDenied, "secret key"),
        (403, "ExpiredToken", StoreDenied, "session token"),
        (404, "NoSuchBucket", StoreUnreachable, "no bucket 'reef'"),
        (400, "InvalidArgument", StoreUnreachable, "InvalidArgument"),
    ],
)
async def test_an_error_says_what_to_do(status: int, code: str, kind: type[MoorageError], words: str) -> None:
    async with facing(error(status, code)) as (_, store):
        with pytest.raises(kind) as caught:
            await store.list_page()
        assert words in str(caught.value)
        assert SECRET_KEY not in repr(caught.value).replace("secret key", "")


@pytest.mark.parametrize(
    "answer",
    [says(200, "<html>Welcome</html>"), says(404, "<html>no</html>"), says(302, Location="https://x/login"), says(400)],
)
async def test_an_answer_of_a_web_page_is_no_store(answer: Answer) -> None:
    async with facing(answer) as (_, store):
        with pytest.raises(StoreUnreachable):
            await store.list_page()


async def test_an_error_body_is_read_to_a_limit() -> None:
    async with facing(error(403, "AccessDenied", "x" * (8 << 20))) as (_, store):
        with pytest.raises(StoreDenied):
            await store.list_page()
        assert store.counters.bytes_received < 1 << 20


async def test_a_vanished_bucket_is_not_a_vanished_object() -> None:
    async with facing(says(404)) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.stat(A)
        assert caught.value.cause == "no bucket"
    async with facing(says(404), says(200)) as (_, store):
        with pytest.raises(ObjectNotFound):
            await store.stat(A)


async def test_nothing_listens() -> None:
    async with faulty(says(200)) as server:
        model: Store = store_on(server)
    store = S3Store(model, limits=QUICK)
    with pytest.raises(StoreUnreachable) as caught:
        await store.list_page()
    assert caught.value.cause == "refused"
    await store.aclose()


async def test_a_name_that_does_not_exist() -> None:
    async with faulty(says(200)) as server:
        store = S3Store(store_on(server, endpoint="http://no-such-host.invalid"), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "dns"
        await store.aclose()
