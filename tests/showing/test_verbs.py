"""Showing a place: all of it or nothing, and who may."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from moorage.mirroring import Wanted
from moorage.model.access import Principal, Role, UserId
from moorage.model.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InUse,
    Invalid,
    MoorageError,
    NotFound,
    ProbeFailed,
)
from moorage.model.keys import Key
from moorage.showing import Wish
from showing.quay import BOSS, Quay, disk_store, person


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A directory with a picture in each of three folders."""
    root = tmp_path / "photos"
    for name in ("2021", "2022", "old"):
        (root / name).mkdir(parents=True)
        (root / name / "a.jpg").write_bytes(b"a")
    return root


async def test_a_directory_is_shown_with_all_that_it_takes(quay: Quay, photos: Path) -> None:
    shown = await quay.show(f" {photos}/ ")
    assert (shown.store, shown.project.name, shown.made, shown.note) == ("photos", "photos", ("store", "project"), "")
    assert await quay.registered() == (["photos"], ["photos"], 1)
    status = await quay.mirrors.status(BOSS, shown.mirror.id)
    assert (status.way, status.store.connection.root) == (("photos",), str(photos))
    assert status.store.read_only
    assert status.open_job is not None
    assert status.open_job.id == shown.job.id
    report = await quay.facts.read(lambda tx: tx.stores.last_check(status.store.id))
    assert report is not None
    assert report.passed
    assert len(quay.hints) == 1
    rows = await quay.facts.read(lambda tx: tx.audit.all())
    assert [row.action for row in rows] == ["mirror.add", "project.add", "store.add"]


async def test_what_is_there_is_used_again(quay: Quay, photos: Path) -> None:
    await quay.show(str(photos))
    below = await quay.show(str(photos / "2021"))
    assert (below.store, below.project.name, below.made, below.mirror.prefix) == (
        "photos",
        "2021",
        ("project",),
        "2021/",
    )
    same = await quay.show(f"{photos}/2022", project="photos")
    assert (same.project.name, same.made) == ("photos", ())
    by_name = await quay.show("photos:old", project=str(same.project.id))
    assert (by_name.mirror.prefix, by_name.project.id) == ("old/", same.project.id)


async def test_a_place_that_is_shown_is_not_shown_again_unless_a_project_is_named(quay: Quay, photos: Path) -> None:
    first = await quay.show(str(photos))
    before = await quay.registered()
    with pytest.raises(
        Conflict, match=rf"in the project 'photos' as mirror {first.mirror.id}\. Nothing was made"
    ) as caught:
        await quay.show(str(photos))
    assert f"moorage mirror reindex {first.mirror.id}" in caught.value.advice
    assert "--project" in caught.value.advice
    with pytest.raises(InUse):
        await quay.show(str(photos), project="photos")
    assert await quay.registered() == before
    again = await quay.show(str(photos), project="another")
    assert (again.store, again.made) == ("photos", ("project",))


async def test_two_who_show_one_place_at_once_make_it_once(quay: Quay, photos: Path) -> None:
    ended = await asyncio.gather(*(quay.show(str(photos)) for _ in range(4)), return_exceptions=True)
    assert [type(one) for one in ended if isinstance(one, Exception)] == [Conflict] * 3
    assert await quay.registered() == (["photos"], ["photos"], 1)


async def test_the_way_to_the_mount_is_made_with_it(quay: Quay, photos: Path) -> None:
    shown = await quay.show(str(photos), folder=Key("family/summer/album"))
    status = await quay.mirrors.status(BOSS, shown.mirror.id)
    assert status.way == ("family", "summer", "album")
    more = await quay.show(str(photos / "2021"), project="photos", folder=Key("family/winter"))
    assert (await quay.mirrors.status(BOSS, more.mirror.id)).way == ("family", "winter")
    with pytest.raises(MoorageError):
        await quay.show(str(photos / "2022"), project="photos", folder=Key("new/family/../x/summer/album/inside"))
    with pytest.raises(MoorageError):
        await quay.show(str(photos / "2022"), project="photos", folder=Key("family/winter/inside"))
    root = shown.project.root
    children = await quay.facts.read(lambda tx: tx.folders.children(root).rows)
    assert [one.name for one in children] == ["family"]


