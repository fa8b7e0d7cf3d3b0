"""The https adapter over a real nginx passes what the suite of every store asks of a reader."""

from __future__ import annotations

import os
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from contracts.store import A, StoreContract
from contracts.store_keys import ODD_KEYS, read
from moorage.model.errors import (
    Changed,
    ObjectNotFound,
    ReadOnly,
    Refused,
    StoreDenied,
    StoreUnreachable,
)
from moorage.model.keys import Key, key_bytes
from moorage.model.objects import ByteRange, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Connection, Provider, Store
from moorage.stores.disk.naming import unstorable as disk_unstorable
from moorage.stores.https import HttpsLimits, HttpsStore
from moorage.stores.transport import Guard
from servers.nginx import tls_files

GUARD = Guard.of(["127.0.0.1"], setting="MOORAGE_TRIAL_ALLOW")


@dataclass
class Web:
    """A web server with files."""

    root: Path
    url: str
    authority: str

    def store(self, below: str | None = "", *, bounds: HttpsLimits | None = None, guard: Guard = GUARD) -> HttpsStore:
        """The adapter, with keys below a path; None: keys are whole addresses."""
        endpoint = "" if below is None else self.url + below
        connection = Connection(Provider.HTTPS, endpoint=endpoint, ca=self.authority)
        return HttpsStore(Store("under-test", connection), guard=guard, bounds=bounds)

    def write(self, name: str, data: bytes) -> None:
        """Put a file there, of another second than the one before."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.stat().st_mtime if path.exists() else 1_600_000_000
        path.write_bytes(data)
        os.utime(path, (before + 1, before + 1))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    home, root = tmp_path_factory.mktemp("nginx"), tmp_path_factory.mktemp("files")
    with tls_files(home, root) as (url, authority):
        yield Web(root, url, authority)


@pytest.fixture
def web(server: Web) -> Web:
    """Its files are the test's own."""
    for path in sorted(server.root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return server


class Published(HttpsStore):
    """The adapter, for the suite, with files put by hand where the server shows them."""

    web: Web

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],
        *,
        length: int | None = None,
        media_type: str = "",
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ANYWAY,
    ) -> ObjectInfo:
        assert isinstance(body, bytes)
        self.web.write(key, body)
        return await self.stat(key)


class TestNginx:
    @pytest.fixture
    async def store(self, web: Web) -> AsyncIterator[Published]:
        connection = Connection(Provider.HTTPS, endpoint=web.url, ca=web.authority)
        store = Published(Store("under-test", connection), guard=GUARD)
        store.web = web
        yield store
        await store.aclose()

    test_closing_twice_does_no_harm = StoreContract.test_closing_twice_does_no_harm
    test_a_range_is_these_bytes = StoreContract.test_a_range_is_these_bytes
    test_a_range_without_a_byte_is_unsatisfiable = StoreContract.test_a_range_without_a_byte_is_unsatisfiable
    test_a_long_range_comes_in_bounded_blocks = StoreContract.test_a_long_range_comes_in_bounded_blocks
    test_a_get_names_the_version_that_it_wants = StoreContract.test_a_get_names_the_version_that_it_wants
    test_readers_that_stop_half_way_leave_the_store_usable = (
        StoreContract.test_readers_that_stop_half_way_leave_the_store_usable
    )
    test_many_readers_at_once_get_all_bytes = StoreContract.test_many_readers_at_once_get_all_bytes


async def test_an_object_is_told_of_as_the_server_does(web: Web) -> None:
    store = web.store()
    web.write("a.png", b"picture")
    stat = await store.stat(Key("a.png"))
    assert (stat.size, stat.media_type, stat.modified_ms) == (7, "image/png", 1_600_000_001_000)
    async with await store.get(Key("a.png"), if_match=stat.etag) as body:
        assert body.info == stat
        assert await body.read() == b"picture"
    web.write("empty", b"")
    assert (await store.stat(Key("empty"))).size == 0
    assert await read(store, Key("empty")) == b""
    await store.aclose()


async def test_a_key_names_its_own_file_and_no_other(web: Web) -> None:
    """nginx resolves ``//`` and what ends with ``/`` by itself, so such keys are left to it."""
    store = web.store("/in")
    web.write("a", b"outside")
    for key in ODD_KEYS:
        if disk_unstorable(key) is None and store.unstorable(key) is None and not key.startswith(".moorage"):
            web.write(f"in/{key}", key_bytes(key))
            assert await read(store, key) == key_bytes(key)
            (web.root / "in" / key).unlink()
        elif "//" not in key and not key.endswith("/") and len(key) < 255:
            with pytest.raises(ObjectNotFound):
                await store.get(key)
    await store.aclose()


@pytest.mark.parametrize(
    ("path", "begins"), [("/", ""), ("/dated/", "modified-"), ("/bare/", "fetched-")], ids=["etag", "date", "neither"]
)
async def test_a_version_is_what_the_server_tells_best(web: Web, path: str, begins: str) -> None:
    web.write("a", b"old")
    seen = []
    store = web.store(path)
    old = await store.stat(A)
    assert old.etag.startswith(begins)
    async with await store.get(A, if_match=old.etag, byte_range=ByteRange(1, 1)) as body:
        assert (body.info.etag, await body.read()) == (old.etag, b"l")
    web.write("a", b"newer")
    with pytest.raises(Changed):
        await store.get(A, if_match=old.etag)
    seen.append((await store.stat(A)).etag)
    assert seen != [old.etag]
    await store.aclose()


