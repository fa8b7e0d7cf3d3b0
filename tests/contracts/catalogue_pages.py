"""What every catalogue does with pages: every row once, in order, from anywhere."""

from __future__ import annotations

import random

import pytest

from contracts.catalogue_rows import Moored, ids_of, moor, plant
from moorage.model.catalogue import Gone, Item, ItemId, Kind, Order, Page
from moorage.model.errors import Busy, Invalid
from moorage.model.transaction import Facts, ItemQuery, Transaction

NAMES = [b"", b"\x00", b"A", b"a", b"a b", b"a.jpg", b"\x7f", b"\xc3\xa9", b"\xff", b"\xff\xff", b"z"]
LARGE = 12_345


async def page_of(
    facts: Facts,
    moored: Moored,
    query: ItemQuery,
    *,
    after: str | None = None,
    limit: int = 100,
    at: int | None = None,
) -> Page[Item]:
    """One page of the mirror's top folder."""
    return await facts.read(lambda tx: tx.items.page(moored.tree, query, after=after, limit=limit, at=at))


async def paged(facts: Facts, moored: Moored, query: ItemQuery, limit: int, at: int | None = None) -> list[Item]:
    """All rows from the first page, or from index ``at``, to the end."""
    seen: list[Item] = []
    after: str | None = None
    while True:
        page = await page_of(facts, moored, query, after=after, limit=limit, at=None if after else at)
        assert len(page.rows) <= limit
        seen += page.rows
        if (after := page.next) is None:
            return seen


def large(tx: Transaction) -> Moored:
    """A folder with more rows than may be sorted without an index."""
    moored = moor(tx)
    shuffled = random.Random(7)
    plant(tx, moored, {b"%06d" % i: shuffled.randrange(50) for i in range(LARGE)}, Kind.IMAGE)
    return moored


class PagesContract:
    """Pages of one folder."""

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("limit", [1, 2, 100])
    async def test_pages_by_name_hold_every_row_once_in_byte_order(
        self, facts: Facts, limit: int, descending: bool
    ) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, NAMES))
        seen = await paged(facts, moored, ItemQuery(descending=descending), limit)
        assert [row.name.encode("utf-8", "surrogateescape") for row in seen] == sorted(NAMES, reverse=descending)

    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("order", [Order.SIZE, Order.MODIFIED])
    async def test_equal_values_are_ordered_by_id(self, facts: Facts, order: Order, descending: bool) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"%d" % i: i % 3 for i in range(20)}))
        seen = await paged(facts, moored, ItemQuery(order=order, descending=descending), 4)
        values = [(row.size, row.id) for row in seen]
        assert values == sorted(values, reverse=descending)
        assert len(set(values)) == 20

    async def test_a_prefix_is_a_range_of_bytes(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, NAMES))
        assert [row.name for row in await paged(facts, moored, ItemQuery(prefix="a"), 1)] == ["a", "a b", "a.jpg"]
        assert len(await paged(facts, moored, ItemQuery(prefix="\udcff"), 1)) == 2
        by_size = ItemQuery(prefix="a", order=Order.SIZE)
        assert sorted(row.name for row in await paged(facts, moored, by_size, 1)) == ["a", "a b", "a.jpg"]

    async def test_filters_leave_out_what_does_not_match(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"f%d" % i: i for i in range(9)}))
        await facts.write(lambda tx: plant(tx, moored, {b"i%d" % i: i for i in range(9)}, Kind.IMAGE))
        images = await paged(facts, moored, ItemQuery(kind=Kind.IMAGE), 4)
        assert [row.name for row in images] == [f"i{i}" for i in range(9)]
        narrow = ItemQuery(min_size=3, max_size=7, modified_after_ms=1003, modified_before_ms=1006)
        assert sorted({row.size for row in await paged(facts, moored, narrow, 2)}) == [4, 5]

    async def test_a_filter_that_matches_nothing_looks_at_a_bounded_number_of_rows(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"%06d" % i for i in range(20_500)]))
        none = ItemQuery(kind=Kind.VIDEO)
        page = await page_of(facts, moored, none)
        assert page.rows == []
        assert page.next is not None
        rest = await page_of(facts, moored, none, after=page.next)
        assert (rest.rows, rest.next) == ([], None)

    async def test_tombstones_are_on_pages_of_their_own(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, NAMES))
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        await facts.write(lambda tx: tx.items.bury([ItemId(ids[b"a"]), ItemId(ids[b"z"])], Gone.VANISHED))
        assert [row.name for row in await paged(facts, moored, ItemQuery(gone=True), 1)] == ["a", "z"]
        assert len(await paged(facts, moored, ItemQuery(), 100)) == len(NAMES) - 2

    async def test_a_cursor_of_another_query_or_no_cursor_is_refused(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, NAMES))
        page = await page_of(facts, moored, ItemQuery(), limit=2)
        for query, after in [
            (ItemQuery(descending=True), page.next),
            (ItemQuery(order=Order.SIZE), page.next),
            (ItemQuery(prefix="a"), page.next),
            (ItemQuery(), "bm9uc2Vuc2U"),
            (ItemQuery(), "é"),
            (ItemQuery(), "W10"),
        ]:
            with pytest.raises(Invalid):
                await page_of(facts, moored, query, after=after)

    async def test_paging_on_neither_repeats_nor_skips_while_rows_come_and_go(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"%02d" % i for i in range(0, 40, 2)]))
        first = await page_of(facts, moored, ItemQuery(), limit=5)
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        await facts.write(lambda tx: tx.items.remove([ItemId(ids[b"08"]), ItemId(ids[b"10"])]))
        await facts.write(lambda tx: plant(tx, moored, [b"01", b"11"]))
        rest = await page_of(facts, moored, ItemQuery(), after=first.next)
        assert [row.name for row in first.rows] == ["00", "02", "04", "06", "08"]
        assert [row.name for row in rest.rows][:3] == ["11", "12", "14"]


