"""Web servers that are slow, lie, never end or send us to places where we must not go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from moorage.model.errors import (
    AddressRefused,
    BodyBroken,
    MoorageError,
    ObjectNotFound,
    RangeUnsatisfiable,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key
from moorage.model.objects import ByteRange
from moorage.model.store import Connection, Provider, Store
from moorage.stores.https import HttpsLimits, HttpsStore
from moorage.stores.transport import Guard
from stores.certificates import tls_server
from stores.faulty import HASTY, QUICK, Answer, Faulty, drops, faulty, says, short
from stores.lookups import Says

HOST = "media.example"
GUARD = replace(Guard.of([HOST], setting="MOORAGE_TRIAL_ALLOW"), resolver=lambda: Says([["127.0.0.1"]]))
"""The hostile server is known by its name only; its address is barred for everybody else."""


@asynccontextmanager
async def hostile(
    tmp_path: Path, *answers: Answer, bounds: HttpsLimits | None = None, hasty: bool = False
) -> AsyncIterator[tuple[Faulty, HttpsStore]]:
    tls, authority = tls_server(tmp_path, HOST)
    async with faulty(*answers, tls=tls) as server:
        store = HttpsStore(
            Store("under-test", Connection(Provider.HTTPS, ca=authority)),
            guard=GUARD,
            limits=HASTY if hasty else QUICK,
            bounds=bounds,
        )
        try:
            yield server, store
        finally:
            await store.aclose()


def at(server: Faulty, path: str = "/a.bin") -> Key:
    return Key(f"https://{HOST}:{server.port}{path}")


async def fault_of(store: HttpsStore, key: Key, byte_range: ByteRange | None = None) -> MoorageError:
    """What a read of the object ends with."""
    with pytest.raises(MoorageError) as caught:
        async with await store.get(key, byte_range=byte_range) as body:
            await body.read()
    assert caught.value.advice or isinstance(caught.value, RangeUnsatisfiable)
    return caught.value


@pytest.mark.parametrize(
    ("target", "reach"),
    [
        ("https://127.0.0.1:{port}/x", "loopback"),
        ("https://localhost:{port}/x", "loopback"),
        ("https://2130706433:{port}/x", "loopback"),
        ("https://[::ffff:7f00:1]:{port}/x", "loopback"),
        ("https://169.254.169.254/latest/meta-data/", "cloud metadata"),
        ("https://other.example:{port}/x", "loopback"),
        ("https://10.0.0.1/x", "private"),
        ("http://media.example:{port}/x", "plain http"),
        ("http://169.254.169.254/latest/meta-data/", "plain http"),
        ("//127.0.0.1:{port}/x", "loopback"),
    ],
)
@pytest.mark.parametrize("status", [301, 303, 308])
async def test_a_redirect_leads_nowhere_that_a_link_would_not(
    tmp_path: Path, target: str, reach: str, status: int
) -> None:
    async with hostile(tmp_path, says(500)) as (server, store):
        server.answers = [says(status, Location=target.format(port=server.port)), says(200, "secret")]
        error = await fault_of(store, at(server))
        assert isinstance(error, AddressRefused)
        assert (error.reach, error.setting) == (reach, "MOORAGE_TRIAL_ALLOW")
        assert len(server.asked) == 1


@pytest.mark.parametrize("target", ["", "https://user:pw@media.example/", "ftp://media.example/x", "https://0x7f.1:1/"])
async def test_a_redirect_to_what_is_no_address_is_an_error(tmp_path: Path, target: str) -> None:
    async with hostile(tmp_path, says(302, Location=target)) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, StoreUnreachable | AddressRefused)
        assert len(server.asked) == 1


async def test_redirects_are_counted_and_carry_nothing_of_ours(tmp_path: Path) -> None:
    async with hostile(tmp_path, says(302, Location="/again", Set_Cookie="seen=1; Path=/")) as (server, store):
        error = await fault_of(store, at(server, "/first?token=abc"))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "redirect"
        assert "token" not in error.message
        assert len(server.asked) == 6
        for asked in server.asked:
            assert set(asked.headers) == {"host", "accept", "accept-encoding", "user-agent"}
        server.answers, server.served = [says(302, Location=f"/{n}") for n in range(5)] + [says(200, "end")], 0
        async with await store.get(at(server)) as body:
            assert await body.read() == b"end"


async def test_plain_http_is_read_only_from_hosts_that_are_named() -> None:
    async with faulty(says(200, "data")) as server:
        key = Key(f"http://{HOST}:{server.port}/a")
        named = HttpsStore(Store("s", Connection(Provider.HTTPS)), guard=GUARD, limits=QUICK)
        async with await named.get(key) as body:
            assert await body.read() == b"data"
        network = replace(Guard.of(["127.0.0.0/8"], setting="X"), resolver=GUARD.resolver)
        other = HttpsStore(Store("s", Connection(Provider.HTTPS)), guard=network, limits=QUICK)
        with pytest.raises(AddressRefused) as caught:
            await other.stat(key)
        assert caught.value.reach == "plain http"
        await named.aclose()
        await other.aclose()
        assert len(server.asked) == 1


async def test_an_endless_body_is_not_begun(tmp_path: Path) -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        with suppress(ConnectionError):
            while request.method == "GET":
                await response.write(b"x" * 65536)
        return response

    async with hostile(tmp_path, endless) as (server, store):
        for call in (store.get(at(server)), store.get(at(server), byte_range=ByteRange(0, 1)), store.stat(at(server))):
            with pytest.raises(StoreUnreachable) as caught:
                await call
            assert caught.value.cause == "no length"
        assert store.counters.bytes_received == 0


async def test_a_server_that_drips_is_waited_for_only_so_long(tmp_path: Path) -> None:
    async def drips(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": '"e"'})
        response.content_length = 1000
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    async with hostile(tmp_path, drips, bounds=HttpsLimits(time_s=0.3)) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "timeout"
        assert "MOORAGE_LINK_TIME" in error.advice


async def test_a_server_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    async with hostile(tmp_path, silent, hasty=True) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "timeout"
    async with hostile(tmp_path, silent, bounds=HttpsLimits(time_s=0.2)) as (server, store):
        assert isinstance(await fault_of(store, at(server)), StoreUnreachable)
    async with hostile(tmp_path, drops()) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "dropped"


async def test_a_body_shorter_than_announced_is_broken(tmp_path: Path) -> None:
    async with hostile(tmp_path, short(b"abc", 10)) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, BodyBroken)
        assert error.key == at(server)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Range": "bytes 0-4/10"},
        {"Content_Range": "bytes 2-5/10"},
        {"Content_Range": "bytes 2-7/10"},
        {"Content_Range": "bytes 2-6/*"},
        {"Content_Range": "bytes 6-2/10"},
        {"Content_Range": "bytes 2-6/5"},
        {"Content_Range": "pages 2-6/10"},
        {"Content_Type": "multipart/byteranges; boundary=x"},
        {},
    ],
)
async def test_other_bytes_than_asked_for_are_not_taken(tmp_path: Path, headers: dict[str, str]) -> None:
    async with hostile(tmp_path, says(206, "23456", **headers)) as (server, store):
        error = await fault_of(store, at(server), ByteRange(2, 5))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "range"
        assert isinstance(await fault_of(store, at(server)), StoreUnreachable)


async def test_compressed_bytes_are_not_taken(tmp_path: Path) -> None:
    async with hostile(tmp_path, says(200, b"x", Content_Encoding="gzip")) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, StoreUnreachable)
        assert error.cause == "compressed"
        assert server.asked[0].headers["accept-encoding"] == "identity"


async def test_a_web_page_is_no_picture(tmp_path: Path) -> None:
    page = says(200, "<html>Sign in", Content_Type="text/html; charset=utf-8")
    async with hostile(tmp_path, page) as (server, store):
        for path in ("/a.jpg", "/a.MP4", "/a.png?x=.txt"):
            error = await fault_of(store, at(server, path))
            assert isinstance(error, StoreUnreachable)
            assert error.cause == "web page"
        info = await store.stat(at(server, "/page"))
        assert info.media_type == "text/html"


@pytest.mark.parametrize("told", ["nonsense", "a/b/c", "image/<script>", "Image/PNG; x=y", "", "x" * 300 + "/y"])
async def test_a_media_type_is_taken_only_where_it_is_one(tmp_path: Path, told: str) -> None:
    async with hostile(tmp_path, says(200, "data", Content_Type=told)) as (server, store):
        assert (await store.stat(at(server))).media_type == ("image/png" if told.startswith("Image") else "")


@pytest.mark.parametrize(
    ("status", "kind", "cause"),
    [
        (400, StoreUnreachable, "status 400"),
        (401, StoreDenied, ""),
        (403, StoreDenied, ""),
        (404, ObjectNotFound, ""),
        (410, ObjectNotFound, ""),
        (429, StoreUnreachable, "slow down"),
        (500, StoreUnreachable, "server fault"),
        (503, StoreUnreachable, "slow down"),
        (204, StoreUnreachable, "range"),
        (304, StoreUnreachable, "status 304"),
    ],
)
async def test_each_answer_that_is_no_object_has_its_error(
    tmp_path: Path, status: int, kind: type[MoorageError], cause: str
) -> None:
    async with hostile(tmp_path, says(status, Retry_After="60")) as (server, store):
        error = await fault_of(store, at(server))
        assert isinstance(error, kind)
        if isinstance(error, StoreUnreachable):
            assert error.cause == cause
            assert error.retry_after_s == (60 if cause == "slow down" else None)
        with pytest.raises(kind):
            await store.stat(at(server))


@pytest.mark.parametrize("refused", [400, 401, 403, 405, 501])
async def test_where_head_is_refused_one_byte_tells_as_much(tmp_path: Path, refused: int) -> None:
    part = says(206, "x", Content_Range="bytes 0-0/4711", ETag='"v1"', Content_Type="image/png")
    async with hostile(tmp_path, says(refused), part) as (server, store):
        info = await store.stat(at(server))
        assert (info.size, info.etag, info.media_type) == (4711, "v1", "image/png")
        assert [asked.method for asked in server.asked] == ["HEAD", "GET"]
        assert server.asked[1].headers["range"] == "bytes=0-0"


async def test_an_empty_object_behind_a_refused_head_is_an_object(tmp_path: Path) -> None:
    async with hostile(tmp_path, says(405), says(416, Content_Range="bytes */0")) as (server, store):
        assert (await store.stat(at(server))).size == 0


@pytest.mark.parametrize("told", [{"ETag": 'W/"v"'}, {"ETag": "v"}, {"ETag": '"a"b"'}, {"ETag": '""'}, {}])
async def test_only_a_strong_etag_is_a_version_by_itself(tmp_path: Path, told: dict[str, str]) -> None:
    dated = {"Last_Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}
    async with hostile(tmp_path, says(200, "data", **told, **dated)) as (server, store):
        assert (await store.stat(at(server))).etag == "modified-56273e80-4"
    async with hostile(tmp_path, says(200, "data", ETag='"strong"', **dated)) as (server, store):
        info = await store.stat(at(server))
        assert info.etag == "strong"
        # A server whose HEAD tells less than its GET has one version all the same.
        server.answers, server.served = [says(200, "data", ETag='"strong"', **dated)], 0
        async with await store.get(at(server), if_match=type(info.etag)("modified-56273e80-4")) as body:
            assert body.info.etag == "modified-56273e80-4"
