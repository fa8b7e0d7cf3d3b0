"""Uploads into folders of mirrors go to the very key that is shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from moorage.mirroring import Mirrors
from moorage.model.access import SYSTEM
from moorage.model.catalogue import Gone, Kind
from moorage.model.errors import AlreadyExists, BodyBroken, Conflict, Invalid, ReadOnly
from moorage.model.keys import Key
from moorage.model.mirror import Mirror, MirrorState
from moorage.model.objects import ObjectInfo
from moorage.model.transaction import NewRow, Transaction
from moorage.stores.memory import MemoryStore
from moorage.uploading import IfExists
from uploading.quay import Quay


async def indexed(quay: Quay, mirror: Mirror) -> None:
    """What an index writes for each object without a row."""
    known = {item.key for item in (await quay.items(mirror.folder)).values()}

    def write(tx: Transaction) -> None:
        rows = [
            NewRow(mirror.folder, key.removeprefix("2021/").encode(), Kind.IMAGE, info.size, info.etag, 1, "")
            for key, (info, _) in quay.shelf("reef").objects.items()
            if key not in known
        ]
        tx.items.insert(mirror.project, rows)

    await quay.facts.write(write)


async def test_it_lies_at_the_key_that_the_folder_shows_and_is_a_mirrored_item(quay: Quay) -> None:
    mirror = await quay.mirror()
    done = await quay.put("a.jpg", folder=mirror.folder)
    assert (done.item.key, done.item.linked, done.replaced) == ("2021/a.jpg", True, False)
    assert quay.keys("reef") == ["2021/a.jpg"]
    assert await quay.read(done.item) == b"hello"
    below = await quay.facts.write(lambda tx: tx.folders.ensure(mirror.folder, [b"x/y/"])[b"x/y/"])
    assert (await quay.put("b", folder=below)).item.key == "2021/x/y/b"
    assert quay.keys() == []
    assert await quay.discard(days=365) == 0  # what a mirror shows is never deleted by us
    assert len(quay.keys("reef")) == 2


async def test_a_read_only_store_is_told_with_what_to_do(quay: Quay) -> None:
    mirror = await quay.mirror(read_only=True)
    with pytest.raises(ReadOnly, match=r"read-only.*Nothing was stored") as refusal:
        await quay.put(folder=mirror.folder)
    assert "store change reef --writable" in refusal.value.advice


async def test_a_removed_mirror_takes_nothing(quay: Quay) -> None:
    mirror = await quay.mirror(state=MirrorState.DETACHED)
    with pytest.raises(Conflict, match=r"removed mirror.*Nothing was stored"):
        await quay.put(folder=mirror.folder)


async def test_what_the_mirror_would_not_show_is_refused(quay: Quay) -> None:
    mirror = await quay.mirror(include=("*.jpg",), exclude=("tmp*",))
    for name in ("a.txt", "tmp.jpg"):
        with pytest.raises(Invalid, match="patterns"):
            await quay.put(name, folder=mirror.folder)
    assert (await quay.put("a.jpg", folder=mirror.folder)).item.name == "a.jpg"
    assert quay.keys("reef") == ["2021/a.jpg"]


async def test_an_index_that_sees_it_first_is_no_harm(quay: Quay) -> None:
    mirror = await quay.mirror()
    store = await quay.facts.read(lambda tx: tx.stores.get(mirror.store))
    writer = quay.adapter(store)

    class Indexed(MemoryStore):
        async def put(self, key: Key, *args: Any, **more: Any) -> ObjectInfo:
            info = await super().put(key, *args, **more)
            await indexed(quay, mirror)
            return info

    quay.adapters["reef"] = Indexed(shelf=quay.shelf("reef"))
    done = await quay.put("a.jpg", folder=mirror.folder)
    assert (done.replaced, list(await quay.items(mirror.folder))) == (False, ["a.jpg"])
    quay.adapters["reef"] = writer
    counts = (await quay.facts.read(lambda tx: tx.folders.get(mirror.folder))).counts
    assert (counts.items, counts.bytes) == (1, 5)


async def test_an_index_that_sees_it_later_finds_nothing_new(quay: Quay) -> None:
    mirror = await quay.mirror()
    done = await quay.put("a.jpg", folder=mirror.folder)
    row = (await quay.facts.read(lambda tx: tx.items.between(mirror.folder, None, None)))[0]
    info = quay.shelf("reef").objects[Key("2021/a.jpg")][0]
    assert (row.id, row.size, row.etag, row.generation) == (done.item.id, info.size, info.etag, info.generation)


async def test_a_taken_name_is_refused_replaced_or_numbered(quay: Quay) -> None:
    mirror = await quay.mirror()
    first = (await quay.put(folder=mirror.folder)).item
    with pytest.raises(AlreadyExists):
        await quay.put(folder=mirror.folder)
    done = await quay.put(data=b"other", folder=mirror.folder, if_exists=IfExists.REPLACE)
    assert (done.replaced, done.item.id) == (True, first.id)
    assert await quay.read(done.item) == b"other"
    both = await quay.put(data=b"third", folder=mirror.folder, if_exists=IfExists.BOTH)
    assert both.item.key == "2021/a (2).jpg"
    assert quay.keys("reef") == ["2021/a (2).jpg", "2021/a.jpg"]


async def test_an_object_that_the_folder_does_not_show_is_not_overwritten_unasked(quay: Quay) -> None:
    mirror = await quay.mirror()
    await MemoryStore(shelf=quay.shelf("reef")).put(Key("2021/a.jpg"), b"not indexed yet")
    with pytest.raises(AlreadyExists, match=r"does not show.*Nothing was stored"):
        await quay.put(folder=mirror.folder)
    assert quay.shelf("reef").objects[Key("2021/a.jpg")][1] == b"not indexed yet"
    both = await quay.put(folder=mirror.folder, if_exists=IfExists.BOTH)
    assert both.item.name == "a (2).jpg"


@pytest.mark.parametrize("why", [Gone.HIDDEN, Gone.VANISHED])
async def test_a_tombstone_of_that_name_comes_back_under_its_id(quay: Quay, why: Gone) -> None:
    mirror = await quay.mirror()
    first = (await quay.put(folder=mirror.folder)).item
    await quay.facts.write(lambda tx: tx.items.bury([first.id], why))
    done = await quay.put(data=b"again", folder=mirror.folder, if_exists=IfExists.REPLACE)
    assert (done.item.id, done.item.gone, done.replaced) == (first.id, None, False)
    assert await quay.read(done.item) == b"again"
    assert await quay.facts.read(lambda tx: tx.items.gone_between(mirror.folder, None, None)) == {}


async def test_of_many_at_once_each_gets_a_key_of_its_own(any_quay: Quay) -> None:
    quay = any_quay
    mirror = await quay.mirror()
    wanted = [b"%d" % number for number in range(10)]
    done = await asyncio.gather(
        *(quay.put(data=data, folder=mirror.folder, if_exists=IfExists.BOTH) for data in wanted)
    )
    for data, one in zip(wanted, done, strict=True):
        assert await quay.read(one.item) == data
    assert len(quay.keys("reef")) == 10


async def test_of_two_at_once_that_would_refuse_the_second_sends_nothing(quay: Quay) -> None:
    mirror = await quay.mirror()

    async def second() -> None:
        with pytest.raises(AlreadyExists):
            await quay.put(data=b"second", folder=mirror.folder)

    quay.before_end = second
    done = await quay.put(data=b"first", folder=mirror.folder)
    assert await quay.read(done.item) == b"first"


async def test_a_body_that_ends_early_leaves_the_object_that_was_there(quay: Quay) -> None:
    mirror = await quay.mirror()
    first = (await quay.put(folder=mirror.folder)).item
    with pytest.raises(BodyBroken):
        await quay.put(data=b"short", length=9, folder=mirror.folder, if_exists=IfExists.REPLACE)
    assert await quay.read(first) == b"hello"


async def test_a_mirror_that_was_removed_meanwhile_says_where_the_bytes_are(quay: Quay) -> None:
    mirror = await quay.mirror()

    async def remove() -> None:
        mirrors = Mirrors(quay.facts, quay.adapter, hint=lambda: None, now_ms=lambda: quay.now)
        await mirrors.remove(SYSTEM, mirror.id, with_items=True)

    quay.before_end = remove
    with pytest.raises(Conflict, match=r"reef at '2021/a.jpg'"):
        await quay.put(folder=mirror.folder)
    assert quay.keys("reef") == ["2021/a.jpg"]


async def test_a_mirror_that_cannot_be_listed_just_now_may_take_an_upload(quay: Quay) -> None:
    mirror = await quay.mirror()
    broken = replace(mirror, state=MirrorState.BROKEN)
    await quay.facts.write(lambda tx: tx.mirrors.update(broken))
    assert (await quay.put(folder=mirror.folder)).item.key == "2021/a.jpg"
