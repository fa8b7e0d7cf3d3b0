"""What every catalogue does with items: they come, change, die, come back, and are counted."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from contracts.catalogue_rows import Moored, all_rows, ids_of, moor, plant, planted, split
from moorage.model.catalogue import Counts, FolderId, Gone, Item, ItemId, Kind, Measured, Page
from moorage.model.errors import Conflict, NotFound
from moorage.model.keys import key_of
from moorage.model.transaction import ChangedRow, Facts, ItemQuery, NewRow, Transaction

ODD = [
    b"",
    b"a",
    b"a/",
    b"a/b",
    b"a//b",
    b"/",
    b"../x",
    b"./",
    b"\x00",
    b"\xff\xfe/\x80",
    b" lead",
    b"trail ",
    b"%20+#?",
]


def changed(tx: Transaction, moored: Moored, key: bytes, *, size: int, etag: str = "new") -> ChangedRow:
    """New facts for the row of a key."""
    path, name = split(key)
    folder = tx.folders.ensure(moored.tree, [path])[path]
    return ChangedRow(folder, name, size, etag, 5000, "g2")


def item(tx: Transaction, moored: Moored, key: bytes) -> Item:
    """The live item of a key."""
    path, name = split(key)
    found = tx.items.named(tx.folders.ensure(moored.tree, [path])[path], key_of(name))
    assert found is not None
    return found


def counts(tx: Transaction, moored: Moored, path: bytes = b"") -> Counts:
    """Counters of a folder of the mirror."""
    return tx.folders.get(tx.folders.ensure(moored.tree, [path])[path]).counts


def got(id_: ItemId, tx: Transaction) -> Item:
    """The item of an id."""
    return tx.items.get(id_)


def buried(id_: ItemId, gone: Gone, tx: Transaction) -> int:
    """Bury one item."""
    return tx.items.bury([id_], gone)


class ItemsContract:
    """Items one by one and by the thousand."""

    async def test_any_key_is_catalogued_and_found_again(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, ODD))
        assert await facts.read(lambda tx: all_rows(tx, moored)) == sorted(ODD)
        by_key = await facts.write(lambda tx: {odd: item(tx, moored, odd) for odd in ODD})
        for key, found in by_key.items():
            assert found.key == moored.prefix + key_of(key)
            assert (found.store, found.project, found.linked) == (moored.store, moored.project, True)
            assert await facts.read(partial(got, found.id)) == found

    async def test_facts_come_back_as_they_were_written(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        row = NewRow(moored.tree, b"photo.JPG", Kind.IMAGE, 2**40, "abc", 1_600_000_000_123, "gen")
        await facts.write(lambda tx: tx.items.insert(moored.project, [row]))
        found = await facts.write(lambda tx: item(tx, moored, b"photo.JPG"))
        assert (found.kind, found.size, found.etag) == (Kind.IMAGE, 2**40, "abc")
        assert (found.modified_ms, found.generation, found.media_type) == (1_600_000_000_123, "gen", "image/jpeg")
        assert (found.width, found.height, found.duration_ms, found.gone) == (None, None, None, None)

    async def test_ids_are_below_two_to_the_53_and_ascend(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        for block in range(3):
            names = [b"%d" % (block * 1000 + i) for i in range(1000)]
            await planted(facts, moored, names)
        by_key = await facts.read(lambda tx: ids_of(tx, moored))
        ids = [by_key[b"%d" % i] for i in range(3000)]
        assert ids == sorted(set(ids))
        assert 0 < ids[0] < ids[-1] < 2**53

    async def test_a_change_keeps_the_id_and_forgets_dimensions(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"a/b": 10, b"a/c": 20}))
        old = await facts.write(lambda tx: item(tx, moored, b"a/b"))
        await facts.write(lambda tx: tx.items.note_measured(old.id, old.version, Measured(4, 3, 99)))
        measured = await facts.read(lambda tx: tx.items.get(old.id))
        assert (measured.width, measured.height, measured.duration_ms) == (4, 3, 99)
        absent = b"a/absent"
        await facts.write(lambda tx: tx.items.change([changed(tx, moored, key, size=15) for key in (b"a/b", absent)]))
        new = await facts.read(lambda tx: tx.items.get(old.id))
        assert (new.size, new.etag, new.modified_ms, new.generation) == (15, "new", 5000, "g2")
        assert (new.width, new.height, new.duration_ms) == (None, None, None)
        assert await facts.write(lambda tx: counts(tx, moored, b"a/")) == Counts(2, 35, 0, 0, 0)
        await facts.write(lambda tx: tx.items.note_measured(old.id, old.version, Measured(1, 1)))
        assert (await facts.read(lambda tx: tx.items.get(old.id))).width is None

    async def test_a_buried_item_is_a_tombstone_and_comes_back_under_its_id(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"a/b": 10, b"c": 1}))
        old = await facts.write(lambda tx: item(tx, moored, b"a/b"))
        ids = [old.id, ItemId(old.id + 1)]
        assert await facts.write(lambda tx: tx.items.bury(ids, Gone.HIDDEN)) == 1
        assert await facts.write(lambda tx: tx.items.bury(ids, Gone.HIDDEN)) == 0
        dead = await facts.read(lambda tx: tx.items.get(old.id))
        assert dead.gone is Gone.HIDDEN
        assert dead.gone_ms is not None
        assert (dead.key, dead.size, dead.store) == (old.key, old.size, old.store)
        assert await facts.read(lambda tx: all_rows(tx, moored)) == [b"c"]
        assert await facts.read(lambda tx: tx.items.gone_between(moored.tree, None, None)) == {
            (b"a/", b"b"): (old.id, Gone.HIDDEN)
        }
        await facts.write(
            lambda tx: tx.items.revive(
                [old.id, ItemId(1)], [changed(tx, moored, b"a/b", size=11), changed(tx, moored, b"a/x", size=1)]
            )
        )
        back = await facts.read(lambda tx: tx.items.get(old.id))
        assert (back.gone, back.size, back.etag, back.kind) == (None, 11, "new", old.kind)
        assert await facts.read(lambda tx: tx.items.gone_between(moored.tree, None, None)) == {}
        assert await facts.write(lambda tx: counts(tx, moored, b"a/")) == Counts(1, 11, 0, 0, 0)

    async def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"a"]))
        old = await facts.write(lambda tx: item(tx, moored, b"a"))
        with pytest.raises(Conflict):
            await facts.write(lambda tx: plant(tx, moored, [b"b", b"a"]))
        await facts.write(lambda tx: tx.items.bury([old.id], Gone.TRASHED))
        await facts.write(lambda tx: plant(tx, moored, [b"a"]))
        with pytest.raises(Conflict):
            await facts.write(lambda tx: tx.items.revive([old.id], [changed(tx, moored, b"a", size=1)]))
        assert await facts.read(lambda tx: all_rows(tx, moored)) == [b"a"]
        second = await facts.write(lambda tx: item(tx, moored, b"a"))
        await facts.write(lambda tx: tx.items.bury([second.id], Gone.TRASHED))
        dead = [await facts.read(partial(got, id_)) for id_ in (old.id, second.id)]
        assert [item_.gone for item_ in dead] == [Gone.TRASHED, Gone.TRASHED]

    async def test_removed_rows_are_gone_for_good(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"a", b"b"]))
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        assert await facts.write(lambda tx: tx.items.remove([ItemId(ids[b"a"]), ItemId(1)])) == 1
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.items.get(ItemId(ids[b"a"])))
        assert await facts.write(lambda tx: counts(tx, moored)) == Counts(1, 1, 0, 0, 0)

    async def test_the_trash_is_emptied_of_old_rows_but_hidden_ones_stay(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"hidden", b"trashed", b"vanished", b"live"]))
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        for gone in Gone:
            id_ = ItemId(ids[gone.value.encode()])
            await facts.write(partial(buried, id_, gone))
        assert await facts.write(lambda tx: tx.items.empty_trash(1)) == 0
        assert await facts.write(lambda tx: tx.items.empty_trash(2**52, limit=1)) == 1
        assert await facts.write(lambda tx: tx.items.empty_trash(2**52)) == 1
        left = await facts.read(lambda tx: tx.items.gone_between(moored.tree, None, None))
        assert list(left) == [(b"", b"hidden")]
        assert await facts.read(lambda tx: all_rows(tx, moored)) == [b"live"]


class CountersContract:
    """Direct counts are exact at once, subtree counts after a fold."""

    async def test_direct_counts_are_exact_before_any_fold(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        for start in (0, 50):
            keys = {b"a/%d" % i: i for i in range(start, start + 50)}
            await planted(facts, moored, keys)
        assert await facts.write(lambda tx: counts(tx, moored, b"a/")) == Counts(100, 4950, 0, 0, 0)
        assert await facts.write(lambda tx: counts(tx, moored)) == Counts(0, 0, 0, 0, 1)

    async def test_folding_brings_subtree_counts_up_to_date_and_ends(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        for i in range(9):
            keys = {b"a/b/%d" % i: 1, b"a/%d" % i: 10, b"c/%d" % i: 100}
            await planted(facts, moored, keys)
        turns = 0
        while await facts.write(lambda tx: tx.folders.fold(10)):
            turns += 1
        assert turns == 3
        assert await facts.write(lambda tx: counts(tx, moored, b"a/")) == Counts(9, 90, 18, 99, 1)
        assert await facts.write(lambda tx: counts(tx, moored, b"a/b/")) == Counts(9, 9, 9, 9, 0)
        root = await facts.read(lambda tx: tx.folders.get(moored.root))
        assert (root.counts.items, root.counts.subtree_items, root.counts.subtree_bytes) == (0, 27, 999)

    async def test_what_a_transaction_wrote_is_counted_inside_it(self, facts: Facts) -> None:
        def work(tx: Transaction) -> Counts:
            moored = moor(tx)
            plant(tx, moored, {b"a": 3, b"b": 4})
            before = counts(tx, moored)
            assert before == Counts(2, 7, 0, 0, 0)
            tx.items.remove([ItemId(ids_of(tx, moored)[b"a"])])
            return counts(tx, moored)

        assert await facts.write(work) == Counts(1, 4, 0, 0, 0)

    async def test_a_recount_finds_nothing_wrong_while_deltas_wait(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"a/b": 5, b"c": 7}))
        assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []
        await facts.write(lambda tx: tx.folders.fold())
        await facts.write(lambda tx: plant(tx, moored, {b"a/d": 5}))
        assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []

    async def test_folds_of_many_writers_count_every_row_once(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: tx.folders.ensure(moored.tree, [b"a/%d/" % i for i in range(10)]))

        async def write(i: int) -> None:
            keys = {b"a/%d/%d" % (j % 10, i * 100 + j): 2 for j in range(50)}
            await facts.write(lambda tx: plant(tx, moored, keys))
            await facts.write(lambda tx: tx.folders.fold(7))

        await asyncio.gather(*(write(i) for i in range(12)))
        while await facts.write(lambda tx: tx.folders.fold()):
            pass
        total = await facts.write(lambda tx: counts(tx, moored, b"a/"))
        assert (total.subtree_items, total.subtree_bytes) == (600, 1200)
        assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []


class TreesContract:
    """Folders made at the same time by several writers."""

    async def test_writers_that_make_the_same_folders_agree_on_their_ids(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        paths = [b"%d/%d/" % (i, j) for i in range(5) for j in range(20)]

        def make(tx: Transaction) -> dict[bytes, FolderId]:
            return tx.folders.ensure(moored.tree, paths)

        answers = await asyncio.gather(*(facts.write(make) for _ in range(6)))
        assert all(answer == answers[0] for answer in answers)
        assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []


class WalkContract:
    """Recursive lists."""

    async def walked(
        self, facts: Facts, moored: Moored, query: ItemQuery, limit: int, folder: FolderId | None
    ) -> list[str]:
        def one(after: str | None, tx: Transaction) -> Page[Item]:
            return tx.items.walk(moored.project, folder, query, after=after, limit=limit)

        page = await facts.read(partial(one, None))
        seen: list[str] = [row.key for row in page.rows]
        while page.next is not None:
            page = await facts.read(partial(one, page.next))
            assert len(page.rows) <= limit
            seen += [row.key for row in page.rows]
        return seen

    @pytest.mark.parametrize("limit", [1, 3, 1000])
    async def test_a_walk_names_every_item_once(self, facts: Facts, limit: int) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, ODD))
        seen = await self.walked(facts, moored, ItemQuery(), limit, None)
        assert sorted(seen) == sorted(moored.prefix + key_of(key) for key in ODD)

    async def test_a_walk_stays_below_its_folder(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"a/b/c", b"a/d", b"ab/c", b"a!/c", b"z"]))
        folder = (await facts.write(lambda tx: tx.folders.ensure(moored.tree, [b"a/"])))[b"a/"]
        seen = await self.walked(facts, moored, ItemQuery(), 1, folder)
        assert sorted(seen) == ["2021/a/b/c", "2021/a/d"]
        assert len(await self.walked(facts, moored, ItemQuery(), 2, moored.tree)) == 5

    async def test_a_walk_heeds_filters_and_can_list_tombstones(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, {b"a/%d" % i: i for i in range(20)}))
        ids = await facts.read(lambda tx: ids_of(tx, moored))
        await facts.write(lambda tx: tx.items.bury([ItemId(ids[b"a/7"])], Gone.VANISHED))
        query = ItemQuery(min_size=5, max_size=8)
        assert await self.walked(facts, moored, query, 2, None) == [f"2021/a/{i}" for i in (5, 6, 8)]
        assert await self.walked(facts, moored, ItemQuery(gone=True), 2, None) == ["2021/a/7"]

    async def test_a_folder_of_another_project_is_not_walked(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        other = await facts.write(lambda tx: moor(tx, name="other"))
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.items.walk(other.project, moored.tree, ItemQuery()))
