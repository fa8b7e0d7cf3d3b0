"""Which store, project and names a place gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from moorage.model.access import Role
from moorage.model.credentials import Keys
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound
from moorage.model.store import Scope
from showing.quay import BOSS, KEYS, Quay, disk_store, person, s3_store, scoped


async def used(quay: Quay, address: str, **more: str) -> str | None:
    """The name of the registered store that would be used."""
    store = (await quay.showing.suggest(BOSS, address, **more)).store
    return None if store is None else store.name


@pytest.mark.parametrize(
    ("address", "store"),
    [
        ("/data/photos", "photos"),
        ("/data/photos/", "photos"),
        ("/data/photos/2021", "photos"),
        ("/data/photographs", "data"),
        ("/data", "data"),
        ("/dat", None),
        ("s3://reef", "reef"),
        ("s3://reef/2021/", "reef"),
        ("https://s3.amazonaws.com/reef/2021/", "reef"),
        ("https://reef.s3.eu-west-1.amazonaws.com/2021/", "reef"),
        ("s3://coral/ours/2021/", "coral"),
        ("s3://coral/ours/", "coral"),
        ("s3://coral/theirs/", None),
        ("s3://coral", None),
        ("http://ceph.example:7480/reef", "ceph"),
        ("http://CEPH.example:7480/reef/x", "ceph"),
        ("https://ceph.example:7480/reef", None),
        ("fs://photos/2021", "photos"),
        ("reef:2021", "reef"),
        ("photos", "photos"),
    ],
)
async def test_the_closest_registered_store_of_a_place_is_used(quay: Quay, address: str, store: str | None) -> None:
    await quay.add(
        disk_store("data", "/data"),
        disk_store("photos", "/data//photos/"),
        s3_store("reef", "reef"),
        s3_store("coral", "coral", "ours/"),
        s3_store("ceph", "reef", endpoint="http://ceph.example:7480/"),
    )
    assert await used(quay, address) == store


async def test_a_bucket_with_a_dot_that_is_registered_is_no_host(quay: Quay) -> None:
    assert (await quay.showing.suggest(BOSS, "s3://my.reef/2021/")).place.endpoint == "https://my.reef"
    await quay.add(s3_store("mine", "my.reef"))
    assert await used(quay, "s3://my.reef/2021/") == "mine"


async def test_several_stores_of_one_place_are_named_and_none_is_guessed(quay: Quay) -> None:
    await quay.add(s3_store("one", "reef"), s3_store("two", "reef", keys=Keys("OTHER", "hush")))
    with pytest.raises(Invalid, match="one, two") as caught:
        await used(quay, "s3://reef/2021")
    assert "one:2021/" in caught.value.advice
    assert await used(quay, "two:2021") == "two"


@pytest.mark.parametrize(
    ("address", "name", "project"),
    [
        ("/data/photos", "photos", "photos"),
        ("/data/Früh & Spät", "Fruh-Spat", "Früh & Spät"),
        ("/data/写真", "disk", "写真"),
        ("/data/primary", "primary-2", "primary"),
        ("/", "disk", "disk"),
        ("s3://reef-2021/frames/cam 1/", "reef-2021", "cam 1"),
        ("s3://reef", "reef", "reef"),
        ("s3://tenant:reef", "tenant-reef", "tenant:reef"),
        ("/data/" + "x" * 300, "x" * 50, "x" * 100),
    ],
)
async def test_names_are_suggested_that_may_be_used(quay: Quay, address: str, name: str, project: str) -> None:
    suggested = await quay.showing.suggest(BOSS, address)
    assert (suggested.store_name, suggested.project) == (name, project)


async def test_suggested_names_are_free(quay: Quay) -> None:
    await quay.add(disk_store("photos", "/one"), disk_store("photos-2", "/two"))
    for name in ("photos", "photos 2"):
        await quay.facts.write(lambda tx, name=name: tx.projects.add(name))  # type: ignore[misc]  # mypy loses it
    suggested = await quay.showing.suggest(BOSS, "/data/photos")
    assert (suggested.store_name, suggested.project) == ("photos-3", "photos 3")


@pytest.mark.parametrize(
    ("address", "needs"), [("/data/photos", False), ("s3://reef", True), ("s3://coral/a", False), ("coral", False)]
)
async def test_keys_are_needed_for_a_bucket_that_is_not_registered(quay: Quay, address: str, needs: bool) -> None:
    await quay.add(s3_store("coral", "coral"))
    assert (await quay.showing.suggest(BOSS, address)).needs_credentials is needs


async def test_a_place_that_is_shown_already_is_told_with_its_folder(quay: Quay, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    root.mkdir()
    assert (await quay.showing.suggest(BOSS, str(root))).mirror is None
    shown = await quay.show(str(root), project="Holidays")
    for line in (str(root), f"file://{root}/", "photos"):
        suggested = await quay.showing.suggest(BOSS, line)
        assert suggested.mirror is not None
        assert (suggested.mirror.id, suggested.mirror.folder) == (shown.mirror.id, shown.mirror.folder)
        assert suggested.project == "Holidays"
    (root / "below").mkdir()
    assert (await quay.showing.suggest(BOSS, f"{root}/below")).mirror is None


async def test_a_removed_mirror_shows_nothing(quay: Quay, tmp_path: Path) -> None:
    shown = await quay.show(str(tmp_path))
    await quay.mirrors.remove(BOSS, shown.mirror.id)
    assert (await quay.showing.suggest(BOSS, str(tmp_path))).mirror is None


# What a person may not see is not told.


async def test_a_store_that_is_not_open_to_somebody_is_as_if_it_were_not_there(quay: Quay) -> None:
    project = await quay.facts.write(lambda tx: tx.projects.add("ours"))
    await quay.add(
        disk_store("theirs", "/data/photos", scope=scoped(99)),
        disk_store("hers", "/data", scope=Scope(users=(99,))),
        disk_store("ours", "/ours", scope=scoped(project.id)),
    )
    manager = person(**{f"p{project.id}": Role.MANAGER})
    refusals = []
    for name in ("theirs", "hers", "nowhere"):
        with pytest.raises(NotFound) as caught:
            await quay.showing.suggest(manager, name)
        refusals.append(caught.value.message.replace(name, "X"))
    assert len(set(refusals)) == 1
    with pytest.raises(Forbidden, match="only an admin"):
        await quay.showing.suggest(manager, "/data/photos")
    suggested = await quay.showing.suggest(manager, "/ours/2021")
    assert suggested.store is not None
    assert (suggested.store.name, suggested.project) == ("ours", "ours")


async def test_who_may_make_no_project_is_led_to_none_where_there_are_several(quay: Quay) -> None:
    ids = [(await quay.facts.write(lambda tx, n=name: tx.projects.add(n))).id for name in ("a", "b")]  # type: ignore[misc]
    await quay.add(disk_store("ours", "/ours", scope=scoped(*ids)))
    manager = person(**{f"p{one}": Role.MANAGER for one in ids})
    assert (await quay.showing.suggest(manager, "ours")).project == ""


async def test_the_mirror_of_a_project_out_of_sight_is_not_told(quay: Quay, tmp_path: Path) -> None:
    shown = await quay.show(str(tmp_path), project="hidden")
    ours = await quay.facts.write(lambda tx: tx.projects.add("ours"))
    store = await quay.facts.read(lambda tx: tx.stores.named(shown.store))
    from dataclasses import replace

    await quay.facts.write(lambda tx: tx.stores.update(replace(store, scope=scoped(ours.id))))
    suggested = await quay.showing.suggest(person(**{f"p{ours.id}": Role.MANAGER}), str(tmp_path))
    assert (suggested.mirror, suggested.project) == (None, "ours")


async def test_other_keys_take_a_store_of_their_own(quay: Quay) -> None:
    from moorage.showing.place import parse_place
    from moorage.showing.suggesting import held_by

    await quay.add(s3_store("reef", "reef"))
    place = parse_place("s3://reef/2021")
    for keys, name in ((KEYS, "reef"), (Keys("AKIAOTHER", "hush"), None), (Keys("AKIAEXAMPLE", "other"), None)):
        held = await quay.facts.read(lambda tx, k=keys: held_by(tx, BOSS, place, credentials=k))  # type: ignore[misc]
        assert (None if held is None else held.store.name) == name


async def test_a_read_only_store_is_not_made_writable_on_the_way(quay: Quay, tmp_path: Path) -> None:
    await quay.show(str(tmp_path))
    with pytest.raises(Conflict, match="read-only"):
        await quay.show(str(tmp_path), project="again", writable=True)
