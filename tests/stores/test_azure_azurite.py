"""The Azure adapter against Azurite: what the suite of all stores does not ask."""

from __future__ import annotations

import asyncio
import base64
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

import servers
from contracts.store_keys import all_listed, read
from moorage.model.credentials import AccountKey, Anonymous, ConnectionString, Credentials, Sas
from moorage.model.errors import AlreadyExists, Invalid, Refused, StoreDenied, StoreUnreachable
from moorage.model.keys import Bucket, Key
from moorage.model.probe import Finding, Permission, ProbeReport
from moorage.model.store import Condition, Store
from moorage.registering.probe import probe
from moorage.stores.azure import AzureStore
from moorage.stores.azure.client import Call
from moorage.stores.transport import Purpose
from servers import Server
from stores.azure_container import account_key, account_sas, asked, container_of, container_sas, store_at

A = Key("a")
MIB = 1 << 20


@pytest.fixture
def server() -> Server:
    return servers.azurite()


@pytest.fixture
async def registered(server: Server) -> AsyncIterator[Store]:
    async with container_of(server) as name:
        yield store_at(server, name, read_only=False)


@pytest.fixture
async def store(registered: Store) -> AsyncIterator[AzureStore]:
    adapter = AzureStore(registered)
    yield adapter
    await adapter.aclose()


def with_credentials(store: Store, given: Credentials) -> Store:
    return replace(store, connection=replace(store.connection, credentials=given))


# Who may do what


async def test_a_wrong_key_is_denied_everything(registered: Store) -> None:
    wrong = base64.b64encode(os.urandom(64)).decode()
    denied = AzureStore(with_credentials(registered, AccountKey("devstoreaccount1", wrong)))
    for verb in (denied.list_page(), denied.stat(A), denied.get(A), denied.put(A, b"x"), denied.delete(A)):
        with pytest.raises(StoreDenied) as caught:
            await verb
        assert caught.value.code in {"AuthenticationFailed", "AuthorizationFailure"}
        assert caught.value.bucket == registered.bucket
        assert wrong not in str(caught.value)
    await denied.aclose()


async def test_a_missing_container_is_no_missing_object(registered: Store) -> None:
    store = AzureStore(replace(registered, bucket=Bucket("no-such-container")))
    for verb in (
        store.list_page(),
        store.stat(A),
        store.get(A),
        store.put(A, b"x"),
        store.put(A, b"x", condition=Condition(if_absent=True)),
        store.copy(A, Key("b")),
        store.delete(A),
        store.try_multipart(A),
    ):
        with pytest.raises(StoreUnreachable) as caught:
            await verb
        assert caught.value.cause == "no bucket"
    await store.aclose()


async def test_a_signature_of_another_key_is_denied(server: Server, registered: Store) -> None:
    token = container_sas(server, registered.bucket)
    forged = token.replace("sp=racwdl", "sp=racwdlx")
    store = AzureStore(with_credentials(registered, Sas(server.access_key, forged)))
    with pytest.raises(StoreDenied, match="whether the key or token is the right one") as caught:
        await store.list_page()
    assert caught.value.code == "AuthorizationFailure", "Azure itself says AuthenticationFailed"
    await store.aclose()


@pytest.mark.parametrize(
    ("letters", "missing"),
    [
        ("r", {"list": "l (list)", "put": "c (create) and w (write)", "delete": "d (delete)"}),
        ("rl", {"put": "c (create) and w (write)", "delete": "d (delete)"}),
        ("racwl", {"delete": "d (delete)"}),
        ("cwdl", {"stat": "r (read)", "get": "r (read)"}),
    ],
)
async def test_each_letter_that_a_token_lacks_is_named(
    server: Server, registered: Store, store: AzureStore, letters: str, missing: dict[str, str]
) -> None:
    await store.put(A, b"before")
    limited = AzureStore(
        with_credentials(registered, Sas(server.access_key, container_sas(server, registered.bucket, letters)))
    )
    verbs: dict[str, Callable[[], Awaitable[object]]] = {
        "list": limited.list_page,
        "stat": lambda: limited.stat(A),
        "get": lambda: limited.get(A),
        "put": lambda: limited.put(Key("b"), b"x"),
        "delete": lambda: limited.delete(A),
    }
    for name, permission in missing.items():
        with pytest.raises(StoreDenied) as caught:
            await verbs[name]()
        assert (caught.value.permission, caught.value.code) == (
            f"SAS permission {permission}",
            "AuthorizationPermissionMismatch",
        )
    await limited.aclose()


