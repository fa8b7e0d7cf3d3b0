"""What every catalogue does with ids that are handed out for good, and with aliases."""

from __future__ import annotations

import pytest

from contracts.catalogue_rows import moor, plant
from contracts.catalogue_uploads import added, home, uploaded
from moorage.model.catalogue import FolderId, ItemId, Kind
from moorage.model.errors import Conflict, MoorageError, NotFound
from moorage.model.keys import key_bytes
from moorage.model.links import LinkRow
from moorage.model.store import StoreId
from moorage.model.transaction import Facts, Transaction


def row(folder: FolderId, name: bytes, store: StoreId, key: bytes = b"dives/a.jpg") -> LinkRow:
    return LinkRow(folder, name, Kind.IMAGE, 3, "e1", 1000, "", None, store, key)


class AdoptingContract:
    """Takes ``facts``, an empty catalogue."""

    async def test_an_id_stays_with_its_object_when_the_item_goes_and_comes(self, facts: Facts) -> None:
        def work(tx: Transaction) -> None:
            project, folder, store = home(tx)
            keys = [b"dives/a.jpg", b"dives/\xff.jpg"]
            first = tx.adoptions.insert(project, row(folder, b"a.jpg", store))
            assert first is not None
            assert tx.adoptions.known(project, store, keys) == {keys[0]: first}
            assert tx.adoptions.shown(project, store, keys) == {keys[0]: first}
            assert (tx.items.get(first).linked, tx.items.get(first).key) == (True, "dives/a.jpg")
            assert tx.folders.items_in_tree(folder) == 1
            assert tx.items.remove([first]) == 1
            assert tx.adoptions.known(project, store, keys) == {keys[0]: first}
            assert tx.adoptions.shown(project, store, keys) == {}
            second = tx.adoptions.insert(project, row(folder, b"a.jpg", store, keys[1]))
            assert second not in (None, first)
            assert tx.adoptions.insert(project, row(folder, b"b.jpg", store), first) == first
            assert tx.adoptions.known(project, store, keys) == {keys[0]: first, keys[1]: second}

        await facts.write(work)

    async def test_a_taken_name_gives_no_id(self, facts: Facts) -> None:
        def work(tx: Transaction) -> None:
            project, folder, store = home(tx)
            assert tx.adoptions.insert(project, row(folder, b"a.jpg", store)) is not None
            assert tx.adoptions.insert(project, row(folder, b"a.jpg", store, b"other")) is None
            assert tx.adoptions.known(project, store, [b"other"]) == {}
            assert tx.folders.items_in_tree(folder) == 1

        await facts.write(work)

    async def test_one_object_has_one_id_and_one_id_one_object(self, facts: Facts) -> None:
        project, folder, store = await facts.write(home)
        item = await facts.write(lambda tx: tx.adoptions.insert(project, row(folder, b"a.jpg", store)))
        assert item is not None
        for key, id_ in ((b"dives/a.jpg", ItemId(item + 1)), (b"other", item)):
            with pytest.raises(MoorageError):
                await facts.write(lambda tx, key=key, id_=id_: tx.adoptions.keep(project, store, key, id_))  # type: ignore[misc]
        assert await facts.read(lambda tx: tx.adoptions.known(project, store, [b"dives/a.jpg", b"other"])) == {
            b"dives/a.jpg": item
        }

    async def test_what_a_mirror_shows_is_found_by_its_key(self, facts: Facts) -> None:
        def work(tx: Transaction) -> None:
            moored = moor(tx)
            plant(tx, moored, [b"deep/a.jpg", b"b.jpg"])
            prefix = key_bytes(moored.prefix)
            keys = [prefix + b"deep/a.jpg", prefix + b"b.jpg", prefix + b"c.jpg", b"elsewhere"]
            shown = tx.adoptions.shown(moored.project, moored.store, keys)
            assert set(shown) == set(keys[:2])
            for key, id_ in shown.items():
                assert key_bytes(tx.items.get(id_).key) == key

        await facts.write(work)

    async def test_an_upload_never_takes_the_id_of_an_adopted_object(self, facts: Facts) -> None:
        project, folder, store = await facts.write(home)
        await facts.write(lambda tx: tx.adoptions.insert(project, row(folder, b"a.jpg", store)))
        await facts.write(lambda tx: added(tx, project, uploaded(folder, b"b.jpg", store)))
        with pytest.raises(Conflict):
            await facts.write(lambda tx: tx.items.replace(uploaded(folder, b"a.jpg", store), 0))
        assert await facts.write(lambda tx: tx.items.replace(uploaded(folder, b"b.jpg", store), 0)) is not None

    async def test_an_alias_keeps_what_it_stood_for(self, facts: Facts) -> None:
        def work(tx: Transaction) -> None:
            project, folder, store = home(tx)
            a, b = (added(tx, project, uploaded(folder, name, store)) for name in (b"a", b"b"))
            for at, item in enumerate((a, b, a)):
                tx.aliases.set(project, "référence ✓", item, user=7, email=f"{at}@example.org", now_ms=at)
            tx.aliases.set(project, "another", b, user=7, email="x@example.org", now_ms=9)
            found = tx.aliases.get(project, "référence ✓")
            assert [(one.item, one.email, one.set_ms) for one in found.history] == [
                (a, "2@example.org", 2), (b, "1@example.org", 1), (a, "0@example.org", 0)
            ]  # fmt: skip
            assert found.now.user == 7
            tx.items.remove([a])
            assert tx.aliases.get(project, "référence ✓") == found
            first = tx.aliases.page(project, limit=1)
            assert [(one.name, one.now.item) for one in first.rows] == [("another", b)]
            rest = tx.aliases.page(project, after=first.next)
            assert [(one.name, one.now) for one in rest.rows] == [("référence ✓", found.now)]
            assert rest.next is None
            other = tx.projects.add("other").id
            assert tx.aliases.page(other).rows == []
            with pytest.raises(NotFound):
                tx.aliases.get(other, "another")

        await facts.write(work)