async def test_names_that_are_given_count(quay: Quay, photos: Path) -> None:
    shown = await quay.show(str(photos), store_name="nas", project="Family", writable=True)
    assert (shown.store, shown.project.name) == ("nas", "Family")
    store = await quay.facts.read(lambda tx: tx.stores.named("nas"))
    assert not store.read_only
    with pytest.raises(AlreadyExists):
        await quay.show(str(photos.parent), store_name="nas")
    with pytest.raises(Invalid, match="cannot be a store's name"):
        await quay.show(str(photos.parent), store_name="a/b")
    with pytest.raises(Invalid, match="cannot be a project's name"):
        await quay.show(str(photos.parent), project="a/b")
    assert await quay.registered() == (["nas"], ["Family"], 1)


async def test_globs_are_checked_before_anything_is_asked(quay: Quay, photos: Path) -> None:
    with pytest.raises(Invalid) as caught:
        await quay.show(str(photos / "absent"), wanted=Wanted(include=("",)))
    assert caught.value.field == "include"
    shown = await quay.show(str(photos), wanted=Wanted(include=("**/*.jpg",), exclude=("old/**",)))
    assert (shown.mirror.include, shown.mirror.exclude) == (("**/*.jpg",), ("old/**",))


@pytest.mark.parametrize("name", ["absent", "file", "file/below"])
async def test_what_is_no_directory_makes_nothing(quay: Quay, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ProbeFailed, match="Nothing was made") as caught:
        await quay.show(str(tmp_path / name))
    assert str(tmp_path / name) in caught.value.message
    assert caught.value.advice
    assert caught.value.report is not None
    assert await quay.registered() == ([], [], 0)
    assert quay.hints == []


async def test_force_makes_it_all_the_same_and_says_so(quay: Quay, tmp_path: Path) -> None:
    shown = await quay.show(str(tmp_path / "absent"), force=True)
    assert shown.made == ("store", "project")
    assert shown.note.startswith("The check failed")
    gone = tmp_path / "gone"
    gone.mkdir()
    await quay.add(disk_store("gone", gone))
    gone.rmdir()
    with pytest.raises(MoorageError, match="Nothing was made"):
        await quay.show(str(gone))
    assert (await quay.show(str(gone), force=True)).note.startswith("The store was not reached")


async def test_a_place_where_nothing_lies_is_shown_with_a_note(quay: Quay, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert (await quay.show(str(tmp_path / "empty"))).note == f"Nothing lies in {tmp_path}/empty/ yet."
    await quay.add(disk_store("photos", photos))
    note = (await quay.show(str(photos / "2012"))).note
    assert note == f"Nothing lies below {photos}/2012/ yet. Is the path right? Beside it lie 2021/, 2022/, old/."
    note = (await quay.show(str(photos / "absent" / "deep"))).note
    assert (
        note == f"Nothing lies below {photos}/absent/deep/ yet. Is the path right? In {photos}/ lie 2021/, 2022/, old/."
    )


async def test_one_file_is_no_folder(quay: Quay, photos: Path) -> None:
    await quay.add(disk_store("photos", photos))
    with pytest.raises(Invalid, match=r"a\.jpg is one file.*Nothing was made") as caught:
        await quay.show(str(photos / "2021" / "a.jpg"))
    assert caught.value.advice.endswith(f"{photos}/2021/")
    assert await quay.registered() == (["photos"], [], 0)


async def test_the_reuse_of_a_store_that_lost_its_root_says_that_nothing_was_made(quay: Quay, tmp_path: Path) -> None:
    await quay.add(disk_store("gone", tmp_path / "gone"))
    with pytest.raises(MoorageError, match="Nothing was made"):
        await quay.show("gone")
    assert await quay.registered() == (["gone"], [], 0)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(), "address"),
        (Wish("/data", store="photos"), "address"),
        (Wish("/data", wanted=Wanted("2021/")), "prefix"),
        (Wish("photos", writable=True), "store"),
        (Wish("photos", store_name="x"), "store"),
        (Wish(store="photos", ca="x"), "store"),
        (Wish(store="photos", wanted=Wanted("../up")), "prefix"),
        (Wish("photos:2021/../../up"), "prefix"),
    ],
)
async def test_a_wish_that_contradicts_itself_is_refused(quay: Quay, photos: Path, wish: Wish, field: str) -> None:
    await quay.add(disk_store("photos", photos))
    with pytest.raises(Invalid) as caught:
        await quay.showing.show(BOSS, wish)
    assert caught.value.field == field
    assert await quay.registered() == (["photos"], [], 0)


