"""The verbs on mirrors: who may, where it is mounted, what stays."""

from __future__ import annotations

import pytest

from mirroring.harbour import Harbour
from moorage.model.access import SYSTEM, Principal, Role, UserId
from moorage.model.catalogue import FolderId
from moorage.model.errors import Conflict, Forbidden, InUse, Invalid, MoorageError, NotFound
from moorage.model.jobs import JobState
from moorage.model.keys import Key
from moorage.model.mirror import MirrorState
from moorage.model.store import Scope


def person(role: Role, project: int) -> Principal:
    return Principal(UserId(7), "p@example.org", roles={project: role})


async def test_a_mirror_is_called_after_its_prefix_or_its_bucket(harbour: Harbour) -> None:
    await harbour.put(["a/b/c", "d"])
    names = []
    for prefix in ("a/b", "a/", ""):
        mirror, _ = await harbour.mirror(prefix, name="")
        folder = await harbour.facts.read(lambda tx, m=mirror: tx.folders.get(m.folder))  # type: ignore[misc]  # mypy loses the default
        names.append((mirror.prefix, folder.name, folder.mirror))
    assert names == [("a/b/", "b", 1), ("a/", "a", 2), ("", "reef", 3)]


async def test_an_empty_folder_becomes_the_mount_and_a_name_goes_below_it(harbour: Harbour) -> None:
    root = harbour.project.root
    one = await harbour.facts.write(lambda tx: tx.folders.add(root, "one"))
    two = await harbour.facts.write(lambda tx: tx.folders.add(root, "two"))
    mirror, _ = await harbour.mirror(name="", folder=one.id)
    assert mirror.folder == one.id
    mirror, _ = await harbour.mirror(name="below", folder=two.id)
    folder = await harbour.facts.read(lambda tx: tx.folders.get(mirror.folder))
    assert (folder.parent, folder.name) == (two.id, "below")


