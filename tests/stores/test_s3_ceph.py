"""The S3 adapter against Ceph: what the suite of all stores does not ask."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

import servers
from contracts.store_keys import ODD_KEYS, all_entries, in_order, read
from moorage.model.credentials import Anonymous, Keys
from moorage.model.errors import AlreadyExists, Changed, Invalid, Refused, StoreDenied, StoreUnreachable
from moorage.model.keys import Bucket, ETag, Key
from moorage.model.store import Condition, Store
from moorage.stores.s3 import Purpose, S3Store
from moorage.stores.s3.copying import copy
from moorage.stores.s3.pages import parse_fast, parse_strict
from stores.s3_bucket import admin, bucket_of, store_at

A = Key("a")
MIB = 1 << 20


@pytest.fixture
async def registered() -> AsyncIterator[Store]:
    async with bucket_of(servers.ceph()) as name:
        yield store_at(servers.ceph(), name, read_only=False)


@pytest.fixture
async def store(registered: Store) -> AsyncIterator[S3Store]:
    adapter = S3Store(registered)
    yield adapter
    await adapter.aclose()


@pytest.fixture
def other(registered: Store) -> Any:
    """boto3 on the same server: another program's view."""
    return admin(servers.ceph())


def with_keys(store: Store, keys: Keys | Anonymous) -> S3Store:
    return S3Store(replace(store, connection=replace(store.connection, credentials=keys)))


# Who may do what


@pytest.mark.parametrize(
    ("access_key", "secret_key"), [("nobody", "moorage-test-secret"), ("moorage-test", "not-the-secret")]
)
async def test_wrong_keys_are_denied_everything(registered: Store, access_key: str, secret_key: str) -> None:
    """Ceph with STS says the same for wrong keys as for a missing permission, so the advice names both."""
    denied = with_keys(registered, Keys(access_key, secret_key))
    for verb in (denied.list_page(), denied.stat(A), denied.get(A), denied.put(A, b"x"), denied.delete(A)):
        with pytest.raises(StoreDenied) as caught:
            await verb
        assert caught.value.code == "AccessDenied"
        assert "access key" in caught.value.advice
        assert caught.value.bucket == registered.bucket
        assert secret_key not in str(caught.value)
    await denied.aclose()


async def test_a_missing_bucket_is_no_missing_object(registered: Store) -> None:
    store = S3Store(replace(registered, bucket=Bucket("no-such-bucket-here")))
    missing = (
        store.list_page(),
        store.stat(A),
        store.get(A),
        store.put(A, b"x"),
        store.copy(A, Key("b")),
        store.try_multipart(A),
    )
    for verb in missing:
        with pytest.raises(StoreUnreachable) as caught:
            await verb
        assert caught.value.cause == "no bucket"
    with pytest.raises(StoreUnreachable):
        await store.put(A, b"x", condition=Condition(if_absent=True))
    await store.aclose()


