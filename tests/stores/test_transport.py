"""The transport: what it sends is what it was given, and nobody takes another's place."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest
from aiohttp import web

from moorage.model.errors import Invalid
from moorage.stores.transport import Answer, BytesBody, Limits, Purpose, Request, StreamBody, Transport, retry_after_s
from moorage.stores.transport.retrying import Budget, pause_s
from stores.faulty import QUICK, faulty, says


def get(url: str, **headers: str) -> Request:
    return Request("get", "GET", url, headers)


async def fetch(transport: Transport, request: Request, purpose: Purpose = Purpose.READING) -> Answer:
    return await transport.send(lambda: request, purpose=purpose, collect_bytes=1 << 20)


async def test_a_url_is_sent_as_it_is_written() -> None:
    target = "/a//b/../%2E%2e/./c%2Fd%20e+f%C3%A9?x=%2B+&y"
    async with faulty(says(200)) as server:
        transport = Transport(limits=QUICK)
        await fetch(transport, get(server.endpoint + target))
        await transport.aclose()
        assert server.asked[0].target == target


async def test_nothing_is_added_to_a_request_but_what_http_needs() -> None:
    async with faulty(says(200, Set_Cookie="a=b; Path=/")) as server:
        transport = Transport(limits=QUICK)
        for _ in range(2):
            await fetch(transport, get(server.endpoint))
        await transport.aclose()
        assert [set(asked.headers) for asked in server.asked] == [{"host", "accept-encoding"}] * 2
        assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_compressed_bytes_arrive_as_they_are() -> None:
    packed = gzip.compress(b"bytes" * 100)
    async with faulty(says(200, packed, Content_Encoding="gzip")) as server:
        transport = Transport(limits=QUICK)
        assert (await fetch(transport, get(server.endpoint))).content == packed
        await transport.aclose()


async def test_redirects_are_given_back() -> None:
    async with faulty(says(307, Location="/elsewhere"), says(200)) as server:
        transport = Transport(limits=QUICK)
        assert (await fetch(transport, get(server.endpoint))).status == 307
        await transport.aclose()
        assert len(server.asked) == 1


async def test_a_request_that_must_not_be_repeated_is_sent_once() -> None:
    async with faulty(says(503), says(200)) as server:
        transport = Transport(limits=QUICK)
        request = Request("put", "PUT", server.endpoint, {})
        answer = await transport.send(lambda: request, purpose=Purpose.JOBS, repeatable=False)
        await transport.aclose()
        assert (answer.status, len(server.asked)) == (503, 1)


async def test_a_job_never_takes_a_readers_place() -> None:
    release = asyncio.Event()
    busy = 0

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal busy
        if request.path == "/job":
            busy += 1
            await release.wait()
        return web.Response()

    async with faulty(slow) as server:
        transport = Transport(limits=Limits(jobs=2, reading=2))
        job = get(f"{server.endpoint}/job")
        jobs = [asyncio.create_task(fetch(transport, job, Purpose.JOBS)) for _ in range(6)]
        while busy < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert busy == 2
        assert (await asyncio.wait_for(fetch(transport, get(server.endpoint)), 2)).status == 200
        release.set()
        await asyncio.gather(*jobs)
        await transport.aclose()
        assert busy == 6


async def test_requests_and_bytes_are_counted() -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100_000

    async with faulty(says(200, b"y" * 1000)) as server:
        transport = Transport(limits=QUICK)
        bodies = BytesBody(b"x" * 10), BytesBody(b"x" * 300_000), StreamBody(stream(), 300_000)
        for body in bodies:
            request = Request("put", "PUT", server.endpoint, {}, body)
            await fetch(transport, request)
        await transport.aclose()
        counters = transport.counters
        assert (dict(counters.requests), counters.repeats, counters.faults) == ({"put": 3}, 0, 0)
        assert (counters.bytes_sent, counters.bytes_received) == (600_010, 3000)
        assert [asked.headers["content-length"] for asked in server.asked] == ["10", "300000", "300000"]
        assert [len(asked.body) for asked in server.asked] == [10, 300_000, 300_000]


async def test_connections_are_kept_for_the_next_request() -> None:
    peers = set()

    async def who(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response(status=404, text="x")

    async with faulty(who) as server:
        transport = Transport(limits=QUICK)
        for _ in range(5):
            await fetch(transport, get(server.endpoint))
        await transport.aclose()
        assert len(peers) == 1


async def test_an_address_that_is_none_is_refused() -> None:
    transport = Transport(limits=QUICK)
    with pytest.raises(Invalid):
        await fetch(transport, get("http:///nowhere"))
    await transport.aclose()


async def test_a_stream_is_rewound_while_its_beginning_is_remembered() -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    body = StreamBody(stream(), 3_000_000)
    async for _ in body.blocks():
        break
    assert body.rewindable
    assert sum([len(block) async for block in body.blocks()]) == 3_000_000
    assert not body.rewindable


async def test_a_stream_that_was_interrupted_is_not_rewound() -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(30)

    body = StreamBody(stream(), 10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            [block async for block in body.blocks()]
    assert not body.rewindable


def test_pauses_grow_are_drawn_and_end() -> None:
    limits = Limits(tries=4, backoff_s=1, longest_pause_s=20)
    for failed, most in ((1, 1), (2, 2), (3, 4)):
        drawn = [pause_s(limits, failed, None) or 0 for _ in range(200)]
        assert max(drawn) <= most
        assert max(drawn) - min(drawn) > most / 2
    assert pause_s(limits, 4, None) is None
    assert (pause_s(limits, 1, 7), pause_s(limits, 1, 21)) == (7, None)


def test_the_wish_for_a_pause_is_read_in_both_forms() -> None:
    assert retry_after_s("120") == 120
    assert 50 < (retry_after_s(formatdate(time.time() + 60, usegmt=True)) or 0) <= 60
    assert retry_after_s(formatdate(time.time() - 60, usegmt=True)) == 0
    assert retry_after_s("soon") is retry_after_s(None) is None


def test_repeats_are_a_share_of_requests() -> None:
    budget = Budget(0.1)
    assert sum(budget.spend() for _ in range(100)) == 10
    for _ in range(31):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == 3