async def test_an_account_token_without_containers_cannot_list(server: Server, registered: Store) -> None:
    store = AzureStore(with_credentials(registered, Sas("", account_sas(server, types="o"))))
    with pytest.raises(StoreDenied, match="srt=co") as caught:
        await store.list_page()
    assert caught.value.code == "AuthorizationResourceTypeMismatch"
    await store.aclose()


async def test_a_public_container_is_read_without_credentials(server: Server) -> None:
    async with container_of(server, public="container") as name:
        writer = AzureStore(store_at(server, name, read_only=False))
        await writer.put(A, b"for all")
        reader = AzureStore(store_at(server, name, Anonymous()))
        assert [one.key for one in await all_listed(reader)] == [A]
        assert await read(reader, A) == b"for all"
        assert await fetched(await reader.presign(A, expires_s=60)) == (b"for all", None)
        with pytest.raises(Refused):
            await reader.presign(A, expires_s=60, disposition="attachment")
        await writer.aclose()
        await reader.aclose()


async def test_a_private_container_shows_nothing_without_credentials(registered: Store) -> None:
    store = AzureStore(with_credentials(registered, Anonymous()))
    for verb in (store.list_page(), store.stat(A), store.get(A)):
        with pytest.raises(StoreDenied):
            await verb
    await store.aclose()


async def test_a_read_only_store_sends_no_request_to_write(registered: Store) -> None:
    store = AzureStore(replace(registered, read_only=True))
    for verb in (store.put(A, b"x"), store.copy(A, Key("b")), store.delete(A), store.try_multipart(A)):
        with pytest.raises(Refused):
            await verb
    assert not store.counters.requests
    await store.aclose()


# Checks of a store, as they are made before it is registered


async def checked(store: Store) -> ProbeReport:
    opened = AzureStore(store)
    try:
        return (await probe(store, opened, now_ms=0)).report
    finally:
        await opened.aclose()


async def test_a_probe_passes_and_leaves_nothing(registered: Store, store: AzureStore) -> None:
    await store.put(A, b"object")
    report = await checked(registered)
    assert report.passed
    assert {line.finding for line in report.lines} <= {Finding.OK, Finding.SKIPPED}
    assert [one.key for one in await all_listed(store)] == [A]
    assert await store.administration.uploads("") == ()


async def test_a_probe_names_the_letters_that_are_missing(server: Server, registered: Store, store: AzureStore) -> None:
    await store.put(A, b"object")
    sas = Sas(server.access_key, container_sas(server, registered.bucket, "r"))
    report = await checked(with_credentials(registered, sas))
    findings = {line.permission: line.finding for line in report.lines}
    assert (findings[Permission.REACH], findings[Permission.LIST]) == (Finding.OK, Finding.MISSING)
    assert findings[Permission.WRITE] == findings[Permission.MULTIPART] == Finding.MISSING
    assert any("l (list)" in line.advice for line in report.lines)


# URLs


async def fetched(url: str) -> tuple[bytes, str | None]:
    def ask() -> tuple[bytes, str | None]:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read(), answer.headers["Content-Disposition"]

    return await asyncio.to_thread(ask)