async def test_a_policy_that_denies_writing_is_named(registered: Store, store: S3Store, other: Any) -> None:
    await store.put(A, b"before")
    objects = f"arn:aws:s3:::{registered.bucket}/*"
    statement = {"Effect": "Deny", "Principal": "*", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": objects}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    other.put_bucket_policy(Bucket=registered.bucket, Policy=policy)
    try:
        for permission, verb in (
            ("s3:PutObject", store.put(A, b"after")),
            ("s3:PutObject", store.try_multipart(A)),
            ("s3:PutObject", store.copy(A, Key("b"))),
            ("s3:DeleteObject", store.delete(A)),
        ):
            with pytest.raises(StoreDenied) as caught:
                await verb
            assert (caught.value.permission, caught.value.code) == (permission, "AccessDenied")
        assert await read(store, A) == b"before"
    finally:
        other.delete_bucket_policy(Bucket=registered.bucket)


async def test_a_public_bucket_is_read_without_keys(registered: Store, store: S3Store, other: Any) -> None:
    await store.put(A, b"for all")
    anonymous = with_keys(registered, Anonymous())
    for verb in (anonymous.list_page(), anonymous.stat(A), anonymous.get(A)):
        with pytest.raises(StoreDenied):
            await verb
    other.put_bucket_acl(Bucket=registered.bucket, ACL="public-read")
    other.put_object_acl(Bucket=registered.bucket, Key=A, ACL="public-read")
    assert [one.key for one in (await anonymous.list_page()).objects] == [A]
    assert await read(anonymous, A) == b"for all"
    with pytest.raises(Refused):
        await anonymous.presign(A, expires_s=60, disposition="attachment")
    assert await fetched(await anonymous.presign(A, expires_s=60)) == (b"for all", None)
    await anonymous.aclose()


async def test_a_read_only_store_sends_no_request_to_write(registered: Store) -> None:
    store = S3Store(replace(registered, read_only=True))
    for verb in (store.put(A, b"x"), store.copy(A, Key("b")), store.delete(A), store.try_multipart(A)):
        with pytest.raises(Refused):
            await verb
    assert not store.counters.requests
    await store.aclose()


# What another program wrote, and reads


async def test_objects_are_the_same_to_another_program(registered: Store, store: S3Store, other: Any) -> None:
    for key in ODD_KEYS[:8]:
        await store.put(key, key.encode(), media_type="image/x", metadata={"note": "é"})
        answer = other.get_object(Bucket=registered.bucket, Key=key)
        assert answer["Body"].read() == key.encode()
        assert answer["ContentType"] == "image/x"
    other.put_object(Bucket=registered.bucket, Key="theirs", Body=b"", Metadata={"one": "1"})
    stat = await store.stat(Key("theirs"))
    assert (stat.size, stat.media_type, dict(stat.metadata)) == (0, "", {"one": "1"})
    assert dict((await store.stat(ODD_KEYS[0])).metadata) == {"note": "é"}


async def test_odd_keys_roll_up_at_their_slashes(store: S3Store) -> None:
    keys = [key for key in ODD_KEYS if "/" in key]
    await asyncio.gather(*(store.put(key, b"") for key in keys))
    expected = in_order(Key(key[: key.index("/") + 1]) for key in keys)
    for limit in (1, 3, 1000):
        assert await all_entries(store, limit=limit) == ([], expected)
    assert await all_entries(store, "aa/") == ([], ["aa/../", "aa/./", "aa//"])


async def test_the_fast_reader_reads_what_ceph_writes(store: S3Store) -> None:
    from moorage.stores.s3.listing import _ask

    # An apostrophe comes as an entity: a page with one is left to the strict reader.
    keys = [key for key in ODD_KEYS if not store.unstorable(key) and "'" not in key]
    await asyncio.gather(*(store.put(key, b"") for key in keys))
    for delimiter in (False, True):
        document = await _ask(store._client, "", None, 1000, delimiter=delimiter)
        fast = parse_fast(document)
        assert fast is not None
        assert fast == parse_strict(document)
        assert len(fast.objects) + len(fast.prefixes) > 10


async def fetched(url: str) -> tuple[bytes, str | None]:
    def ask() -> tuple[bytes, str | None]:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read(), answer.headers["Content-Disposition"]

    return await asyncio.to_thread(ask)


async def test_a_signed_url_reads_any_key_without_keys(store: S3Store) -> None:
    for key in (Key("a b+c/é#%20.jpg"), Key("a//b"), Key("x/../y"), Key("line\nbreak")):
        await store.put(key, key.encode())
        disposition = "attachment; filename*=UTF-8''%C3%A9.jpg"
        assert await fetched(await store.presign(key, expires_s=60, disposition=disposition)) == (
            key.encode(),
            disposition,
        )
    url = await store.presign(A, expires_s=60)
    with pytest.raises(urllib.error.HTTPError) as caught:
        await fetched(url.replace("/a?", "/b?"))
    caught.value.close()
    assert caught.value.code == 403
    assert servers.ceph().secret_key not in url
    for life in (0, 7 * 24 * 3600 + 1):
        with pytest.raises(Invalid):
            await store.presign(A, expires_s=life)


# Large bodies


async def test_a_large_copy_goes_in_ranges_and_keeps_the_facts(store: S3Store, other: Any, registered: Store) -> None:
    data = bytes(range(256)) * (11 * MIB // 256)
    await store.put(A, data, media_type="image/png", metadata={"one": "1"})
    info = await copy(store._client, A, Key("b c"), Condition(if_absent=True), at_once=5 * MIB)
    assert (info.size, info.media_type, dict(info.metadata)) == (len(data), "image/png", {"one": "1"})
    assert info.etag.endswith("-3")
    assert await read(store, Key("b c")) == data
    for condition, kind in ((Condition(if_absent=True), AlreadyExists), (Condition(if_match=ETag("x")), Changed)):
        with pytest.raises(kind):
            await copy(store._client, A, Key("b c"), condition, at_once=5 * MIB)
    assert await copy(store._client, A, A, Condition()) == await store.stat(A)
    assert open_uploads(other, registered) == []


async def test_a_large_body_goes_in_parts_and_in_one_piece_below(store: S3Store) -> None:
    async def stream(blocks: int) -> AsyncIterator[bytes]:
        for number in range(blocks):
            yield bytes([number]) * MIB

    whole = await store.put(A, stream(20), length=20 * MIB)
    assert "-" not in whole.etag
    parts = await store.put(Key("b"), stream(20))
    assert parts.etag.endswith("-3")
    assert await read(store, A) == await read(store, Key("b"))
    with pytest.raises(AlreadyExists):
        await store.put(Key("b"), stream(20), condition=Condition(if_absent=True))


@pytest.mark.parametrize("length", [None, 20 * MIB])
async def test_a_cancelled_write_leaves_no_object_and_no_upload(
    registered: Store, store: S3Store, other: Any, length: int | None
) -> None:
    sent = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(18):
            yield b"x" * MIB
        sent.set()
        await asyncio.sleep(30)

    putting = asyncio.create_task(store.put(A, stream(), length=length))
    await asyncio.wait_for(sent.wait(), 20)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    sessions = store._transport._sessions.values()
    assert sum(len(session.connector._acquired) for session in sessions if session.connector) == 0
    assert open_uploads(other, registered) == []
    assert (await store.list_page()).objects == []


def open_uploads(other: Any, store: Store) -> list[str]:
    return [one["UploadId"] for one in other.list_multipart_uploads(Bucket=store.bucket).get("Uploads", [])]


async def test_views_for_other_purposes_share_counters(store: S3Store) -> None:
    jobs = store.serving(Purpose.JOBS)
    await jobs.put(A, b"x")
    await store.stat(A)
    assert dict(store.counters.requests) == dict(jobs.counters.requests) == {"put": 1, "stat": 1}
