"""What every catalogue does with uploaded items, and with objects that no item holds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from contracts.catalogue_rows import Moored, disk, ids_of, moor, plant
from moorage.model.catalogue import Counts, FolderId, Gone, Item, ItemId, Kind, ProjectId
from moorage.model.errors import InUse, NotFound
from moorage.model.keys import Key, key_bytes
from moorage.model.mirror import MirrorState
from moorage.model.store import StoreId
from moorage.model.transaction import ChangedRow, Facts, LooseId, LooseObject, Transaction, UploadedRow

LATER = 2**52


def uploaded(
    folder: FolderId, name: bytes, store: StoreId | None, key: str = "", *, size: int = 3, etag: str = "e1"
) -> UploadedRow:
    """A row of an upload; without a store it is one in a folder of a mirror."""
    raw = None if store is None else key_bytes(key or f"own/{name.decode()}")
    return UploadedRow(folder, name, Kind.IMAGE, size, etag, 1000, "", None, store, raw)


def added(tx: Transaction, project: ProjectId, row: UploadedRow) -> ItemId:
    """Insert a row whose name is free."""
    id_ = tx.items.add(project, row)
    assert id_ is not None
    return id_


def home(tx: Transaction) -> tuple[ProjectId, FolderId, StoreId]:
    """A project without mirrors, its root, and a store."""
    project = tx.projects.add("own")
    return project.id, project.root, tx.stores.add(disk("writable")).id


def loose_keys(tx: Transaction, now_ms: int = LATER - 1) -> list[str]:
    """Keys of all that is due by then, claimed until later."""
    return sorted(loose.key for loose in tx.loose.claim(now_ms, LATER))


def trash(tx: Transaction, item: ItemId) -> None:
    """Put it in the trash."""
    assert tx.items.bury([item], Gone.TRASHED) == 1


def restore(tx: Transaction, item: ItemId) -> Item:
    """Take it out of the trash."""
    gone = tx.items.get(item)
    facts = ChangedRow(gone.folder, key_bytes(gone.name), gone.size, gone.etag, gone.modified_ms, gone.generation)
    tx.items.revive([item], [facts])
    return tx.items.get(item)


class UploadsContract:
    """Items whose objects Moorage owns."""

    async def test_an_uploaded_item_is_owned_and_has_a_place_of_its_own(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        id_ = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a.jpg", store, "own/x/a.jpg")))
        found = await facts.read(lambda tx: tx.items.get(id_))
        assert (found.store, found.key, found.linked, found.kind) == (store, "own/x/a.jpg", False, Kind.IMAGE)
        assert (found.size, found.etag, found.media_type) == (3, "e1", "image/jpeg")
        counts = (await facts.read(lambda tx: tx.folders.get(root))).counts
        assert counts == Counts(1, 3, 0, 0, 0)
        assert await facts.read(lambda tx: tx.items.uploads_in(project)) == 1

    async def test_a_told_media_type_stays_with_the_item(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        row = uploaded(root, b"scan", store)._replace(media_type="image/x-odd")
        id_ = await facts.write(lambda tx: added(tx, project, row))
        assert (await facts.read(lambda tx: tx.items.get(id_))).media_type == "image/x-odd"

    async def test_a_taken_name_adds_nothing(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        first = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a", store)))
        assert await facts.write(lambda tx: tx.items.add(project, uploaded(root, b"a", store, "own/other"))) is None
        assert (await facts.read(lambda tx: tx.items.get(first))).key == "own/a"
        assert (await facts.read(lambda tx: tx.folders.get(root))).counts.items == 1

    async def test_of_many_that_add_one_name_at_once_one_does(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)

        def add(number: int, tx: Transaction) -> ItemId | None:
            tx.folders.hold(root)
            return tx.items.add(project, uploaded(root, b"a", store, f"own/{number}"))

        answers = await asyncio.gather(*(facts.write(partial(add, number)) for number in range(12)))
        assert len([answer for answer in answers if answer is not None]) == 1
        assert (await facts.read(lambda tx: tx.folders.get(root))).counts.items == 1

    async def test_a_replaced_item_keeps_its_id_and_lets_its_object_go(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        id_ = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a", store, "own/1")))
        row = uploaded(root, b"a", store, "own/2", size=10, etag="e2")
        assert await facts.write(lambda tx: tx.items.replace(row, 5000)) == id_
        found = await facts.read(lambda tx: tx.items.get(id_))
        assert (found.key, found.size, found.etag, found.linked) == ("own/2", 10, "e2", False)
        assert (await facts.read(lambda tx: tx.folders.get(root))).counts.bytes == 10
        assert await facts.write(lambda tx: loose_keys(tx, 4999)) == []
        assert await facts.write(lambda tx: loose_keys(tx, 5000)) == ["own/1"]

    async def test_replacing_what_is_not_there_does_nothing(self, facts: Facts) -> None:
        _, root, store = await facts.write(home)
        assert await facts.write(lambda tx: tx.items.replace(uploaded(root, b"a", store), 0)) is None
        assert await facts.write(loose_keys) == []

    async def test_replacing_a_mirrored_item_touches_no_object(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"a"]))
        old = await facts.read(lambda tx: ids_of(tx, moored)[b"a"])
        row = uploaded(moored.tree, b"a", None, size=9, etag="new")
        assert await facts.write(lambda tx: tx.items.replace(row, 0)) == old
        found = await facts.read(lambda tx: tx.items.get(ItemId(old)))
        assert (found.key, found.linked, found.etag, found.size) == ("2021/a", True, "new", 9)
        assert await facts.write(loose_keys) == []

    async def test_the_trash_and_back_keeps_object_and_owner(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        id_ = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a", store)))
        before = await facts.read(lambda tx: tx.items.get(id_))
        await facts.write(lambda tx: trash(tx, id_))
        gone = await facts.read(lambda tx: tx.items.get(id_))
        assert (gone.gone, gone.store, gone.key, gone.linked) == (Gone.TRASHED, store, "own/a", False)
        assert await facts.read(lambda tx: tx.items.uploads_in(project)) == 1
        assert await facts.read(lambda tx: tx.items.gone_named(root, "a")) == id_
        assert await facts.write(lambda tx: restore(tx, id_)) == before
        assert await facts.read(lambda tx: tx.items.gone_named(root, "a")) is None
        assert await facts.write(loose_keys) == []

    async def test_emptying_the_trash_lets_go_of_owned_objects_only(self, facts: Facts) -> None:
        def make(tx: Transaction) -> tuple[ItemId, Moored]:
            project, root, store = home(tx)
            id_ = added(tx, project, uploaded(root, b"a", store))
            moored = moor(tx)
            plant(tx, moored, [b"m"])
            tx.items.bury([ItemId(ids_of(tx, moored)[b"m"])], Gone.VANISHED)
            trash(tx, id_)
            return id_, moored

        id_, _ = await facts.write(make)
        assert await facts.write(lambda tx: tx.items.empty_trash(1)) == 0
        assert await facts.write(lambda tx: tx.items.empty_trash(LATER)) == 2
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.items.get(id_))
        assert await facts.write(loose_keys) == ["own/a"]

    async def test_removed_rows_let_go_of_their_objects(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        id_ = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a", store)))
        assert await facts.write(lambda tx: tx.items.remove([id_])) == 1
        assert await facts.write(loose_keys) == ["own/a"]

    async def test_a_purged_project_lets_go_of_live_and_trashed_objects(self, facts: Facts) -> None:
        def make(tx: Transaction) -> ProjectId:
            project, root, store = home(tx)
            inner = tx.folders.add(root, "inner")
            for number in range(20):
                id_ = added(tx, project, uploaded(inner.id, b"%02d" % number, store))
                if number % 2:
                    trash(tx, id_)
            return project

        project = await facts.write(make)
        await facts.write(lambda tx: tx.projects.remove(project))
        while await facts.write(lambda tx: tx.projects.purge(7)):
            pass
        assert await facts.write(loose_keys) == [f"own/{number:02}" for number in range(20)]

    async def test_a_folder_goes_with_its_trash_only_when_that_is_meant(self, facts: Facts) -> None:
        def make(tx: Transaction) -> tuple[FolderId, FolderId]:
            project, root, store = home(tx)
            inner = tx.folders.add(root, "inner")
            trash(tx, added(tx, project, uploaded(inner.id, b"a", store)))
            return root, inner.id

        root, inner = await facts.write(make)
        with pytest.raises(InUse, match="trash"):
            await facts.write(lambda tx: tx.folders.remove(inner))
        mirror = (await facts.write(moor)).mirror
        with pytest.raises(InUse, match="trash"):
            await facts.write(lambda tx: tx.folders.mount(root, "inner", mirror))
        await facts.write(lambda tx: tx.folders.remove(inner, with_uploads=True))
        assert await facts.write(loose_keys) == ["own/a"]

    async def test_names_that_live_items_have_are_told(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        names = [b"%04d" % number for number in range(0, 1200, 2)]
        for name in [*names[:3], b"\xff odd"]:
            row = UploadedRow(root, name, Kind.FILE, 1, "e", 1, "", None, store, b"own/" + name)
            await facts.write(partial(self._add, project, row))
        assert await facts.read(lambda tx: tx.items.taken(root, [*names, b"\xff odd", b""])) == {
            *names[:3],
            b"\xff odd",
        }

    def _add(self, project: ProjectId, row: UploadedRow, tx: Transaction) -> ItemId:
        return added(tx, project, row)

    async def test_a_store_is_in_use_by_what_lies_in_the_trash_too(self, facts: Facts) -> None:
        project, root, store = await facts.write(home)
        id_ = await facts.write(lambda tx: added(tx, project, uploaded(root, b"a", store)))
        assert await facts.read(lambda tx: tx.stores.users_of(store)) == ("items 1",)
        await facts.write(lambda tx: trash(tx, id_))
        assert await facts.read(lambda tx: tx.stores.users_of(store)) == ("items in the trash 1",)


class LooseContract:
    """Objects that no item holds, not yet or no more."""

    async def test_a_taken_row_is_gone_and_cannot_be_taken_twice(self, facts: Facts) -> None:
        _, _, store = await facts.write(home)
        loose = await facts.write(lambda tx: tx.loose.add(store, Key("own/\udcff"), 100))
        assert await facts.write(lambda tx: tx.loose.take(loose))
        assert not await facts.write(lambda tx: tx.loose.take(loose))
        assert await facts.write(loose_keys) == []
        again = await facts.write(lambda tx: tx.loose.add(store, Key("own/2"), 100))
        assert again > loose  # the id of a row that is gone is never that of another

    async def test_a_claimed_row_can_be_taken_by_nobody_and_comes_again_until_it_is_removed(self, facts: Facts) -> None:
        _, _, store = await facts.write(home)
        loose = await facts.write(lambda tx: tx.loose.add(store, Key("own/a"), 100))
        assert await facts.write(lambda tx: tx.loose.claim(99, 500)) == []
        expected = [LooseObject(loose, store, Key("own/a"))]
        assert await facts.write(lambda tx: tx.loose.claim(100, 500)) == expected
        assert await facts.write(lambda tx: tx.loose.claim(499, 900)) == []
        assert not await facts.write(lambda tx: tx.loose.take(loose))
        assert await facts.write(lambda tx: tx.loose.claim(500, 900)) == expected
        await facts.write(lambda tx: tx.loose.remove([loose, LooseId(loose + 1)]))
        assert await facts.write(loose_keys) == []

    async def test_the_oldest_are_claimed_first_and_a_given_up_one_at_its_time(self, facts: Facts) -> None:
        _, _, store = await facts.write(home)
        ids = [await facts.write(partial(self._note, store, number)) for number in range(5)]
        await facts.write(lambda tx: tx.loose.give_up(ids[4], 1))
        claimed = await facts.write(lambda tx: tx.loose.claim(LATER - 1, LATER, limit=2))
        assert sorted(loose.id for loose in claimed) == [ids[0], ids[4]]

    def _note(self, store: StoreId, number: int, tx: Transaction) -> LooseId:
        return tx.loose.add(store, Key(f"own/{number}"), 100 + number)

    async def test_what_an_item_holds_is_never_claimed(self, facts: Facts) -> None:
        def make(tx: Transaction) -> StoreId:
            project, root, store = home(tx)
            added(tx, project, uploaded(root, b"live", store))
            trash(tx, added(tx, project, uploaded(root, b"trashed", store)))
            moored = moor(tx)
            plant(tx, moored, [b"live", b"below/hidden"])
            tx.items.bury([ItemId(ids_of(tx, moored)[b"below/hidden"])], Gone.HIDDEN)
            for key in ("own/live", "own/trashed", "own/free"):
                tx.loose.add(store, Key(key), 1)
            for key in ("2021/live", "2021/below/hidden", "2021/free", "live"):
                tx.loose.add(moored.store, Key(key), 1)
            return store

        await facts.write(make)
        assert await facts.write(loose_keys) == ["2021/free", "live", "own/free"]
        assert await facts.write(lambda tx: sorted(loose.key for loose in tx.loose.claim(LATER, LATER + 1))) == [
            "2021/free",
            "live",
            "own/free",
        ]

    async def test_what_a_removed_mirror_left_as_links_is_held_too(self, facts: Facts) -> None:
        def make(tx: Transaction) -> None:
            moored = moor(tx)
            plant(tx, moored, [b"kept"])
            tx.mirrors.update(replace(tx.mirrors.get(moored.mirror), state=MirrorState.DETACHED))
            tx.loose.add(moored.store, Key("2021/kept"), 1)

        await facts.write(make)
        assert await facts.write(loose_keys) == []

    async def test_of_those_that_claim_at_once_each_row_goes_to_one(self, facts: Facts) -> None:
        _, _, store = await facts.write(home)
        for number in range(40):
            await facts.write(partial(self._note, store, number))
        claims = await asyncio.gather(
            *(facts.write(lambda tx: tx.loose.claim(LATER - 1, LATER, limit=10)) for _ in range(8))
        )
        ids = [loose.id for claimed in claims for loose in claimed]
        assert len(ids) == len(set(ids))
        rest = await facts.write(lambda tx: tx.loose.claim(LATER - 1, LATER))
        assert len(ids) + len(rest) == 40

    async def test_a_removed_store_takes_its_rows_along(self, facts: Facts) -> None:
        _, _, store = await facts.write(home)
        loose = await facts.write(lambda tx: tx.loose.add(store, Key("own/a"), 1))
        await facts.write(lambda tx: tx.stores.remove(store))
        assert not await facts.write(lambda tx: tx.loose.take(loose))
        assert await facts.write(loose_keys) == []