async def test_a_signed_url_reads_any_key_without_credentials(server: Server, store: AzureStore) -> None:
    for key in (Key("a b+c/é#%20.jpg"), Key("a//b"), Key("q?x=1&y"), Key("日本語")):
        await store.put(key, key.encode())
        disposition = "attachment; filename*=UTF-8''%C3%A9.jpg"
        url = await store.presign(key, expires_s=60, disposition=disposition)
        assert await fetched(url) == (key.encode(), disposition)
        assert server.secret_key not in url
    await store.put(A, b"a")
    url = await store.presign(A, expires_s=60)
    for changed in (url.replace("/a?", "/a%20b%2Bc/%C3%A9%23%2520.jpg?"), url.replace("sp=r", "sp=rw")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            await fetched(changed)
        caught.value.close()
        assert caught.value.code == 403
    for life in (0, 7 * 24 * 3600 + 1):
        with pytest.raises(Invalid):
            await store.presign(A, expires_s=life)


async def test_a_token_is_never_given_away_as_a_url(server: Server, registered: Store) -> None:
    for letters, words in (("racwdl", "reading, listing, creating"), ("l", "does not allow reading")):
        sas = Sas(server.access_key, container_sas(server, registered.bucket, letters))
        store = AzureStore(with_credentials(registered, sas))
        with pytest.raises(Refused) as caught:
            await store.presign(A, expires_s=60)
        assert words in caught.value.message
        assert "sig=" not in str(caught.value)
        await store.aclose()


# Large bodies, and what others see


async def test_a_large_body_goes_in_blocks_and_in_one_piece_below(store: AzureStore) -> None:
    async def stream(blocks: int) -> AsyncIterator[bytes]:
        for number in range(blocks):
            yield bytes([number]) * MIB

    await store.put(A, stream(20), length=20 * MIB)
    assert store.counters.requests["put"] == 1
    blocks = await store.put(Key("b"), stream(20), media_type="image/x", metadata={"note": "é"})
    assert store.counters.requests["put"] == 1 + 3 + 1
    assert await read(store, A) == await read(store, Key("b"))
    stat = await store.stat(Key("b"))
    assert (stat.etag, stat.media_type, dict(stat.metadata)) == (blocks.etag, "image/x", {"note": "é"})
    one, other = [(await store._client.call(Call("stat", "HEAD", key))).headers["Content-MD5"] for key in "ab"]
    assert one == other, "an object of blocks keeps the checksum of its bytes"
    with pytest.raises(AlreadyExists):
        await store.put(Key("b"), stream(20), condition=Condition(if_absent=True))


async def test_a_cancelled_write_in_blocks_leaves_no_object(store: AzureStore) -> None:
    sent = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(18):
            yield b"x" * MIB
        sent.set()
        await asyncio.sleep(30)

    putting = asyncio.create_task(store.put(A, stream()))
    await asyncio.wait_for(sent.wait(), 60)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert (await store.list_page()).objects == []
    await store.put(A, b"works")
    assert await read(store, A) == b"works"


async def test_a_blob_with_snapshots_is_not_deleted_with_them(
    server: Server, registered: Store, store: AzureStore
) -> None:
    await store.put(A, b"kept")
    await asyncio.to_thread(asked, server, "PUT", f"{registered.bucket}/a", {"comp": "snapshot"})
    assert [one.key for one in await all_listed(store)] == [A]
    with pytest.raises(StoreDenied, match="snapshots"):
        await store.delete(A)
    assert await read(store, A) == b"kept"


async def test_metadata_that_azure_cannot_hold_is_refused(store: AzureStore) -> None:
    for metadata in ({"with-hyphen": "1"}, {"1st": "1"}, {"": "1"}, {"line": "a\nb"}):
        with pytest.raises(Invalid):
            await store.put(A, b"x", metadata=metadata)
    assert not store.counters.requests
    metadata = {"a1": "one", "a_": "two", "ab": "  three", "b": "=?utf-8?q?x?="}
    await store.put(A, b"x", metadata=metadata | {"ab": "three"})
    assert (await store.stat(A)).metadata["a_"] == "two"


async def test_the_emulator_is_named_by_its_own_connection_string(server: Server, registered: Store) -> None:
    store = AzureStore(with_credentials(registered, ConnectionString("UseDevelopmentStorage=true")))
    await store.put(A, b"x")
    assert account_key(server).account == "devstoreaccount1"
    assert [one.key for one in await all_listed(store)] == [A]
    await store.aclose()


async def test_views_for_other_purposes_share_counters_and_listings(store: AzureStore) -> None:
    for number in range(5):
        await store.put(Key(f"k{number}"), b"x")
    jobs = store.serving(Purpose.JOBS)
    first = await store.list_page(limit=2)
    second = await jobs.list_page(after=first.next_after, limit=2)
    assert [one.key for one in second.objects] == ["k2", "k3"]
    assert dict(store.counters.requests) == {"put": 5, "list": 2}
