"""What the Azure adapter makes of servers that misbehave."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from moorage.model.credentials import Anonymous, Credentials, Sas
from moorage.model.errors import (
    AlreadyExists,
    BodyBroken,
    Changed,
    MoorageError,
    ObjectNotFound,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key
from moorage.model.store import Condition
from moorage.stores.azure import AzureStore
from moorage.stores.azure.copying import copy
from moorage.stores.azure.dates import http_date
from stores.azure_facing import CREDENTIALS, KEY, MODIFIED, error, facing, listing
from stores.faulty import HASTY, QUICK, drops, says, short

A = Key("a")
SAS = Sas("reefs", "sv=2022-11-02&sr=c&sp=racwdl&se=2099-01-01&sig=c2VjcmV0")
ABSENT = Condition(if_absent=True)


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


# Repeats


async def test_a_listing_is_asked_for_again_after_a_passing_fault() -> None:
    answers = says(503), drops(), error(500, "InternalError"), says(200, listing("a"))
    async with facing(*answers) as (_, store):
        assert [one.key for one in (await store.list_page()).objects] == ["a"]
        assert (store.counters.requests["list"], store.counters.repeats, store.counters.faults) == (4, 3, 1)


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [(503, "ServerBusy", "slow down"), (500, "OperationTimedOut", "slow down"), (500, "InternalError", "server fault")],
)
async def test_tries_end_and_say_why(status: int, code: str, cause: str) -> None:
    async with facing(error(status, code)) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == cause
        assert len(server.asked) == QUICK.tries


async def test_an_outage_is_no_storm_of_repeats() -> None:
    async with facing(error(503, "ServerBusy")) as (server, store):
        for _ in range(30):
            with pytest.raises(StoreUnreachable):
                await store.list_page()
        assert 30 <= len(server.asked) <= 30 + 10 + 3


async def test_a_longer_retry_after_is_given_back() -> None:
    async with facing(error(503, "ServerBusy", Retry_After="3600")) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert (caught.value.retry_after_s, len(server.asked)) == (3600, 1)


async def test_a_lost_answer_to_a_conditional_put_is_no_conflict() -> None:
    refusal = error(409, "BlobAlreadyExists")
    ours = says(200, b"", ETag='"0x1"', Content_Length="4", Content_MD5=md5(b"mine"))
    async with facing(drops(), refusal, ours) as (_, store):
        assert (await store.put(A, b"mine", condition=ABSENT)).etag == "0x1"
    theirs = says(200, b"", ETag='"0x1"', Content_Length="4", Content_MD5=md5(b"ours"))
    async with facing(drops(), refusal, theirs) as (_, store):
        with pytest.raises(AlreadyExists):
            await store.put(A, b"mine", condition=ABSENT)
    async with facing(refusal, ours) as (_, store):
        with pytest.raises(AlreadyExists):
            await store.put(A, b"mine", condition=ABSENT)


async def test_a_lost_answer_to_a_commit_is_resolved() -> None:
    data = b"x" * (65 << 20)
    commits = 0

    async def azure(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal commits
        if request.query.get("comp") == "block":
            return web.Response(status=201)
        if request.method == "HEAD":
            return web.Response(headers={"ETag": '"0x7"', "Content-Length": str(len(data)), "Content-MD5": md5(data)})
        commits += 1
        return await (drops() if commits == 1 else error(409, "BlobAlreadyExists"))(request)

    async with facing(azure) as (_, store):
        assert (await store.put(A, data, condition=ABSENT)).etag == "0x7"
        assert commits == 2


async def test_a_repeated_delete_that_finds_nothing_has_succeeded() -> None:
    async with facing(drops(), error(404, "BlobNotFound")) as (_, store):
        await store.delete(A)


# Clocks


async def test_a_wrong_clock_is_corrected_once() -> None:
    ahead = http_date(time.time() + 3600)

    async def azure(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers["x-ms-date"][:22] != ahead[:22] and request.headers["x-ms-date"][17:19] != ahead[17:19]:
            return await error(403, "AuthenticationFailed", "Request date header too old", Date=ahead)(request)
        return await says(200, listing("a"), Date=ahead)(request)

    async with facing(azure) as (server, store):
        assert len((await store.list_page()).objects) == 1
        assert len(server.asked) == 2
        assert store.clock_offset_s > 3500
    refusal = error(403, "AuthenticationFailed", "Request date header too old: 'x'", Date=ahead)
    async with facing(refusal) as (server, store):
        with pytest.raises(StoreDenied, match="clock"):
            await store.list_page()
        assert len(server.asked) == 2


# Bodies


async def test_a_body_that_ends_early_is_an_error_not_an_end() -> None:
    async with facing(short(b"half", 8)) as (_, store):
        body = await store.get(A)
        with pytest.raises(BodyBroken) as caught:
            await body.read()
        assert caught.value.key == A


async def test_a_server_that_never_answers_is_given_up() -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with facing(silent, limits=HASTY) as (server, store):
        for verb in (store.list_page(), store.stat(A), store.delete(A)):
            with pytest.raises(StoreUnreachable) as caught:
                await verb
            assert (caught.value.cause, caught.value.store, caught.value.bucket) == ("timeout", "under-test", "reef")
        assert len(server.asked) == 3 * HASTY.tries


async def test_the_whole_object_for_a_range_is_never_believed() -> None:
    from moorage.model.objects import ByteRange

    async with facing(says(200, b"whole", ETag='"0x1"')) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.get(A, byte_range=ByteRange(1, 2))
        assert caught.value.cause == "not azure"


async def test_bytes_that_differ_from_those_sent_are_noticed() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"x" * (9 << 20)

    async with facing(says(201, ETag='"0x1"', Content_MD5=md5(b"other"))) as (_, store):
        with pytest.raises(BodyBroken):
            await store.put(A, stream(), length=9 << 20)


# What it says


@pytest.mark.parametrize(
    ("credentials", "status", "code", "kind", "words"),
    [
        (CREDENTIALS, 403, "AuthenticationFailed", StoreDenied, "account key does not fit"),
        (SAS, 403, "AuthenticationFailed", StoreDenied, "SAS token is not valid"),
        (SAS, 403, "AuthorizationPermissionMismatch", StoreDenied, "l (list)"),
        (SAS, 403, "AuthorizationResourceTypeMismatch", StoreDenied, "srt=co"),
        (SAS, 403, "AuthorizationServiceMismatch", StoreDenied, "ss=b"),
        (SAS, 403, "AuthorizationSourceIPMismatch", StoreDenied, "sip"),
        (SAS, 403, "AuthorizationProtocolMismatch", StoreDenied, "https"),
        (CREDENTIALS, 403, "AuthorizationFailure", StoreDenied, "firewall"),
        (CREDENTIALS, 403, "KeyBasedAuthenticationNotPermitted", StoreDenied, "service principal"),
        (CREDENTIALS, 403, "AccountIsDisabled", StoreDenied, "disabled"),
        (CREDENTIALS, 400, "AccountRequiresHttps", StoreDenied, "https://"),
        (Anonymous(), 404, "ResourceNotFound", StoreDenied, "not public, or not there"),
        (Anonymous(), 409, "PublicAccessNotPermitted", StoreDenied, "Give the store credentials"),
        (CREDENTIALS, 404, "ContainerNotFound", StoreUnreachable, "no container 'reef'"),
        (CREDENTIALS, 409, "ContainerBeingDeleted", StoreUnreachable, "no container 'reef'"),
        (CREDENTIALS, 400, "InvalidUri", StoreUnreachable, "InvalidUri"),
        (CREDENTIALS, 400, "InvalidQueryParameterValue", StoreUnreachable, "said so"),
    ],
)
async def test_a_refused_listing_says_what_to_do(
    credentials: Credentials, status: int, code: str, kind: type[MoorageError], words: str
) -> None:
    async with facing(error(status, code), credentials=credentials) as (server, store):
        with pytest.raises(kind) as caught:
            await store.list_page()
        assert words in str(caught.value)
        assert caught.value.advice
        assert "c2VjcmV0" not in str(caught.value)
        assert KEY not in str(caught.value)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (404, "BlobNotFound", ObjectNotFound, "no object"),
        (409, "BlobArchived", StoreDenied, "archive tier"),
        (409, "BlobImmutableDueToPolicy", StoreDenied, "immutability policy"),
        (412, "LeaseIdMissing", StoreDenied, "lease"),
        (409, "SnapshotsPresent", StoreDenied, "snapshots"),
        (400, "Md5Mismatch", BodyBroken, "No object was made"),
        (403, "AuthorizationPermissionMismatch", StoreDenied, "r (read)"),
    ],
)
async def test_a_refused_read_says_what_to_do(status: int, code: str, kind: type[MoorageError], words: str) -> None:
    async with facing(error(status, code), credentials=SAS) as (_, store):
        for verb in (store.stat(A), store.get(A)):
            with pytest.raises(kind) as caught:
                await verb
            assert words in str(caught.value)


@pytest.mark.parametrize(
    ("letters", "permission"),
    [("put", "SAS permission c (create) and w (write)"), ("delete", "SAS permission d (delete)")],
)
async def test_the_missing_letter_is_named(letters: str, permission: str) -> None:
    async with facing(error(403, "AuthorizationPermissionMismatch"), credentials=SAS) as (_, store):
        with pytest.raises(StoreDenied) as caught:
            await (store.put(A, b"x") if letters == "put" else store.delete(A))
        assert caught.value.permission == permission


@pytest.mark.parametrize("body", ["<html><h1>It works!</h1></html>", "", '{"error": "no"}'])
@pytest.mark.parametrize("status", [200, 302, 400, 404, 405])
async def test_a_server_of_another_kind_is_told_from_azure(status: int, body: str) -> None:
    async with facing(says(status, body, Location="https://elsewhere.example.org/?sig=secret")) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause in {"not azure", "redirect"}
        assert "secret" not in str(caught.value)


async def test_a_directory_is_no_object() -> None:
    folder = says(200, b"", x_ms_resource_type="directory", ETag='"0x1"')
    async with facing(folder) as (_, store):
        for verb in (store.stat(A), store.get(A)):
            with pytest.raises(ObjectNotFound):
                await verb


async def test_an_expired_or_future_sas_is_refused_before_any_request() -> None:
    for token, words in (
        ("sv=2022-11-02&sr=c&sp=rl&se=2020-05-06T07:08:09Z&sig=c2VjcmV0", "ended at 2020-05-06T07:08:09Z"),
        ("sv=2022-11-02&sr=c&sp=rl&st=2098-01-01&se=2099-01-01&sig=c2VjcmV0", "begins at 2098-01-01"),
    ):
        async with facing(says(200, listing()), credentials=Sas("reefs", token)) as (server, store):
            for verb in (store.list_page(), store.stat(A), store.get(A), store.put(A, b"x"), store.delete(A)):
                with pytest.raises(StoreDenied, match=words):
                    await verb
            assert server.asked == []


# Copies in blocks, which Azurite does not know


async def test_a_large_copy_goes_in_blocks_of_the_very_version() -> None:
    blocks: dict[str, str] = {}
    committed: list[str] = []

    async def azure(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "HEAD":
            facts = {"ETag": '"0x1"', "Content-Length": "25", "Content-Type": "image/png", "x-ms-meta-one": "1"}
            return web.Response(headers=facts | {"Last-Modified": MODIFIED, "Content-MD5": md5(b"m")})
        if request.query.get("comp") == "block":
            assert request.headers["x-ms-source-if-match"] == '"0x1"'
            assert request.headers["x-ms-copy-source"].partition("?")[0].endswith("/reefs/reef/a")
            assert "sp=r&" in request.headers["x-ms-copy-source"]
            blocks[request.query["blockid"]] = request.headers["x-ms-source-range"]
            return web.Response(status=201)
        assert request.headers["x-ms-blob-content-type"] == "image/png"
        assert request.headers["x-ms-blob-content-md5"] == md5(b"m")
        assert request.headers["x-ms-meta-one"] == "1"
        assert request.headers["If-None-Match"] == "*"
        committed.append(request.path_qs)
        return web.Response(status=201)

    async with facing(azure) as (server, store):
        await copy(store._client, A, Key("b"), ABSENT, at_once=10)
        assert [blocks[key] for key in sorted(blocks)] == ["bytes=0-9", "bytes=10-19", "bytes=20-24"]
        assert committed == ["/reefs/reef/b?comp=blocklist"]
        body = next(asked.body.decode() for asked in server.asked if "blocklist" in asked.target)
        assert [one.partition("<")[0] for one in body.split("<Latest>")[1:]] == sorted(blocks)


async def test_a_commit_that_another_write_overtook_says_so() -> None:
    async def azure(request: web.BaseRequest) -> web.StreamResponse:
        if request.query.get("comp") == "block":
            return web.Response(status=201)
        return await error(400, "InvalidBlockList")(request)

    async with facing(azure) as (_, store):
        with pytest.raises(Changed, match="came between"):
            await store.put(A, b"x" * (65 << 20))


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


def open_connections(store: AzureStore) -> int:
    sessions = store._transport._sessions.values()
    return sum(len(session.connector._acquired) for session in sessions if session.connector)
