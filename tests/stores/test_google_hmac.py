"""HMAC keys of Google: the S3 dialect at a server that does with it what Google does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

import servers
from contracts.store import ABSENT, A, StoreContract
from contracts.store_keys import all_listed, read
from moorage.model.credentials import Anonymous, Hmac
from moorage.model.errors import AlreadyExists, Invalid, StoreDenied
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.stores.google import GoogleStore, HmacStore, open_google
from moorage.stores.transport import Limits, Purpose
from stores.faulty import ACCESS_KEY, QUICK, SECRET_KEY, error, faulty, says
from stores.google_interop import Interop, interop
from stores.s3_bucket import admin, bucket_of

KEYS = Hmac(ACCESS_KEY, SECRET_KEY)


def at(endpoint: str, bucket: str, keys: Hmac = KEYS) -> Store:
    connection = Connection(Provider.GOOGLE, endpoint=endpoint, credentials=keys)
    return Store("under-test", connection, bucket=Bucket(bucket), read_only=False)


class TestHmac(StoreContract):
    @pytest.fixture
    async def door(self) -> AsyncIterator[Interop]:
        async with interop(servers.ceph()) as ready:
            yield ready

    @pytest.fixture
    async def registered(self, door: Interop) -> AsyncIterator[Store]:
        async with bucket_of(servers.ceph()) as name:
            yield at(door.endpoint, name)

    @pytest.fixture
    async def store(self, registered: Store) -> AsyncIterator[HmacStore]:
        adapter = HmacStore(registered)
        yield adapter
        await adapter.aclose()

    @pytest.fixture
    async def reader(self, registered: Store) -> AsyncIterator[HmacStore]:
        adapter = HmacStore(replace(registered, read_only=True))
        yield adapter
        await adapter.aclose()

    async def test_of_many_puts_if_absent_one_wins(self, store: ObjectStore) -> None:
        """Google holds no conditions of the S3 dialect on writes; what came before is seen by a look."""
        await store.put(A, b"first", condition=ABSENT)
        for data in (b"second", b"x" * (9 << 20), b"x" * (65 << 20)):
            with pytest.raises(AlreadyExists):
                await store.put(A, data, condition=ABSENT)
        assert await read(store, A) == b"first"

    async def test_a_key_that_no_listing_can_name_is_told_and_hides_no_other(
        self, store: ObjectStore, registered: Store, door: Interop
    ) -> None:
        for key in ("a", "b\x01", "c"):
            await store.put(Key(key), b"")
        found: list[Key] = []
        unnameable: list[str] = []
        after: Key | None = None
        while True:
            page = await store.list_page(after=after, limit=2)
            found += [one.key for one in page.objects]
            unnameable += page.unnameable
            after = page.next_after
            if after is None:
                break
        assert (found, unnameable) == (["a", "c"], ["b\\x01"])
        assert any("encoding-type=url" in one for one in door.asked)

    async def test_what_is_stored_packed_comes_packed(self, store: ObjectStore, registered: Store) -> None:
        other = admin(servers.ceph())
        other.put_object(Bucket=registered.bucket, Key="packed", Body=b"\x1f\x8bpacked", ContentEncoding="gzip")
        other.close()
        assert await read(store, Key("packed")) == b"\x1f\x8bpacked"

    async def test_wrong_keys_are_denied(self, registered: Store) -> None:
        keys = Hmac(ACCESS_KEY, "another")
        store = HmacStore(replace(registered, connection=replace(registered.connection, credentials=keys)))
        with pytest.raises(StoreDenied) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.code == "SignatureDoesNotMatch"
        assert "another" not in repr(caught.value)

    async def test_odd_keys_are_kept_byte_for_byte(self, store: ObjectStore) -> None:
        """Those that XML can name; the test above is about the others."""
        keys = [
            Key(key) for key in sorted(("a b", "a//b", "a/../b", "./a", "/a", "//", "é", "a+b%2F#?&<\"'>", "ends/"))
        ]
        for key in keys:
            await store.put(key, key.encode())
        for limit in (1, 3, 1000):
            assert [one.key for one in await all_listed(store, limit=limit)] == keys
        for key in keys:
            assert await read(store, key) == key.encode()


async def test_a_missing_permission_has_googles_name() -> None:
    async with faulty(error(403, "AccessDenied")) as server:
        store = HmacStore(at(server.endpoint, "reef"), limits=QUICK)
        with pytest.raises(StoreDenied) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.permission == "storage.objects.list"
        assert "s3:" not in str(caught.value)


async def test_requests_go_by_path_to_google_itself() -> None:
    store = HmacStore(at("", "reef.example"))
    url = await store.presign(Key("a/b c"), expires_s=60)
    await store.aclose()
    assert url.startswith("https://storage.googleapis.com/reef.example/a/b%20c?")
    assert f"{ACCESS_KEY}%2F" in url
    assert "%2Fauto%2Fs3%2F" in url
    assert SECRET_KEY not in url.partition("?")[2].replace("X-Amz-SignedHeaders", "")


def test_the_adapter_is_chosen_by_the_credentials() -> None:
    connection = Connection(Provider.GOOGLE)
    for credentials, kind in ((KEYS, HmacStore), (Anonymous(), GoogleStore)):
        store = Store("s", replace(connection, credentials=credentials), bucket=Bucket("reef"))
        opened = open_google(store, limits=Limits(), purpose=Purpose.JOBS)
        assert isinstance(opened, kind)
        assert opened.provider is Provider.GOOGLE
    with pytest.raises(Invalid):
        HmacStore(Store("s", connection, bucket=Bucket("reef")))


async def test_accept_encoding_is_not_signed() -> None:
    async with faulty(says(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")) as server:
        store = HmacStore(at(server.endpoint, "reef"))
        await store.list_page()
        await store.aclose()
        headers = server.asked[0].headers
        assert headers["accept-encoding"] == "gzip"
        assert "accept-encoding" not in headers["authorization"]
        assert server.asked[0].signed
