"""What every store adapter promises of keys and listings; part of ``StoreContract``."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.store_keys import ODD_KEYS, Blocks, all_entries, all_listed, empty, in_order, read
from moorage.model.errors import ObjectNotFound, Unstorable
from moorage.model.keys import Key, after_prefix, key_bytes, key_of
from moorage.model.store import ObjectStore

A = Key("a")
texts = st.text(alphabet="ab/-. é\x7f\U0001f600", max_size=6)


def legal(store: ObjectStore, keys: list[Key] | tuple[Key, ...], *, side_by_side: bool) -> list[Key]:
    """Those of ``keys`` that the store can hold all at once, in byte order."""
    chosen: list[Key] = []
    for key in in_order(keys):
        if store.unstorable(key) is not None:
            continue
        if side_by_side or not any(key.startswith(f"{other}/") for other in chosen):
            chosen.append(key)
    return chosen


class ListingContract:
    """Any key that a store can hold is kept, listed in byte order and found again."""

    side_by_side: ClassVar[bool] = True
    """False where ``a`` and ``a/b`` exclude each other."""

    # Keys

    async def test_odd_keys_are_kept_byte_for_byte(self, store: ObjectStore) -> None:
        keys = legal(store, ODD_KEYS, side_by_side=self.side_by_side)
        assert len(keys) > len(ODD_KEYS) // 2
        for key in keys:
            await store.put(key, key_bytes(key))
        for limit in (1, 7, 1000):
            assert [listed.key for listed in await all_listed(store, limit=limit)] == keys
        for key in keys:
            assert await read(store, key) == key_bytes(key)
            assert (await store.stat(key)).size == len(key_bytes(key))
            assert [listed.key for listed in (await store.list_page(key, limit=1)).objects] == [key]

    async def test_odd_keys_can_be_copied_and_deleted(self, store: ObjectStore) -> None:
        keys = legal(store, ODD_KEYS, side_by_side=self.side_by_side)
        await store.put(Key("source"), b"copied")
        for key in keys:
            await store.copy(Key("source"), key)
            await store.copy(key, Key("back"))
            assert await read(store, Key("back")) == b"copied"
            await store.delete(key)
        assert [listed.key for listed in await all_listed(store)] == ["back", "source"]

    async def test_keys_that_cannot_be_held_are_refused_before_a_byte_is_read(self, store: ObjectStore) -> None:
        assert store.unstorable(Key("")) is not None
        await store.put(A, b"data")
        for key in (Key(""), *ODD_KEYS):
            reason = store.unstorable(key)
            if reason is None:
                continue
            body = Blocks(b"data")
            with pytest.raises(Unstorable) as caught:
                await store.put(key, body)
            assert body.taken == 0
            assert (caught.value.key, caught.value.reason) == (key, reason)
            with pytest.raises(Unstorable):
                await store.copy(A, key)
            with pytest.raises(ObjectNotFound):
                await store.stat(key)
            with pytest.raises(ObjectNotFound):
                await store.get(key)
            await store.delete(key)
        assert [listed.key for listed in await all_listed(store)] == [A]

    @pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a"), ("a", "a/b/c")])
    async def test_a_key_beside_keys_below_it(self, store: ObjectStore, first: Key, second: Key) -> None:
        await store.put(first, b"first")
        body = Blocks(b"second")
        if self.side_by_side:
            await store.put(second, body)
            assert await read(store, second) == b"second"
        else:
            with pytest.raises(Unstorable):
                await store.put(second, body)
            assert body.taken == 0
            with pytest.raises(ObjectNotFound):
                await store.stat(second)
            await store.delete(second)
        assert await read(store, first) == b"first"
        await store.delete(first)
        await store.put(second, b"alone")
        assert await read(store, second) == b"alone"

    # Listings

    async def test_a_listing_begins_after_any_key(self, store: ObjectStore) -> None:
        for key in ("a", "b-", "b/c", "b/d/e", "b0", "c"):
            await store.put(Key(key), b"")
        keys = [listed.key for listed in await all_listed(store)]
        assert keys == ["a", "b-", "b/c", "b/d/e", "b0", "c"]
        for after in ["", "0", "a", "a/", "b", "b/", "b/c", "b/c/", "b/d", "b/d/z", "b/\U0010ffff", "b0", "c", "d"]:
            expected = [key for key in keys if key > after]
            assert [listed.key for listed in await all_listed(store, after=Key(after))] == expected, after

    async def test_a_delimiter_rolls_keys_up(self, store: ObjectStore) -> None:
        keys = ["a-", "a/1", "a/2/x", "a/2/y", "a0", "b/1/2/3", "c"]
        for key in keys:
            await store.put(Key(key), b"")
        for limit in (1, 2, 3, 1000):
            assert await all_entries(store, limit=limit) == (["a-", "a0", "c"], ["a/", "b/"])
            assert await all_entries(store, "a/", limit=limit) == (["a/1"], ["a/2/"])
            assert await all_entries(store, "a", limit=limit) == (["a-", "a0"], ["a/"])
            assert await all_entries(store, "b/1", limit=limit) == ([], ["b/1/"])
            assert await all_entries(store, "none/", limit=limit) == ([], [])

    async def test_a_prefix_that_was_told_is_not_told_again(self, store: ObjectStore) -> None:
        for key in ("a/1", "a/2", "b"):
            await store.put(Key(key), b"")
        for after in ("a/", "a/1", "a/2"):
            page = await store.list_page(after=Key(after), delimiter=True)
            assert ([listed.key for listed in page.objects], page.prefixes) == (["b"], [])
        page = await store.list_page(after=Key("a"), delimiter=True)
        assert ([listed.key for listed in page.objects], page.prefixes) == (["b"], ["a/"])

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(
        wanted=st.lists(texts.filter(bool).map(Key), max_size=12),
        prefix=texts,
        after=st.none() | texts.map(Key),
        limit=st.integers(1, 5),
    )
    async def test_any_listing_equals_the_sorted_keys(
        self, store: ObjectStore, wanted: list[Key], prefix: str, after: Key | None, limit: int
    ) -> None:
        await empty(store)
        keys = legal(store, wanted, side_by_side=self.side_by_side)
        for key in keys:
            await store.put(key, key_bytes(key))
        listed = await all_listed(store, prefix, after=after, limit=limit)
        expected = [key for key in keys if key.startswith(prefix) and (after is None or key > after)]
        assert [(one.key, one.size) for one in listed] == [(key, len(key_bytes(key))) for key in expected]
        below = [(key, key.find("/", len(prefix)) + 1) for key in keys if key.startswith(prefix)]
        assert await all_entries(store, prefix, limit=limit) == (
            [key for key, cut in below if not cut],
            in_order(Key(key[:cut]) for key, cut in below if cut),
        )

    async def test_a_page_is_full_or_the_last(self, store: ObjectStore) -> None:
        for number in range(25):
            await store.put(Key(f"many/{number:03}"), b"")
        page = await store.list_page("many/", limit=10)
        assert len(page.objects) == 10
        assert page.next_after is not None
        end = after_prefix(b"many/")
        assert end is not None
        assert (await store.list_page(after=key_of(end))).objects == []
