"""The S3 adapter over real servers passes the suite of every store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

import servers
from contracts import store_listing
from contracts.store import A, StoreContract
from contracts.store_keys import ODD_KEYS, read
from moorage.model.errors import AlreadyExists, Changed, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange
from moorage.model.store import Condition, ObjectStore, Store
from moorage.stores.s3 import S3Store
from stores.s3_bucket import bucket_of, store_at


class S3Contract(StoreContract):
    """The suite with adapters of the store ``registered``, which each server's class has."""

    @pytest.fixture
    async def store(self, registered: Store) -> AsyncIterator[S3Store]:
        adapter = S3Store(replace(registered, read_only=False))
        yield adapter
        await adapter.aclose()

    @pytest.fixture
    async def reader(self, registered: Store) -> AsyncIterator[S3Store]:
        adapter = S3Store(registered)
        yield adapter
        await adapter.aclose()


class TestCeph(S3Contract):
    @pytest.fixture
    async def registered(self) -> AsyncIterator[Store]:
        async with bucket_of(servers.ceph()) as name:
            yield store_at(servers.ceph(), name)

    async def test_a_put_names_the_version_that_it_replaces(self, store: ObjectStore) -> None:
        """Ceph 16 refuses every `If-Match` on PUT, the right one too; moto below proves the rest."""
        first = await store.put(A, b"first")
        for etag in (first.etag, ETag("another")):
            with pytest.raises(Changed):
                await store.put(A, b"second", condition=Condition(if_match=etag))
        assert await read(store, A) == b"first"


async def test_a_put_to_moto_names_the_version_that_it_replaces() -> None:
    async with bucket_of(servers.moto()) as name:
        store = S3Store(store_at(servers.moto(), name, read_only=False))
        first = await store.put(A, b"first")
        second = await store.put(A, b"second", condition=Condition(if_match=first.etag))
        for key in (A, Key("absent")):
            with pytest.raises(Changed):
                await store.put(key, b"third", condition=Condition(if_match=first.etag))
        with pytest.raises(AlreadyExists):
            await store.put(A, b"third", condition=Condition(if_absent=True))
        assert (await store.stat(A)).etag == second.etag
        await store.aclose()


@pytest.mark.soak
class TestMoto(S3Contract):
    @pytest.fixture
    async def registered(self) -> AsyncIterator[Store]:
        async with bucket_of(servers.moto()) as name:
            yield store_at(servers.moto(), name)

    async def test_odd_keys_are_kept_byte_for_byte(self, store: ObjectStore) -> None:
        """moto 5.2 finds no object whose key has a line break; Ceph above has them."""
        with without_line_breaks():
            await super().test_odd_keys_are_kept_byte_for_byte(store)

    async def test_odd_keys_can_be_copied_and_deleted(self, store: ObjectStore) -> None:
        """As above."""
        with without_line_breaks():
            await super().test_odd_keys_can_be_copied_and_deleted(store)

    @pytest.mark.parametrize("size", [0, 10])
    async def test_a_range_without_a_byte_is_unsatisfiable(self, store: ObjectStore, size: int) -> None:
        """moto 5.2 gives an empty object to who asks for its last bytes: that is told, not taken for them."""
        if size:
            await super().test_a_range_without_a_byte_is_unsatisfiable(store, size)
            return
        await store.put(A, b"")
        with pytest.raises(StoreUnreachable, match="the whole object for a range"):
            await store.get(A, byte_range=ByteRange(None, 5))


@contextmanager
def without_line_breaks() -> Iterator[None]:
    """The suite's odd keys but the one with a line break."""
    kept = tuple(key for key in ODD_KEYS if "\n" not in key)
    assert len(kept) == len(ODD_KEYS) - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_listing, "ODD_KEYS", kept)
        yield
