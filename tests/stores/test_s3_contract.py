"""The S3 adapter over real servers passes the suite of every store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

import servers
from contracts.store import A, StoreContract
from contracts.store_keys import read
from moorage.model.errors import AlreadyExists, Changed
from moorage.model.keys import ETag, Key
from moorage.model.store import Condition, ObjectStore, Store
from moorage.stores.s3 import S3Store
from stores.s3_bucket import bucket_of, store_at


class TestCeph(StoreContract):
    @pytest.fixture
    async def registered(self) -> AsyncIterator[Store]:
        async with bucket_of(servers.ceph()) as name:
            yield store_at(servers.ceph(), name)

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