async def test_without_validators_what_was_fetched_long_ago_is_another_version(web: Web) -> None:
    web.write("a", b"data")
    now_s = 1_000_000.0
    connection = Connection(Provider.HTTPS, endpoint=f"{web.url}/bare", ca=web.authority)
    store = HttpsStore(Store("s", connection), guard=GUARD, now_s=lambda: now_s)
    first = (await store.stat(A)).etag
    now_s += 600
    async with await store.get(A, if_match=first) as body:
        assert body.info.etag == first
    now_s += 600
    with pytest.raises(Changed):
        await store.get(A, if_match=first)
    await store.aclose()


async def test_a_server_without_ranges_is_read_from_its_beginning_up_to_a_bound(web: Web) -> None:
    web.write("a", bytes(range(256)) * 8)
    store = web.store("/whole", bounds=HttpsLimits(skip_bytes=1000))
    async with await store.get(A, byte_range=ByteRange(900, 20)) as body:
        assert (body.start, body.stop, body.info.size) == (900, 920, 2048)
        assert await body.read() == (bytes(range(256)) * 8)[900:920]
    for far in (ByteRange(1001, 1), ByteRange(None, 5)):
        with pytest.raises(StoreUnreachable) as caught:
            await store.get(A, byte_range=far)
        assert caught.value.cause == "range_ignored"
    await store.aclose()


async def test_a_key_may_be_a_whole_address_and_redirects_are_followed(web: Web) -> None:
    web.write("bay/ünï 1#.png", b"picture")
    store = web.store(None)
    path = quote("bay/ünï 1#.png")
    for key in (f"{web.url}/{path}", f"{web.url}/{path}?size=3#top", f"{web.url}/bay/ünï 1%23.png"):
        assert await read(store, Key(key)) == b"picture"
        assert (await store.stat(Key(key))).size == 7
    assert await store.presign(Key(f"{web.url}/bay/ünï.png"), expires_s=60) == f"{web.url}/bay/%C3%BCn%C3%AF.png"
    web.write("a", b"data")
    assert await read(store, Key(f"{web.url}/moved/a")) == b"data"
    await store.aclose()


@pytest.mark.parametrize(
    "key", ["", "a/b", "https://", "https:///x", "ftp://host/x", "file:///etc/passwd", "https://user:pw@127.0.0.1/x",
            "https://127.0.0.1:0/x", "https://127.0.0.1:99999/x", "https://127.0.0.1\\@evil/x", "https://a\nb/x",
            "javascript:alert(1)", "https://[::1/x", "https://a b/x"]
)  # fmt: skip
async def test_what_is_no_address_is_no_object_and_nobody_is_asked(web: Web, key: str) -> None:
    store = web.store(None)
    assert store.unstorable(Key(key))
    for verb in (store.stat, store.get):
        with pytest.raises(ObjectNotFound) as caught:
            await verb(Key(key))
        assert "No request was made" in caught.value.message
    assert store.counters.requests.total() == 0
    await store.aclose()


async def test_nothing_is_listed_or_written(web: Web) -> None:
    web.write("a", b"data")
    store = web.store()
    with pytest.raises(StoreDenied) as caught:
        await store.list_page()
    assert caught.value.code == "NoListing"
    for write in (store.put(A, b"x"), store.copy(A, Key("b")), store.delete(A), store.try_multipart(A)):
        with pytest.raises(ReadOnly):
            await write
    with pytest.raises(Refused):
        await store.presign(A, expires_s=60, disposition="attachment")
    assert await read(store, A) == b"data"
    assert store.counters.requests.total() == 1
    await store.aclose()


async def test_the_authority_of_the_connection_is_the_only_one_trusted(web: Web) -> None:
    store = HttpsStore(Store("s", Connection(Provider.HTTPS, endpoint=web.url)), guard=GUARD)
    with pytest.raises(StoreUnreachable) as caught:
        await store.stat(A)
    assert caught.value.cause == "certificate"
    await store.aclose()


async def test_an_object_above_the_limit_is_not_read(web: Web) -> None:
    web.write("a", b"x" * 101)
    store = web.store(bounds=HttpsLimits(max_bytes=100))
    for call in (store.stat(A), store.get(A), store.get(A, byte_range=ByteRange(0, 1))):
        with pytest.raises(StoreUnreachable) as caught:
            await call
        assert "MOORAGE_LINK_SIZE" in caught.value.advice
    await store.aclose()


async def test_what_is_closed_or_absent_is_told_apart(web: Web) -> None:
    store = web.store()
    with pytest.raises(ObjectNotFound):
        await store.stat(Key("absent"))
    for verb in (store.stat, store.get):
        with pytest.raises(StoreDenied) as caught:
            await verb(Key("closed/a"))
        assert (caught.value.permission, caught.value.code) == ("read", "Status403")
    await store.aclose()
