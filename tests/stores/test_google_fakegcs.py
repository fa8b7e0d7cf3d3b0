"""The Google adapter against fake-gcs-server: what the suite of all stores does not ask."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import unquote

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

import servers
from contracts.store_keys import ODD_KEYS, all_entries, all_listed, in_order, read
from moorage.model.credentials import ServiceAccount
from moorage.model.errors import Changed, Invalid, ObjectNotFound, Refused
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange
from moorage.model.probe import Finding
from moorage.model.store import Condition, Store
from moorage.registering.probe import probe
from moorage.stores.google import GoogleStore
from moorage.stores.transport import Purpose
from stores.google_bucket import asked, bucket_of, described, store_at, stored
from stores.google_facing import behind_gate
from stores.google_tokens import EMAIL, key_file, private_key

A = Key("a")
MIB = 1 << 20
HTTPS = "https://oauth2.googleapis.com/token"


@pytest.fixture
async def registered() -> AsyncIterator[Store]:
    async with bucket_of(servers.fakegcs()) as name:
        yield store_at(servers.fakegcs().endpoint, name)


@pytest.fixture
async def store(registered: Store) -> AsyncIterator[GoogleStore]:
    adapter = GoogleStore(registered)
    yield adapter
    await adapter.aclose()


# What another program wrote, and reads


async def test_objects_are_the_same_to_another_program(registered: Store, store: GoogleStore) -> None:
    server = servers.fakegcs()
    for key in ODD_KEYS[:8]:
        info = await store.put(key, key.encode(), media_type="image/x", metadata={"Note": "é"})
        told = described(server, registered.bucket, key)
        assert (told["name"], told["contentType"], told["metadata"]) == (key, "image/x", {"note": "é"})
        assert (told["generation"], int(told["size"])) == (info.generation, info.size)
        assert told["md5Hash"] == base64.b64encode(hashlib.md5(key.encode()).digest()).decode()
    made = stored(server, registered.bucket, "theirs", b"", metadata={"One": "1"})
    stat = await store.stat(Key("theirs"))
    assert (stat.size, dict(stat.metadata), stat.etag) == (0, {"one": "1"}, made["generation"])


async def test_the_etag_is_the_generation_and_a_new_one_for_the_same_bytes(store: GoogleStore) -> None:
    first, second = await store.put(A, b"same"), await store.put(A, b"same")
    assert first.etag == first.generation != second.etag == second.generation
    with pytest.raises(Changed):
        await store.put(A, b"other", condition=Condition(if_match=first.etag))
    with pytest.raises(Changed):
        await store.put(A, b"other", condition=Condition(if_match=ETag("no number")))
    with pytest.raises(Changed):
        await store.delete(A, if_match=ETag("no number"))
    await store.delete(Key("absent"), if_match=ETag("no number"))
    with pytest.raises(Changed):
        await store.get(A, if_match=first.etag, byte_range=ByteRange(100))
    assert (await store.stat(A)).etag == second.etag


async def test_what_is_stored_packed_comes_packed(registered: Store, store: GoogleStore) -> None:
    packed = gzip.compress(b"bytes" * 100)
    stored(servers.fakegcs(), registered.bucket, "packed", packed, contentEncoding="gzip")
    assert await read(store, Key("packed")) == packed
    async with await store.get(Key("packed"), byte_range=ByteRange(1, 3)) as body:
        assert await body.read() == packed[1:4]


async def test_odd_keys_roll_up_at_their_slashes(store: GoogleStore) -> None:
    keys = [key for key in ODD_KEYS if "/" in key and not store.unstorable(key)]
    await asyncio.gather(*(store.put(key, b"") for key in keys))
    expected = in_order(Key(key[: key.index("/") + 1]) for key in keys)
    for limit in (1, 3, 1000):
        assert await all_entries(store, limit=limit) == ([], expected)
    assert await all_entries(store, "aa/") == ([], ["aa/../", "aa/./", "aa//"])


async def test_a_rolled_up_prefix_of_many_keys_costs_one_page(store: GoogleStore) -> None:
    await asyncio.gather(*(store.put(Key(f"a/{number:03}"), b"") for number in range(50)))
    await store.put(Key("b"), b"")
    before = store.counters.requests["list"]
    assert await all_entries(store, limit=1) == (["b"], ["a/"])
    assert store.counters.requests["list"] - before == 2


async def test_a_page_may_be_as_large_as_the_largest(store: GoogleStore) -> None:
    keys = [Key(f"{number:04}") for number in range(1003)]
    for start in range(0, len(keys), 100):
        await asyncio.gather(*(store.put(key, b"") for key in keys[start : start + 100]))
    assert [one.key for one in await all_listed(store)] == keys
    first = await store.list_page()
    assert (len(first.objects), first.next_after) == (1000, "0999")
    for limit in (0, 1001):
        with pytest.raises(Invalid):
            await store.list_page(limit=limit)


@pytest.mark.parametrize("key", ["", ".", "..", "a\nb", "a\r", "é" * 513, "a\udcffb", ".well-known/acme-challenge/x"])
async def test_keys_that_google_does_not_hold(store: GoogleStore, key: str) -> None:
    assert store.unstorable(Key(key))
    with pytest.raises(ObjectNotFound):
        await store.stat(Key(key))
    assert not store.counters.requests


@pytest.mark.parametrize("key", ["é" * 512, "a/./b", "../a", "/", "\0", ".well-known/x", "...", "a\tb"])
def test_keys_that_google_holds(key: str) -> None:
    assert not GoogleStore(store_at("http://127.0.0.1:1", "reef")).unstorable(Key(key))


# Large bodies


async def test_a_large_body_goes_in_chunks_and_a_small_one_at_once(store: GoogleStore) -> None:
    async def stream(blocks: int) -> AsyncIterator[bytes]:
        for number in range(blocks):
            yield bytes([number]) * MIB

    await store.put(A, stream(8), length=8 * MIB, media_type="image/x")
    assert store.counters.requests["put"] == 1
    info = await store.put(A, stream(20), media_type="image/x", metadata={"one": "1"})
    assert (store.counters.requests["put"], store.counters.requests["multipart"]) == (4, 1)
    assert (info.size, dict((await store.stat(A)).metadata)) == (20 * MIB, {"one": "1"})
    await store.put(A, b"x" * (65 * MIB))
    assert (await store.stat(A)).size == 65 * MIB
    assert store.counters.requests["multipart"] == 2


async def test_views_for_other_purposes_share_counters(store: GoogleStore) -> None:
    jobs = store.serving(Purpose.JOBS)
    await jobs.put(A, b"x")
    await store.stat(A)
    assert dict(store.counters.requests) == dict(jobs.counters.requests) == {"put": 1, "stat": 1}


# Signed URLs


def holds(url: str) -> bool:
    """True where the signature of the URL holds, as Google checks it (V4, canonical request)."""
    whole, _, signature = url.rpartition("&X-Goog-Signature=")
    scheme, _, rest = whole.partition("://")
    host, slash, target = rest.partition("/")
    path, _, query = target.partition("?")
    words = query.split("&")
    assert words == sorted(words), "the query is canonical"
    given = {name: unquote(value) for name, _, value in (word.partition("=") for word in words)}
    scope = given["X-Goog-Credential"].removeprefix(f"{EMAIL}/")
    request = f"GET\n{slash}{path}\n{query}\nhost:{host.partition(':')[0]}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{given['X-Goog-Algorithm']}\n{given['X-Goog-Date']}\n{scope}\n{digest}"
    assert (scheme, scope) == ("http", f"{given['X-Goog-Date'][:8]}/auto/storage/goog4_request")
    try:
        public = private_key("own").public_key()
        public.verify(bytes.fromhex(signature), text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


async def test_a_signed_url_reads_any_key_without_credentials(registered: Store) -> None:
    """The emulator does not check signatures; they are checked here, by the rules of their documentation."""
    account = ServiceAccount(key_file(HTTPS))
    anonymous = GoogleStore(registered)
    store = GoogleStore(replace(registered, connection=replace(registered.connection, credentials=account)))
    for key in (Key("a b+c/é#%20.jpg"), Key("a//b"), Key("x/../y"), Key("q?x&y=*~'()")):
        await anonymous.put(key, key.encode())
        disposition = "attachment; filename*=UTF-8''%C3%A9.jpg"
        url = await store.presign(key, expires_s=60, disposition=disposition)
        assert holds(url)
        assert not holds(url.replace("X-Goog-Expires=60", "X-Goog-Expires=61"))
        assert "response-content-disposition=attachment" in url
        assert asked("GET", url)[2] == key.encode()
    for life in (0, 7 * 24 * 3600 + 1):
        with pytest.raises(Invalid):
            await store.presign(A, expires_s=life)
    assert not store.counters.requests
    await store.aclose()
    assert asked("GET", await anonymous.presign(key, expires_s=60))[2] == key.encode()
    with pytest.raises(Refused):
        await anonymous.presign(A, expires_s=60, disposition="attachment")
    await anonymous.aclose()


# The check of a store


async def test_a_probe_names_the_permission_that_is_missing() -> None:
    async with behind_gate() as behind:
        checked = await probe(behind.registered, behind.store, now_ms=0)
        assert {line.finding for line in checked.report.lines} <= {Finding.OK, Finding.SKIPPED}
        assert checked.report.passed
        assert (await behind.store.list_page()).objects == []
        for permission in ("list", "get", "create", "delete"):
            behind.gate.denied = {f"storage.objects.{permission}"}
            report = (await probe(behind.registered, behind.store, now_ms=0)).report
            missing = [line for line in report.lines if line.finding is Finding.MISSING]
            assert missing, permission
            assert all(f"storage.objects.{permission}" in line.advice for line in missing)
            assert not report.passed