async def test_a_store_s_prefix_takes_a_project_that_is_there_or_wished_for(quay: Quay, photos: Path) -> None:
    await quay.add(disk_store("photos", photos))
    with pytest.raises(NotFound):
        await quay.showing.show(BOSS, Wish(store="photos", project="Family"))
    shown = await quay.showing.show(BOSS, Wish(store="photos", project="Family", create_project=True))
    assert shown.made == ("project",)
    assert (await quay.mirrors.status(BOSS, shown.mirror.id)).way == ("photos",)


# Who may.


async def test_only_an_admin_shows_a_new_place(quay: Quay, photos: Path) -> None:
    project = await quay.facts.write(lambda tx: tx.projects.add("ours"))
    for who in (person(), person(Role.VIEWER), person(Role.MANAGER), person(**{f"p{project.id}": Role.ADMIN})):
        with pytest.raises(Forbidden, match="only an admin"):
            await quay.showing.show(who, Wish(str(photos), project="ours"))
    assert await quay.registered() == ([], ["ours"], 0)


async def test_a_registered_store_takes_a_manager_of_the_project(quay: Quay, photos: Path) -> None:
    from showing.quay import scoped

    project = await quay.facts.write(lambda tx: tx.projects.add("ours"))
    other = await quay.facts.write(lambda tx: tx.projects.add("others"))
    await quay.add(disk_store("photos", photos, scope=scoped(project.id)))
    manager, editor = (person(**{f"p{project.id}": role}) for role in (Role.MANAGER, Role.EDITOR))
    with pytest.raises(Forbidden):
        await quay.showing.show(editor, Wish("photos", project="ours"))
    with pytest.raises(NotFound):
        await quay.showing.show(manager, Wish("photos", project="others"))
    with pytest.raises(NotFound):
        await quay.showing.show(manager, Wish("photos", project="made"))
    with pytest.raises(Forbidden):
        await quay.showing.show(BOSS, Wish("photos", project="others"))
    with pytest.raises(Forbidden):
        await quay.showing.show(BOSS, Wish("photos", project="new"))
    assert (await quay.registered())[2] == 0
    assert (await quay.showing.show(manager, Wish("photos"))).project.id == project.id
    assert other.id != project.id


async def test_a_manager_of_everything_makes_projects_and_no_stores(quay: Quay, photos: Path) -> None:
    await quay.add(disk_store("photos", photos))
    manager = Principal(UserId(3), "m@example.org", Role.MANAGER)
    assert (await quay.showing.show(manager, Wish(str(photos / "2021")))).made == ("project",)
    with pytest.raises(Forbidden):
        await quay.showing.show(manager, Wish(str(photos.parent)))


async def test_a_link_that_leads_out_of_a_store_shows_nothing_of_what_lies_there(quay: Quay, photos: Path) -> None:
    outside = photos.parent / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(b"x")
    (photos / "link").symlink_to(outside)
    await quay.add(disk_store("photos", photos))
    assert (await quay.show(str(photos / "link"))).note.startswith("Nothing lies below")
