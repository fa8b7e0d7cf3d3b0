"""What the Google adapter makes of servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from contracts.store import ABSENT
from contracts.store_keys import read
from moorage.model.errors import AlreadyExists, BodyBroken, Changed, Invalid, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange
from moorage.model.store import Condition
from moorage.stores.google import GoogleStore
from moorage.stores.google.sessions import CHUNK
from stores.faulty import HASTY, QUICK, Answer, drops, says, short
from stores.google_facing import Behind, behind_gate, facing

A, B = Key("a"), Key("b")
MIB = 1 << 20
FACTS = {"size": "1", "generation": "17", "timeCreated": "2026-01-02T03:04:05.678Z"}


def page(*names: str, prefixes: tuple[str, ...] = (), token: str = "", **facts: Any) -> Answer:
    """A page of the listing as Google writes it."""
    items = [{"name": name, **FACTS, **facts} for name in names]
    return says(200, json.dumps({"items": items, "prefixes": list(prefixes), "nextPageToken": token}))


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    async with behind_gate() as ready:
        yield ready


async def stream(*sizes: int) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes):
        yield bytes([number]) * size


# Repeats


async def test_a_listing_is_asked_for_again_after_a_passing_fault() -> None:
    async with facing(says(503), drops(), says(500), page("a")) as (server, store):
        assert [one.key for one in (await store.list_page()).objects] == ["a"]
        assert len(server.asked) == 4
        assert (store.counters.requests["list"], store.counters.repeats, store.counters.faults) == (4, 3, 1)


async def test_tries_end_and_say_why() -> None:
    async with facing(says(503)) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "slow down"
        assert len(server.asked) == QUICK.tries


async def test_retry_after_is_waited_for_or_given_back() -> None:
    async with facing(says(429, Retry_After="1"), page()) as (_, store):
        began = time.monotonic()
        await store.list_page()
        assert time.monotonic() - began >= 1
    async with facing(says(429, Retry_After="3600")) as (server, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert (caught.value.retry_after_s, len(server.asked)) == (3600, 1)


async def test_a_server_that_never_answers_is_given_up() -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(5)
        return web.Response()

    async with facing(silent, limits=HASTY) as (server, store):
        for verb in (store.delete(A), store.put(A, b"x"), store.get(A)):
            with pytest.raises(StoreUnreachable) as caught:
                await verb
            assert caught.value.cause == "timeout"
        assert len(server.asked) == 3 * HASTY.tries


# Listings


@pytest.mark.parametrize(
    ("answer", "prefix", "after"),
    [
        (page("x/b", "x/a"), "x/", None),
        (page("x/a", "x/a"), "x/", None),
        (page("a", "x/b"), "x/", None),
        (page("x/a", "x/b"), "x/", Key("x/b")),
        (page("x/a", "x/b", token="t"), "x/", Key("x/a0")),
        (page(prefixes=("x/b/", "x/a/")), "x/", None),
        (page("a", generation=None), "", None),
        (page("a", generation="no number"), "", None),
        (page("a", size="many"), "", None),
        (page("a", timeCreated="yesterday"), "", None),
        (says(200, '{"items": {}}'), "", None),
        (says(200, '{"items": [1]}'), "", None),
        (says(200, "[]"), "", None),
        (says(200, '{"items": [{"name": "a"'), "", None),
    ],
)
async def test_a_listing_of_something_else_is_never_believed(answer: Answer, prefix: str, after: Key | None) -> None:
    """A server that ignores startOffset or prefix would be listed for ever, or hide what it has."""
    async with facing(answer) as (_, store):
        with pytest.raises(StoreUnreachable):
            await store.list_page(prefix, after=after)


async def test_pages_without_a_key_are_passed_over() -> None:
    """Google sends such pages where much was deleted: they say nothing, and are not the end."""
    async with facing(page(token="one"), page(token="two"), page("a", token="three")) as (server, store):
        told = await store.list_page()
        assert ([one.key for one in told.objects], told.next_after) == (["a"], "a")
        assert ["pageToken=" in asked.target for asked in server.asked] == [False, True, True]
    async with facing(page(token="same")) as (_, store):
        with pytest.raises(StoreUnreachable):
            await store.list_page()


async def test_a_page_is_begun_by_its_key_and_never_by_a_token() -> None:
    async with facing(page("b", "c", token="t"), page("c", "d")) as (server, store):
        first = await store.list_page(limit=2)
        second = await store.list_page(after=first.next_after, limit=2)
        assert [one.key for one in (*first.objects, *second.objects)] == ["b", "c", "d"]
        assert "startOffset=c" in server.asked[1].target
        assert "maxResults=3" in server.asked[1].target
        assert "pageToken" not in server.asked[1].target


async def test_keys_that_google_cannot_have_are_not_listed() -> None:
    async with facing(page()) as (server, store):
        assert (await store.list_page("a\udcff")).objects == []
        with pytest.raises(Invalid):
            await store.list_page(after=Key("a\udcff"))
        assert server.asked == []


# Bodies


def opened(body: bytes = b"bytes", **headers: str) -> Answer:
    return says(200, body, x_goog_generation="17", **headers)


async def test_a_body_that_ends_early_is_an_error_not_an_end() -> None:
    async with facing(short(b"half", 8)) as (_, store):
        with pytest.raises(StoreUnreachable, match="bytes of no version"):
            await store.get(A)

    async def half(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"x-goog-generation": "17", "Content-Length": "8"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async with facing(half) as (_, store):
        body = await store.get(A)
        blocks = aiter(body)
        assert await anext(blocks) == b"half"
        with pytest.raises(BodyBroken) as caught:
            await anext(blocks)
        assert caught.value.key == A


async def test_bytes_that_a_proxy_unpacked_are_noticed() -> None:
    async def chunked(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"x-goog-generation": "17"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"unpacked")
        return response

    for answer in (chunked, opened(b"unpacked", x_goog_stored_content_length="5")):
        async with facing(answer) as (_, store):
            with pytest.raises(StoreUnreachable, match="unpack"):
                await store.get(A)
            assert open_connections(store) == 0


async def test_the_whole_object_for_a_range_is_refused() -> None:
    async with facing(opened()) as (_, store):
        with pytest.raises(StoreUnreachable, match="for a range"):
            await store.get(A, byte_range=ByteRange(0, 1))
        assert open_connections(store) == 0


async def test_a_version_that_changed_is_found_by_the_bytes_own_headers() -> None:
    async with facing(opened()) as (server, store):
        await (await store.get(A, if_match=ETag("17"))).aclose()
        with pytest.raises(Changed):
            await store.get(A, if_match=ETag("18"))
        assert open_connections(store) == 0
        assert server.asked[0].headers["accept-encoding"] == "gzip"


def open_connections(store: GoogleStore) -> int:
    """Connections that are in use, of all purposes."""
    sessions = store._transport._sessions.values()
    return sum(len(session.connector._acquired) for session in sessions if session.connector)


# Writes in one request


async def test_other_bytes_than_were_sent_are_noticed() -> None:
    async with facing(says(200, json.dumps({**FACTS, "md5Hash": "AAAAAAAAAAAAAAAAAAAAAA=="}))) as (_, store):
        with pytest.raises(BodyBroken):
            await store.put(A, b"x")


async def test_a_lost_answer_to_a_conditional_put_is_no_conflict(behind: Behind) -> None:
    behind.gate.drops = ["upload"]
    made = await behind.store.put(A, b"mine", condition=ABSENT)
    assert await behind.store.stat(A) == made
    behind.gate.drops = ["upload"]
    again = await behind.store.put(A, b"again", condition=Condition(if_match=made.etag))
    with pytest.raises(AlreadyExists):
        await behind.store.put(A, b"third", condition=ABSENT)
    assert (await behind.store.stat(A)).etag == again.etag


async def test_a_repeated_delete_that_finds_nothing_has_succeeded(behind: Behind) -> None:
    made = await behind.store.put(A, b"x")
    behind.gate.drops = ["delete"]
    await behind.store.delete(A, if_match=made.etag)
    assert (await behind.store.list_page()).objects == []


# Uploads in chunks


@pytest.mark.parametrize("lost", [["chunk"], ["chunk", "status"], ["chunk", "status", "status"]])
@pytest.mark.parametrize("sizes", [(20 * MIB,), (CHUNK + 1,)])
async def test_a_chunk_whose_answer_was_lost_is_not_sent_twice(
    behind: Behind, lost: list[str], sizes: tuple[int, ...]
) -> None:
    behind.gate.drops = list(lost)
    info = await behind.store.put(A, stream(*sizes))
    assert behind.gate.drops == []
    assert info.size == sum(sizes)
    assert await read(behind.store, A) == b"".join([block async for block in stream(*sizes)])


async def test_the_lost_answer_to_a_last_chunk_is_found_out(behind: Behind) -> None:
    for condition in (ABSENT, Condition()):

        async def last() -> AsyncIterator[bytes]:
            yield b"x" * CHUNK
            yield b"y" * MIB
            behind.gate.drops = ["chunk"]
            yield b"z"

        info = await behind.store.put(A, last(), length=CHUNK + MIB + 1, condition=condition)
        assert info == await behind.store.stat(A)
    with pytest.raises(AlreadyExists):
        await behind.store.put(A, stream(9 * MIB), condition=ABSENT)


async def test_a_chunk_that_was_taken_in_part_is_sent_from_there(behind: Behind) -> None:
    behind.gate.keeps = 3 * MIB
    await behind.store.put(A, stream(9 * MIB, MIB))
    assert await read(behind.store, A) == b"\0" * (9 * MIB) + b"\1" * MIB


async def test_an_upload_that_takes_no_byte_ends() -> None:
    async def deaf(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(headers={"Location": f"{request.path}?upload_id=u"})
        return web.Response(status=308 if request.method == "PUT" else 499)

    async with facing(deaf) as (server, store):
        with pytest.raises(StoreUnreachable):
            await store.put(A, stream(9 * MIB))
        assert [asked.method for asked in server.asked] == ["POST", *["PUT"] * QUICK.tries, "DELETE"]


async def test_an_upload_that_was_forgotten_says_so(behind: Behind) -> None:
    async def forgetting() -> AsyncIterator[bytes]:
        yield b"x" * (18 * MIB)
        behind.gate.uploads.clear()
        yield b"x" * (9 * MIB)

    with pytest.raises(StoreUnreachable) as caught:
        await behind.store.put(A, forgetting())
    assert caught.value.cause == "upload lost"
    assert (await behind.store.list_page()).objects == []


async def test_an_upload_that_fails_or_is_cancelled_is_dropped(behind: Behind) -> None:
    reached = asyncio.Event()

    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * (18 * MIB)
        raise ZeroDivisionError

    async def stalling() -> AsyncIterator[bytes]:
        yield b"x" * (18 * MIB)
        reached.set()
        await asyncio.sleep(30)

    with pytest.raises(ZeroDivisionError):
        await behind.store.put(A, failing())
    putting = asyncio.create_task(behind.store.put(A, stalling()))
    await asyncio.wait_for(reached.wait(), 30)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert behind.gate.uploads == {}
    assert open_connections(behind.store) == 0


async def test_an_upload_cancelled_while_it_begins_is_dropped() -> None:
    async def slowly(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        return web.Response(headers={"Location": f"{request.path}?upload_id=u"})

    async with facing(slowly, says(499)) as (server, store):
        trying = asyncio.create_task(store.try_multipart(A))
        await asyncio.sleep(0.1)
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        assert [asked.method for asked in server.asked] == ["POST", "DELETE"]


@pytest.mark.parametrize("location", ["", "nonsense", "https://elsewhere.example/"])
async def test_an_upload_without_an_address_is_refused(location: str) -> None:
    async with facing(says(200, Location=location)) as (server, store):
        with pytest.raises(StoreUnreachable):
            await store.try_multipart(A)
        assert len(server.asked) == 1


# Copies


async def test_a_copy_in_steps_is_followed_to_its_end(behind: Behind) -> None:
    source = await behind.store.put(A, b"x" * (5 * MIB), media_type="image/png", metadata={"one": "1"})
    copied = await behind.store.copy(A, B)
    asked = [one for one in behind.gate.asked if "/rewriteTo/" in one]
    assert ["rewriteToken=" in one for one in asked] == [False, True, True, True, True]
    assert (copied.size, copied.media_type, dict(copied.metadata)) == (source.size, "image/png", {"one": "1"})
    assert await behind.store.copy(A, A) == source
    for condition, kind in ((ABSENT, AlreadyExists), (Condition(if_match=ETag("1")), Changed)):
        with pytest.raises(kind):
            await behind.store.copy(A, A, condition=condition)


async def test_a_lost_answer_to_a_conditional_copy_is_no_conflict(behind: Behind) -> None:
    await behind.store.put(A, b"source")
    behind.gate.drops = ["rewrite"]
    copied = await behind.store.copy(A, B, condition=ABSENT)
    assert await behind.store.stat(B) == copied
    await behind.store.put(A, b"another")
    with pytest.raises(AlreadyExists):
        await behind.store.copy(A, B, condition=ABSENT)


async def test_a_copy_that_does_not_go_on_ends() -> None:
    for document in ({"done": False}, {"done": False, "rewriteToken": "t"}, {"done": True}):
        async with facing(says(200, json.dumps(document))) as (_, store):
            with pytest.raises(StoreUnreachable):
                await store.copy(A, B)