async def test_one_place_shows_one_mirror(harbour: Harbour) -> None:
    await harbour.put(["a/b"])
    mirror, _ = await harbour.mirror("a/", name="here")
    for more in ({"name": "here"}, {"name": "", "folder": mirror.folder}, {"name": "in", "folder": mirror.folder}):
        with pytest.raises(MoorageError) as caught:
            await harbour.mirror("a/", **more)
        assert isinstance(caught.value, InUse | Invalid)
    assert len(await harbour.mirrors.all(SYSTEM)) == 1
    await harbour.mirror("a/", name="there")
    assert len(await harbour.mirrors.all(SYSTEM, harbour.project.id)) == 2


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"include": [""]}, Invalid),
        ({"prefix": "x" * 1025}, Invalid),
        ({"name": "a/b"}, Invalid),
        ({"folder": FolderId(4096 * 99)}, NotFound),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_made(
    harbour: Harbour, more: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await harbour.mirror(**more)  # type: ignore[arg-type]  # made of literals above
    assert await harbour.mirrors.all(SYSTEM) == []
    assert await harbour.jobs.all(SYSTEM) == []


async def test_a_prefix_outside_of_the_store_s_own_is_refused(harbour: Harbour) -> None:
    from dataclasses import replace

    from moorage.model.keys import Prefix

    await harbour.facts.write(lambda tx: tx.stores.update(replace(harbour.store, prefix=Prefix("ours/"))))
    await harbour.put(["ours/a", "theirs/b"])
    with pytest.raises(Invalid, match="outside"):
        await harbour.mirror("theirs/")
    mirror, job = await harbour.mirror("")
    assert (mirror.prefix, job.outcome["seen"]) == ("ours/", 1)


async def test_a_store_of_another_project_is_not_open_to_this_one(harbour: Harbour) -> None:
    from dataclasses import replace

    scoped = replace(harbour.store, scope=Scope(projects=(99,)))
    await harbour.facts.write(lambda tx: tx.stores.update(scoped))
    with pytest.raises(Forbidden):
        await harbour.mirror()


async def test_roles_are_asked_for(harbour: Harbour) -> None:
    project = harbour.project.id
    mirror, job = await harbour.mirror()
    viewer, editor = person(Role.VIEWER, project), person(Role.EDITOR, project)
    stranger = Principal(UserId(8), "s@example.org")
    with pytest.raises(Forbidden):
        await harbour.mirrors.add(editor, project=project, store="reef", name="x")
    with pytest.raises(Forbidden):
        await harbour.mirrors.reindex(viewer, mirror.id)
    with pytest.raises(Forbidden):
        await harbour.mirrors.remove(editor, mirror.id)
    with pytest.raises(NotFound):
        await harbour.mirrors.status(stranger, mirror.id)
    with pytest.raises(NotFound):
        await harbour.jobs.get(stranger, job.id)
    assert await harbour.mirrors.all(stranger) == []
    assert await harbour.jobs.all(stranger) == []
    assert [one.id for one in await harbour.jobs.all(viewer)] == [job.id]
    assert (await harbour.mirrors.reindex(editor, mirror.id)).state is JobState.QUEUED


async def test_the_status_tells_place_counts_and_latest_job(harbour: Harbour) -> None:
    await harbour.put({"2021/a": b"12", "2021/b/c": b"345"})
    mirror, job = await harbour.mirror("2021/")
    await harbour.fold()
    status = await harbour.mirrors.status(SYSTEM, mirror.id)
    assert (status.place, status.store.name) == ("memory://reef/2021/", "reef")
    assert (status.project.id, status.way, status.open_job) == (harbour.project.id, ("here",), None)
    assert (status.counts.subtree_items, status.counts.subtree_bytes) == (2, 5)
    assert status.job is not None
    assert (status.job.id, status.job.title) == (job.id, "Index memory://reef/2021/")
    assert status.mirror.last_complete_ms is not None


async def test_a_paused_mirror_waits_and_goes_on(harbour: Harbour) -> None:
    await harbour.put(["a"])
    mirror, _ = await harbour.mirror()
    assert (await harbour.mirrors.pause(SYSTEM, mirror.id)).state is MirrorState.PAUSED
    with pytest.raises(Conflict):
        await harbour.mirrors.reindex(SYSTEM, mirror.id)
    assert (await harbour.mirrors.resume(SYSTEM, mirror.id)).state is MirrorState.ACTIVE
    assert (await harbour.reindex(mirror)).state is JobState.SUCCEEDED


@pytest.mark.parametrize("with_items", [False, True])
async def test_removing_a_mirror_touches_no_object(harbour: Harbour, with_items: bool) -> None:
    await harbour.put(["a", "b/c"])
    objects = dict(harbour.shelf.objects)
    mirror, _ = await harbour.mirror()
    item = (await harbour.rows(mirror.id))[b"a"].id
    await harbour.mirrors.remove(SYSTEM, mirror.id, with_items=with_items)
    assert harbour.shelf.objects == objects
    assert await harbour.mirrors.all(SYSTEM) == []
    if with_items:
        with pytest.raises(NotFound):
            await harbour.facts.read(lambda tx: tx.mirrors.get(mirror.id))
    else:
        kept = await harbour.facts.read(lambda tx: tx.items.get(item))
        assert (kept.key, kept.linked) == (Key("a"), True)
        with pytest.raises(Conflict):
            await harbour.mirrors.reindex(SYSTEM, mirror.id)


async def test_changed_globs_count_at_the_next_scan(harbour: Harbour) -> None:
    await harbour.put(["a.jpg", "b.txt"])
    mirror, _ = await harbour.mirror()
    await harbour.mirrors.change(SYSTEM, mirror.id, exclude=["*.txt"])
    job = await harbour.reindex(mirror)
    assert (job.outcome["vanished"], job.outcome["skipped"]) == (1, 1)
    assert set(await harbour.rows(mirror.id)) == {b"a.jpg"}


async def test_the_audit_tells_who_did_what(harbour: Harbour) -> None:
    mirror, _ = await harbour.mirror()
    await harbour.mirrors.pause(SYSTEM, mirror.id)
    await harbour.mirrors.remove(SYSTEM, mirror.id)
    rows = await harbour.facts.read(lambda tx: tx.audit.all())
    assert [row.action for row in rows] == ["mirror.remove", "mirror.pause", "mirror.add"]


async def test_what_is_changed_while_a_scan_runs_stays_changed(harbour: Harbour) -> None:
    await harbour.put(["a.jpg", "b.txt"])
    mirror, _ = await harbour.mirror()

    async def change(after: Key | None, limit: int) -> None:
        harbour.before_page = None
        await harbour.mirrors.change(SYSTEM, mirror.id, exclude=["*.txt"])

    harbour.before_page = change
    await harbour.reindex(mirror)
    status = await harbour.mirrors.status(SYSTEM, mirror.id)
    assert status.mirror.exclude == ("*.txt",)


async def test_a_scan_whose_mirror_is_removed_under_it_ends_quietly(harbour: Harbour) -> None:
    harbour.page = 10
    await harbour.put(f"f{number:03}" for number in range(200))
    mirror, _ = await harbour.mirror()

    async def remove(after: Key | None, limit: int) -> None:
        if after is not None and after > "f05":
            harbour.before_page = None
            await harbour.mirrors.remove(SYSTEM, mirror.id, with_items=True)

    harbour.before_page = remove
    job = await harbour.reindex(mirror)
    assert (job.state, dict(job.errors)) == (JobState.CANCELLED, {})
    assert await harbour.mirrors.all(SYSTEM) == []
