"""Uploads into a project's own storage: whole or not at all, and nothing is ever forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from moorage.model.access import Principal, Role, UserId
from moorage.model.errors import (
    AlreadyExists,
    BodyBroken,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    ReadOnly,
    StoreUnreachable,
)
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, Provider, Scope, Store
from moorage.stores.memory import MemoryStore
from moorage.uploading import IfExists
from uploading.quay import Quay


class Killed(BaseException):
    """The process ends here."""


async def test_an_upload_is_an_item_that_moorage_owns(quay: Quay) -> None:
    done = await quay.put("a.jpg", [b"he", b"llo"], length=5)
    assert (done.replaced, done.item.linked, done.item.size, done.item.media_type) == (False, False, 5, "image/jpeg")
    assert await quay.read(done.item) == b"hello"
    assert quay.keys() == [done.item.key]
    project, random, name = done.item.key.split("/")
    assert (project, len(random), name) == (str(quay.project.id), 32, "a.jpg")
    counts = (await quay.facts.read(lambda tx: tx.folders.get(quay.project.root))).counts
    assert (counts.items, counts.bytes) == (1, 5)
    assert await quay.discard(days=365) == 0
    assert (await quay.audited())[0] == "item.upload"


async def test_the_prefix_of_a_store_is_kept(quay: Quay) -> None:
    store = Store("shelf", Connection(Provider.MEMORY), bucket=Bucket("b"), prefix="own/", read_only=False)  # type: ignore[arg-type]
    made = await quay.facts.write(lambda tx: tx.stores.add(store))
    changed = replace(quay.project, default_store=made.id)
    await quay.facts.write(lambda tx: tx.projects.update(changed))
    done = await quay.put()
    assert done.item.key.startswith(f"own/{quay.project.id}/")
    assert quay.keys("shelf") == [done.item.key]
    assert quay.keys() == []


async def test_nothing_is_visible_before_the_body_has_ended(quay: Quay) -> None:
    async def look() -> None:
        assert await quay.items() == {}

    quay.before_end = look
    await quay.put()
    assert list(await quay.items()) == ["a.jpg"]


async def test_a_taken_name_is_refused_before_anything_is_read(quay: Quay) -> None:
    await quay.put()

    async def never() -> None:
        raise AssertionError

    quay.before_end = never
    with pytest.raises(AlreadyExists, match="Nothing was stored"):
        await quay.put(data=b"other")
    quay.before_end = None
    assert await quay.read((await quay.items())["a.jpg"]) == b"hello"


async def test_a_name_that_is_taken_meanwhile_is_refused_and_the_bytes_go(quay: Quay) -> None:
    async def other() -> None:
        await quay.put(data=b"first")

    quay.before_end = other
    with pytest.raises(AlreadyExists):
        await quay.put(data=b"second")
    assert quay.woken == 1
    assert len(quay.keys()) == 2
    assert await quay.discard() == 1
    item = (await quay.items())["a.jpg"]
    assert quay.keys() == [item.key]
    assert await quay.read(item) == b"first"


async def test_a_replaced_item_keeps_its_id_and_its_old_bytes_go_a_little_later(quay: Quay) -> None:
    first = (await quay.put()).item
    done = await quay.put(data=b"other", if_exists=IfExists.REPLACE)
    assert (done.replaced, done.item.id) == (True, first.id)
    assert await quay.read(done.item) == b"other"
    assert await quay.read(first) == b"hello"  # whoever reads it may finish
    assert await quay.discard() == 0
    assert await quay.discard(days=0.01) == 1
    assert quay.keys() == [done.item.key]
    assert (await quay.put("new", if_exists=IfExists.REPLACE)).replaced is False


async def test_both_takes_the_next_free_name(quay: Quay) -> None:
    names = [(await quay.put(data=b"%d" % number, if_exists=IfExists.BOTH)).item.name for number in range(3)]
    assert names == ["a.jpg", "a (2).jpg", "a (3).jpg"]


async def test_a_folder_of_that_name_is_no_hindrance(quay: Quay) -> None:
    await quay.facts.write(lambda tx: tx.folders.add(quay.project.root, "a.jpg"))
    assert (await quay.put()).item.name == "a.jpg"


async def test_of_many_at_once_each_gets_a_name_of_its_own(any_quay: Quay) -> None:
    quay = any_quay
    wanted = [(b"%03d" % number) * 50 for number in range(30)]
    done = await asyncio.gather(*(quay.put(data=data, if_exists=IfExists.BOTH) for data in wanted))
    items = await quay.items()
    assert set(items) == {"a.jpg", *(f"a ({number}).jpg" for number in range(2, 31))}
    for data, one in zip(wanted, done, strict=True):
        assert await quay.read(items[one.item.name]) == data
    assert await quay.discard(days=30) == 0


async def test_of_many_at_once_that_would_refuse_one_comes_in(any_quay: Quay) -> None:
    quay = any_quay
    answers = await asyncio.gather(*(quay.put(data=b"%d" % n) for n in range(10)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, AlreadyExists)]
    assert len(refused) == 9
    await quay.discard()
    assert quay.keys() == [(await quay.items())["a.jpg"].key]


async def test_of_many_at_once_that_replace_one_is_left_whole(any_quay: Quay) -> None:
    quay = any_quay
    wanted = [b"%d" % number for number in range(10)]
    done = await asyncio.gather(*(quay.put(data=data, if_exists=IfExists.REPLACE) for data in wanted))
    assert len({one.item.id for one in done}) == 1
    assert [one.replaced for one in done].count(False) == 1
    assert await quay.discard(days=1) == 9
    item = (await quay.items())["a.jpg"]
    assert quay.keys() == [item.key]
    assert await quay.read(item) in wanted
    counts = (await quay.facts.read(lambda tx: tx.folders.get(quay.project.root))).counts
    assert (counts.items, counts.bytes) == (1, 1)


@pytest.mark.parametrize("write", [1, 2])
async def test_killed_before_a_commit_there_is_no_item_and_no_object_for_long(quay: Quay, write: int) -> None:
    before = quay.facts.writes
    quay.facts.fail = lambda count: Killed() if count == before + write else None
    with pytest.raises(Killed):
        await quay.put()
    quay.facts.fail = lambda _: None
    assert await quay.items() == {}
    assert len(quay.keys()) == write - 1
    assert await quay.discard(days=6.9) == 0
    assert await quay.discard(days=0.2) == write - 1
    assert quay.keys() == []


async def test_a_body_that_ends_early_leaves_nothing(quay: Quay) -> None:
    async def leave() -> None:
        raise BodyBroken("The sender left. Nothing was stored.")

    quay.before_end = leave
    with pytest.raises(BodyBroken):
        await quay.put()
    with pytest.raises(BodyBroken):
        await quay.put(length=6)
    assert await quay.items() == {}
    assert quay.keys() == []
    assert await quay.discard(days=0.01) == 2  # what was noted is looked for once more
    assert await quay.discard(days=30) == 0


async def test_an_upload_that_was_given_up_meanwhile_says_so(quay: Quay) -> None:
    async def a_week() -> None:
        await quay.discard(days=8)

    quay.before_end = a_week
    with pytest.raises(Conflict, match="more than a week"):
        await quay.put()
    assert await quay.items() == {}
    await quay.discard(days=1)
    assert quay.keys() == []


async def test_a_folder_that_was_removed_meanwhile_takes_nothing(quay: Quay) -> None:
    inner = await quay.facts.write(lambda tx: tx.folders.add(quay.project.root, "inner"))

    async def remove() -> None:
        await quay.facts.write(lambda tx: tx.folders.remove(inner.id))

    quay.before_end = remove
    with pytest.raises(NotFound):
        await quay.put(folder=inner.id)
    assert await quay.discard() == 1
    assert quay.keys() == []


async def test_a_folder_that_became_a_mirror_meanwhile_takes_nothing(quay: Quay) -> None:
    shown = await quay.facts.write(lambda tx: tx.folders.add(quay.project.root, "shown"))

    async def mount() -> None:
        await quay.mirror()

    quay.before_end = mount
    with pytest.raises(Conflict, match="mirror"):
        await quay.put(folder=shown.id)
    assert await quay.discard() == 1
    assert quay.keys() == []


async def test_only_an_editor_may(quay: Quay) -> None:
    viewer = Principal(UserId(5), "v@example.org", roles={quay.project.id: Role.VIEWER})
    editor = Principal(UserId(6), "e@example.org", roles={quay.project.id: Role.EDITOR})
    stranger = Principal(UserId(7), "s@example.org")
    with pytest.raises(Forbidden):
        await quay.put(who=viewer)
    with pytest.raises(NotFound):
        await quay.put(who=stranger)
    assert (await quay.put(who=editor)).item.size == 5
    assert await quay.uploads.taken(viewer, quay.project.root, [Key("b"), Key("a.jpg")]) == ["a.jpg"]
    with pytest.raises(NotFound):
        await quay.uploads.taken(stranger, quay.project.root, [Key("a.jpg")])
    with pytest.raises(Invalid):
        await quay.uploads.taken(viewer, quay.project.root, [Key("x")] * 1001)


async def test_a_default_store_that_is_read_only_or_not_open_is_told_with_what_to_do(quay: Quay) -> None:
    shelf = Store("shelf", Connection(Provider.MEMORY), bucket=Bucket("b"), read_only=True)
    made = await quay.facts.write(lambda tx: tx.stores.add(shelf))
    changed = replace(quay.project, default_store=made.id)
    await quay.facts.write(lambda tx: tx.projects.update(changed))
    with pytest.raises(ReadOnly, match=r"shelf.*Nothing was stored") as refusal:
        await quay.put()
    assert "store change shelf --writable" in refusal.value.advice
    closed = replace(made, read_only=False, scope=Scope(projects=(1,)))
    await quay.facts.write(lambda tx: tx.stores.update(closed))
    with pytest.raises(Forbidden, match=r"scope|not open"):
        await quay.put()


async def test_a_store_that_is_removed_meanwhile_is_told(quay: Quay) -> None:
    shelf = Store("shelf", Connection(Provider.MEMORY), bucket=Bucket("b"), read_only=False)
    made = await quay.facts.write(lambda tx: tx.stores.add(shelf))
    given = replace(quay.project, default_store=made.id)
    await quay.facts.write(lambda tx: tx.projects.update(given))

    async def remove() -> None:
        await quay.facts.write(lambda tx: tx.projects.update(quay.project))
        await quay.facts.write(lambda tx: tx.stores.remove(made.id))

    quay.before_end = remove
    with pytest.raises(Conflict, match="its store was removed"):
        await quay.put()
    assert await quay.items() == {}


class Unreachable(MemoryStore):
    """Answers nothing."""

    async def delete(self, key: Key, *, if_match: object = None) -> None:
        raise StoreUnreachable("The store gave no answer.", "Look at it.")


async def test_a_store_that_cannot_be_reached_is_asked_again_until_it_can(quay: Quay) -> None:
    for number in range(3):
        await quay.put(data=b"%d" % number, if_exists=IfExists.REPLACE)
    quay.adapters["primary"] = Unreachable(shelf=quay.shelf("primary"))
    for _ in range(3):
        assert await quay.discard(days=1) == 0
    assert len(quay.keys()) == 3
    del quay.adapters["primary"]
    assert await quay.discard(days=1) == 2
    assert quay.keys() == [(await quay.items())["a.jpg"].key]
    assert (await quay.audited())[:2] == ["object.delete"] * 2
