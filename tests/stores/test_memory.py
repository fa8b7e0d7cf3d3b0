"""The memory adapter."""

from __future__ import annotations

import pytest

from contracts.store import StoreContract
from moorage.model.errors import Refused
from moorage.model.keys import Key
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.stores.memory import MemoryStore, Shelf


def registered(*, read_only: bool) -> Store:
    return Store("box", Connection(Provider.MEMORY), read_only=read_only)


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def shelf(self) -> Shelf:
        return Shelf()

    @pytest.fixture
    def store(self, shelf: Shelf) -> ObjectStore:
        return MemoryStore(registered(read_only=False), shelf=shelf)

    @pytest.fixture
    def reader(self, store: ObjectStore, shelf: Shelf) -> ObjectStore:
        return MemoryStore(registered(read_only=True), shelf=shelf)


async def test_memory_has_no_urls() -> None:
    with pytest.raises(Refused):
        await MemoryStore().presign(Key("a"), expires_s=60)


async def test_undecodable_keys_sort_by_their_bytes() -> None:
    store = MemoryStore()
    for key in ("\U0001f600", "\udcff", "a"):
        await store.put(Key(key), b"")
    assert [listed.key for listed in (await store.list_page()).objects] == ["a", "\U0001f600", "\udcff"]
    assert store.unstorable(Key("\ud800")) is not None
