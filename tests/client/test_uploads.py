"""Uploads by the SDK: a file streams, is sent again where that is safe, and never half of two versions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from client.toy import ITEM
from moorage.client import AsyncClient, Limits
from moorage.client.uploads import IfExists
from moorage.model.errors import AlreadyExists, Changed, Invalid, NotFound, StoreUnreachable, TryAgain

MIB = 1 << 20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Taker:
    """A server that takes one file after the other, and does with each what it is told."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.queries: list[dict[str, str]] = []
        self.types: list[str] = []
        self.first: list[Handler] = []
        """What is done with the first requests, in place of taking them."""

    async def take(self, request: web.Request) -> web.StreamResponse:
        if self.first:
            return await self.first.pop(0)(request)
        self.bodies.append(await request.read())
        self.queries.append(dict(request.query))
        self.types.append(request.content_type)
        return web.json_response(ITEM, status=201)


async def cut(request: web.Request) -> web.StreamResponse:
    """Take some, then cut the connection."""
    await request.content.readexactly(MIB)
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def says(status: int, slug: str, **more: str) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        document = {"type": f"/problems/{slug}", "detail": "It says no.", "advice": "Look.", **more}
        return web.json_response(document, status=status, content_type="application/problem+json")

    return answer


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
async def client(taker: Taker) -> AsyncIterator[AsyncClient]:
    app = web.Application(client_max_size=100 * MIB)
    app.router.add_put("/api/v1/folders/10/items", taker.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with AsyncClient(f"http://127.0.0.1:{runner.addresses[0][1]}", "t", limits=Limits(pause_s=0.01)) as made:
        yield made
    await runner.cleanup()


async def test_a_file_is_sent_under_its_name_with_its_length_and_type(
    client: AsyncClient, taker: Taker, tmp_path: Path
) -> None:
    data = bytes(range(256)) * 20_000
    (tmp_path / "a b#ü.jpg").write_bytes(data)
    noted: list[int] = []
    item = await client.upload(tmp_path / "a b#ü.jpg", "10", note=noted.append)
    assert (item.id, taker.bodies, taker.types) == ("20", [data], ["image/jpeg"])
    assert taker.queries == [{"name": "a b#ü.jpg", "if_exists": "refuse"}]
    assert sum(noted) == len(data)


async def test_bytes_are_sent_under_a_given_name(client: AsyncClient, taker: Taker) -> None:
    await client.upload(b"", "10", name="bad\udcff", if_exists="replace")
    assert taker.bodies == [b""]
    assert taker.queries == [{"name": "bad\\xff", "if_exists": "replace", "key_encoding": "escaped"}]
    with pytest.raises(Invalid):
        await client.upload(b"x", "10")


@pytest.mark.parametrize("if_exists", ["refuse", "replace"])
async def test_after_a_passing_fault_it_is_sent_again_and_counted_once(
    client: AsyncClient, taker: Taker, if_exists: IfExists
) -> None:
    data = bytes(4 * MIB)
    taker.first = [cut, says(503, "busy")]
    noted: list[int] = []
    await client.upload(data, "10", name="a", if_exists=if_exists, note=noted.append)
    assert taker.bodies == [data]
    assert sum(noted) == len(data)


async def test_what_would_make_a_second_item_is_never_sent_again(client: AsyncClient, taker: Taker) -> None:
    taker.first = [cut]
    with pytest.raises(TryAgain):
        await client.upload(bytes(4 * MIB), "10", name="a", if_exists="both")
    assert taker.bodies == []


async def test_a_full_disk_is_told_at_once(client: AsyncClient, taker: Taker) -> None:
    taker.first = [says(503, "store-unreachable", cause="disk_full")]
    with pytest.raises(StoreUnreachable):
        await client.upload(b"x", "10", name="a")
    assert taker.bodies == []


async def test_a_refusal_is_heard_while_the_file_is_still_being_sent(client: AsyncClient, taker: Taker) -> None:
    taker.first = [says(409, "already-exists")]
    with pytest.raises(AlreadyExists, match="It says no"):
        await client.upload(bytes(64 * MIB), "10", name="a")


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"short"), lambda path: path.open("ab").close()])
async def test_a_file_that_changes_meanwhile_is_never_stored(
    client: AsyncClient, taker: Taker, tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(3 * MIB))
    before = path.stat().st_mtime_ns

    def touch(_: int) -> None:
        import os

        change(path)
        os.utime(path, ns=(before + 1, before + 1))

    with pytest.raises(Changed, match="changed while it was sent"):
        await client.upload(path, "10", note=touch)
    assert taker.bodies == []


@pytest.mark.parametrize("name", ["absent", "."])
async def test_what_cannot_be_read_is_told_before_anything_is_sent(
    client: AsyncClient, tmp_path: Path, name: str
) -> None:
    with pytest.raises(NotFound, match="cannot be read"):
        await client.upload(tmp_path / name, "10")


async def test_a_server_that_takes_nothing_more_is_given_up(
    client: AsyncClient, taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    monkeypatch.setattr("moorage.client.uploads.SILENCE_S", 0.2)
    taker.first = [hang]
    with pytest.raises(TryAgain, match="no answer in time"):
        await client.upload(bytes(64 * MIB), "10", name="a", if_exists="both")
    released.set()
