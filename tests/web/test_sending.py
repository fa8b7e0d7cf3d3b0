"""A reader that pauses keeps no connection of the store, and still gets every byte."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from moorage.edge.ranges import decide
from moorage.model.catalogue import FolderId, Item, ItemId, Kind, ProjectId
from moorage.model.errors import Changed, TryAgain
from moorage.model.keys import Bucket, Key
from moorage.model.objects import ObjectBody
from moorage.model.store import Connection, Provider, Store, StoreId
from moorage.reading.content import Content
from moorage.reading.locate import Located
from moorage.stores.memory import MemoryStore
from moorage.web import sending
from moorage.web.sending import Answer, known
from moorage.web.sources import ItemBytes

BODY = bytes(range(256)) * 4096 * 5
KEY = Key("large.bin")


class Watched(MemoryStore):
    """A store that counts bodies: those ever opened, and those open now."""

    opened = 0
    open = 0

    async def get(self, key: Key, **how: Any) -> ObjectBody:
        body = await super().get(key, **how)
        self.opened += 1
        self.open += 1
        close, closed = body.aclose, False

        async def aclose() -> None:
            nonlocal closed
            self.open -= not closed
            closed = True
            await close()

        body.aclose = aclose  # type: ignore[method-assign] # the body tells when it is closed
        return body


class Reader:
    """A client at the other end: takes messages while ``goes_on`` is set."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.left = asyncio.Event()
        self.got: list[dict[str, Any]] = []
        self.pause_after = -1

    async def send(self, message: dict[str, Any]) -> None:
        """As a server does: wait for room first, then write."""
        if len(self.got) == self.pause_after:
            self.goes_on.clear()
            self.pause_after = -1
        await self.goes_on.wait()
        self.got.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.got)


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(sending, "PAUSE_S", 0.05)
    store = Watched(Store("box", Connection(Provider.MEMORY), Bucket("box"), read_only=False))
    await store.put(KEY, BODY)
    return store


async def located(store: Watched) -> Located:
    info = await store.stat(KEY)
    item = Item(
        ItemId(1),
        ProjectId(1),
        FolderId(1),
        KEY,
        Kind.FILE,
        StoreId(1),
        KEY,
        info.size,
        info.etag,
        "",
        1,
        "",
        linked=True,
    )
    return Located(item, Store("box", Connection(Provider.MEMORY), Bucket("box")))


async def serve(store: Watched, reader: Reader, wanted: str = "") -> None:
    """Answer a GET, with the range that is wanted."""
    found = await located(store)
    content = Content(cast("Any", None), cast("Any", None), lambda _: store, cast("Any", None))
    headers = {"range": wanted} if wanted else {}
    source = ItemBytes(content, found)
    answer = Answer("GET", headers, "", reader.receive, reader.send)
    await answer.send_spans(source, decide("GET", headers, known(source)), [("content-type", "x/y")])


async def pause(store: Watched, reader: Reader, serving: asyncio.Task[None]) -> None:
    """Wait until the reader pauses and the store is let go."""
    for _ in range(200):
        await asyncio.sleep(0.01)
        if not reader.goes_on.is_set() and store.open == 0:
            return
        assert not serving.done()
    raise AssertionError("The store's body stays open.")


@pytest.mark.parametrize("wanted", ["", "bytes=1000-4999999", "bytes=5-,7-2000000"])
async def test_a_reader_that_pauses_holds_nothing_of_the_store_and_misses_no_byte(store: Watched, wanted: str) -> None:
    reader, whole = Reader(), Reader()
    reader.pause_after = 3
    serving = asyncio.create_task(serve(store, reader, wanted))
    await pause(store, reader, serving)
    before = store.opened
    reader.goes_on.set()
    await serving
    assert store.opened > before
    assert store.open == 0
    await serve(store, whole, wanted)
    if "," not in wanted:
        assert reader.body == whole.body
    assert len(reader.body) == len(whole.body)


async def test_an_object_that_changed_meanwhile_is_never_mixed_in(store: Watched) -> None:
    reader = Reader()
    reader.pause_after = 3
    serving = asyncio.create_task(serve(store, reader))
    await pause(store, reader, serving)
    await store.put(KEY, BODY[::-1])
    reader.goes_on.set()
    with pytest.raises(Changed):
        await serving
    assert BODY.startswith(reader.body)


async def test_a_reader_that_pauses_for_too_long_is_cut_off(store: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LONGEST_PAUSE_S", 0.2)
    reader = Reader()
    reader.pause_after = 2
    with pytest.raises(TryAgain):
        await serve(store, reader)
    assert store.open == 0


async def test_a_reader_that_leaves_ends_the_reading(store: Watched) -> None:
    reader = Reader()
    reader.pause_after = 3
    serving = asyncio.create_task(serve(store, reader))
    await pause(store, reader, serving)
    reader.left.set()
    reader.goes_on.set()
    await serving
    assert store.open == 0
    assert len(reader.body) < len(BODY)
