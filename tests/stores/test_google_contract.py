"""The Google adapter over real servers passes the suite of every store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

import servers
from contracts.store import ABSENT, A, B, StoreContract
from contracts.store_keys import all_listed, read
from moorage.model.credentials import ServiceAccount
from moorage.model.keys import ETag
from moorage.model.store import Condition, ObjectStore, Store
from moorage.stores.google import GoogleStore
from stores.google_bucket import bucket_of, store_at
from stores.google_gate import gate
from stores.google_tokens import key_file, token_server


class GoogleContract(StoreContract):
    @pytest.fixture
    async def store(self, registered: Store) -> AsyncIterator[GoogleStore]:
        adapter = GoogleStore(replace(registered, read_only=False))
        yield adapter
        await adapter.aclose()

    @pytest.fixture
    async def reader(self, registered: Store) -> AsyncIterator[GoogleStore]:
        adapter = GoogleStore(replace(registered, read_only=True))
        yield adapter
        await adapter.aclose()


class TestFakeGcs(GoogleContract):
    """Anonymous, as the emulator takes everybody."""

    @pytest.fixture
    async def registered(self) -> AsyncIterator[Store]:
        async with bucket_of(servers.fakegcs()) as name:
            yield store_at(servers.fakegcs().endpoint, name)

    async def test_a_delete_names_the_version_that_it_removes(self, store: ObjectStore) -> None:
        """The emulator removes whatever version is named; the gate below proves the rest."""
        first = await store.put(A, b"first")
        await store.put(A, b"second")
        await store.delete(A, if_match=first.etag)
        assert await all_listed(store) == []

    async def test_a_copy_obeys_its_condition(self, store: ObjectStore) -> None:
        """The emulator copies whatever version is named; the gate below proves the rest."""
        await store.put(A, b"source")
        await store.put(B, b"target")
        await store.copy(A, B, condition=ABSENT)
        assert await read(store, B) == b"source"
        await store.copy(A, B, condition=Condition(if_match=ETag("1")))


class TestGate(GoogleContract):
    """With a service account, before a gate that checks tokens and holds conditions as Google does."""

    @pytest.fixture
    async def registered(self) -> AsyncIterator[Store]:
        upstream = servers.fakegcs()
        async with (
            bucket_of(upstream) as name,
            token_server() as tokens,
            gate(upstream.endpoint, name, tokens) as front,
        ):
            yield store_at(front.endpoint, name, ServiceAccount(key_file(tokens.uri)))
