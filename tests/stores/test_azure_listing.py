"""Listings of Azure come out in byte order, whatever order the server has, and miss nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.store_keys import all_entries, all_listed
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key, key_bytes
from moorage.stores.azure import listing as listing_module
from stores.azure_facing import facing, listing
from stores.azure_ordered import Order, Ordered, by_directory, utf16
from stores.faulty import says

ORDERS = {"flat": utf16, "hierarchical": by_directory, "bytes": key_bytes}
names = st.lists(st.text("a/-\uff21\U0001f600", min_size=1, max_size=5), unique=True, max_size=14)


def in_order(found: list[str]) -> list[str]:
    return sorted(found, key=key_bytes)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("starts_from", [True, False])
@settings(max_examples=30, deadline=None)
@given(
    found=names,
    prefix=st.text("a/", max_size=2),
    after=st.text("a/-\uff21\U0001f600", max_size=4),
    limit=st.integers(1, 4),
)
async def test_any_listing_equals_the_sorted_names(
    order: Order, starts_from: bool, found: list[str], prefix: str, after: str, limit: int
) -> None:
    server = Ordered(found, order, starts_from=starts_from, directories=order is by_directory, largest=3)
    async with facing(server) as (_, store):
        below = in_order([name for name in found if name.startswith(prefix)])
        assert [one.key for one in await all_listed(store, prefix, limit=limit)] == below
        begun = await all_listed(store, prefix, after=Key(after), limit=limit)
        assert [one.key for one in begun] == [name for name in below if key_bytes(name) > key_bytes(after)]
        cuts = [(name, name.find("/", len(prefix)) + 1) for name in below]
        keys, prefixes = await all_entries(store, prefix, limit=limit)
        assert keys == [name for name, cut in cuts if not cut]
        assert prefixes == in_order(list({name[:cut] for name, cut in cuts if cut}))
        rolled: list[str] = []
        following: Key | None = Key(after)
        while following is not None:
            page = await store.list_page(prefix, after=following, limit=limit, delimiter=True)
            rolled += page.prefixes
            following = page.next_after
        assert rolled == [one for one in prefixes if key_bytes(one) > key_bytes(after)]


async def test_a_listing_to_its_end_costs_one_request_a_page() -> None:
    server = Ordered([f"k{number:04}" for number in range(2500)])
    async with facing(server) as (_, store):
        assert len(await all_listed(store, limit=500)) == 2500
        assert server.pages == 5


async def test_a_listing_begun_in_the_middle_costs_one_request_where_the_server_knows_how() -> None:
    server = Ordered([f"k{number:05}" for number in range(20_000)])
    async with facing(server) as (asked, store):
        await store.list_page(limit=1)
        page = await store.list_page(after=Key("k15000"), limit=10)
        assert [one.key for one in page.objects] == [f"k{number:05}" for number in range(15_001, 15_011)]
        assert page.next_after == "k15010"
        assert server.pages == 2
        assert asked.asked[-1].headers["x-ms-version"] == "2026-02-06"


@pytest.mark.parametrize("known_version", [True, False])
async def test_a_server_without_start_from_is_walked_and_asked_so_only_once(known_version: bool) -> None:
    server = Ordered([f"k{number:05}" for number in range(12_000)], starts_from=False, known_version=known_version)
    async with facing(server) as (asked, store):
        page = await store.list_page(after=Key("k11000"), limit=10)
        assert [one.key for one in page.objects] == [f"k{number:05}" for number in range(11_001, 11_011)]
        await store.list_page(after=Key("k00500"), limit=10)
        assert sum("startFrom" in one.target for one in asked.asked) == 1


async def test_a_folder_named_with_an_emoji_is_not_gathered() -> None:
    server = Ordered([f"\U0001f4f7 photos/{number:05}" for number in range(3000)] + ["zebra"])
    async with facing(server) as (asked, store):
        assert len(await all_listed(store)) == 3001
        assert max("maxresults=5000" in one.target for one in asked.asked) == 0


async def test_an_order_of_its_own_is_refused_where_there_is_too_much_to_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing_module, "MOST_GATHERED", 100)
    server = Ordered([f"a/{number:03}" for number in range(120)] + ["a-"], by_directory, directories=True, largest=50)
    async with facing(server) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "unordered listing"
        assert "one folder at a time" in caught.value.advice


async def test_empty_pages_in_between_are_gone_through() -> None:
    """Azure may answer with no names and a marker where it searched a whole partition."""
    async with facing(says(200, listing(marker="m1")), says(200, listing(marker="m2")), says(200, listing("a"))) as (
        server,
        store,
    ):
        assert [one.key for one in (await store.list_page()).objects] == ["a"]
        assert ["marker=m2" in one.target for one in server.asked] == [False, False, True]


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (listing(marker="same"), "not azure"),
        (listing("other/a"), "unreadable listing"),
        (listing("x/a")[:-30], "unreadable listing"),
        ("<html><body>Sign in</body></html>", "not azure"),
        ("", "not azure"),
    ],
)
async def test_a_listing_of_something_else_is_never_believed(page: str, cause: str) -> None:
    async with facing(says(200, page)) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page("x/")
        assert caught.value.cause == cause


async def test_directories_of_a_hierarchical_namespace_are_no_objects() -> None:
    told = listing("a/b", directories=True).replace(
        "<Blobs>",
        "<Blobs><Blob><Name>a</Name><Properties><ResourceType>directory</ResourceType>"
        "<Content-Length>0</Content-Length></Properties></Blob>",
    )
    async with facing(says(200, told)) as (_, store):
        assert [one.key for one in (await store.list_page()).objects] == ["a/b"]