class LargeFoldersContract:
    """Folders with page marks and built orders."""

    async def test_a_page_may_begin_at_any_index(self, facts: Facts) -> None:
        moored = await facts.write(large)
        while await facts.write(lambda tx: tx.folders.fold()):
            pass
        for at in (0, 1, 999, 1000, 1001, 9_999, 12_000, LARGE - 1):
            for descending in (False, True):
                query = ItemQuery(descending=descending)
                page = await page_of(facts, moored, query, at=at, limit=3)
                index = LARGE - 1 - at if descending else at
                assert page.rows[0].name == f"{index:06d}"
                assert page.position == at
        past = await page_of(facts, moored, ItemQuery(), at=LARGE)
        assert (past.rows, past.next) == ([], None)

    async def test_a_jump_and_the_pages_after_it_know_their_position(self, facts: Facts) -> None:
        moored = await facts.write(large)
        while await facts.write(lambda tx: tx.folders.fold()):
            pass
        first = await page_of(facts, moored, ItemQuery(), at=5_432, limit=10)
        second = await page_of(facts, moored, ItemQuery(), after=first.next, limit=10)
        assert (first.position, second.position) == (5_432, 5_442)
        assert second.rows[0].name == "005442"

    async def test_marks_follow_rows_that_come_and_go(self, facts: Facts) -> None:
        moored = await facts.write(large)
        while await facts.write(lambda tx: tx.folders.fold()):
            pass
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        gone = [ItemId(ids[b"%06d" % i]) for i in range(2_500, 3_000)]
        await facts.write(lambda tx: tx.items.bury(gone, Gone.VANISHED))
        before = await page_of(facts, moored, ItemQuery(), at=6_000, limit=1)
        assert abs(int(before.rows[0].name) - 6_500) <= 500
        while await facts.write(lambda tx: tx.folders.fold()):
            pass
        after = await page_of(facts, moored, ItemQuery(), at=6_000, limit=1)
        assert int(after.rows[0].name) == 6_500
        unmoved = await page_of(facts, moored, ItemQuery(), at=2_100, limit=1)
        assert int(unmoved.rows[0].name) == 2_100

    @pytest.mark.parametrize("order", [Order.SIZE, Order.MODIFIED])
    async def test_an_order_without_an_index_is_refused_until_it_is_built(self, facts: Facts, order: Order) -> None:
        moored = await facts.write(large)
        query = ItemQuery(order=order)
        assert not await facts.read(lambda tx: tx.items.order_ready(order))
        with pytest.raises(Busy, match=order.value):
            await page_of(facts, moored, query)
        for _ in range(2):
            await facts.write(lambda tx: tx.items.build_order(order))
        assert await facts.read(lambda tx: tx.items.order_ready(order))
        seen = await paged(facts, moored, query, 4_000)
        values = [(row.size, row.id) for row in seen]
        assert len(values) == LARGE
        assert values == sorted(values)
        jumped = await page_of(facts, moored, query, at=7_777, limit=1)
        assert jumped.rows == [seen[7_777]]
        with pytest.raises(Invalid):
            await page_of(facts, moored, query, at=10_001)
        assert await facts.read(lambda tx: tx.items.order_ready(Order.NAME))
