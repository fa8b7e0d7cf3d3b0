"""What every catalogue does: stores, projects and folders. Subclasses give the fixture ``facts``."""

from __future__ import annotations

import pytest

from contracts.catalogue_rows import all_rows, disk, ids_of, moor, plant
from moorage.model.catalogue import FolderId, Gone, ItemId, ProjectId
from moorage.model.credentials import Forgotten, Keys
from moorage.model.errors import AlreadyExists, InUse, Invalid, NotFound
from moorage.model.keys import Bucket, key_of
from moorage.model.probe import Finding, Permission, ProbeLine, ProbeReport
from moorage.model.store import Connection, Provider, Scope, Serve, Store, StoreId
from moorage.model.transaction import Facts, Transaction

SECRET = "s3cr3t-never-in-clear"


class StoresContract:
    """Connections and stores."""

    async def test_a_store_comes_back_as_it_was_added(self, facts: Facts) -> None:
        store = Store(
            name="reef",
            connection=Connection(
                Provider.S3,
                endpoint="https://s3.example.org:9000",
                region="eu-1",
                path_style=True,
                ca="PEM",
                root="/srv/\udcff",
                follow_symlinks=True,
                credentials=Keys("access", SECRET, "session"),
            ),
            bucket=Bucket("b\udcfe"),
            read_only=False,
            serve=Serve.REDIRECT,
            scope=Scope((1, 2), (3,)),
            created_ms=77,
        )
        added = await facts.write(lambda tx: tx.stores.add(store))
        assert added.id > 0
        assert added.connection.id > 0
        assert await facts.read(lambda tx: tx.stores.get(added.id)) == added
        assert await facts.read(lambda tx: tx.stores.named("reef")) == added
        assert await facts.read(lambda tx: tx.stores.all()) == [added]

    async def test_two_stores_of_one_connection_share_its_credentials(self, facts: Facts) -> None:
        def work(tx: Transaction) -> Connection:
            first = tx.stores.add(Store("one", Connection(Provider.S3, credentials=Keys("a", SECRET))))
            second = tx.stores.add(Store("two", first.connection))
            tx.stores.remove(first.id)
            return tx.stores.get(second.id).connection

        assert (await facts.write(work)).credentials == Keys("a", SECRET)

    async def test_a_taken_name_is_refused(self, facts: Facts) -> None:
        await facts.write(lambda tx: tx.stores.add(disk("reef")))
        other = await facts.write(lambda tx: tx.stores.add(disk("other")))
        with pytest.raises(AlreadyExists, match="reef"):
            await facts.write(lambda tx: tx.stores.add(disk("reef")))
        renamed = Store("reef", other.connection, id=other.id)
        with pytest.raises(AlreadyExists, match="reef"):
            await facts.write(lambda tx: tx.stores.update(renamed))

    async def test_an_update_is_seen(self, facts: Facts) -> None:
        added = await facts.write(lambda tx: tx.stores.add(disk("reef")))
        connection = Connection(Provider.DISK, root="/elsewhere", id=added.connection.id)
        changed = Store("renamed", connection, id=added.id, created_ms=added.created_ms, read_only=False)
        await facts.write(lambda tx: tx.stores.update(changed))
        assert await facts.read(lambda tx: tx.stores.get(added.id)) == changed

    async def test_a_store_that_is_used_cannot_be_removed_and_says_by_what(self, facts: Facts) -> None:
        def use(tx: Transaction) -> StoreId:
            moored = moor(tx)
            tx.projects.add("frames", default_store=moored.store)
            return moored.store

        store = await facts.write(use)
        with pytest.raises(InUse) as refusal:
            await facts.write(lambda tx: tx.stores.remove(store))
        assert sorted(user.split()[0] for user in refusal.value.users) == ["mirror", "project"]
        assert "project frames" in refusal.value.users
        assert (await facts.read(lambda tx: tx.stores.get(store))).id == store

    async def test_an_unused_store_goes(self, facts: Facts) -> None:
        store = await facts.write(lambda tx: tx.stores.add(disk("reef")))
        await facts.write(lambda tx: tx.stores.note_check(store.id, ProbeReport(())))
        await facts.write(lambda tx: tx.stores.remove(store.id))
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.stores.named("reef"))
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.stores.get(store.id))

    async def test_the_last_check_is_kept(self, facts: Facts) -> None:
        store = await facts.write(lambda tx: tx.stores.add(disk("reef")))
        assert await facts.read(lambda tx: tx.stores.last_check(store.id)) is None
        line = ProbeLine(Permission.READ_RANGE, Finding.MISSING, required=True, detail="d", advice="a")
        report = ProbeReport((line,), ("slow clock",), 2, "left/behind")
        await facts.write(lambda tx: tx.stores.note_check(store.id, ProbeReport((), checked_ms=1)))
        await facts.write(lambda tx: tx.stores.note_check(store.id, report))
        assert await facts.read(lambda tx: tx.stores.last_check(store.id)) == report

    async def test_that_a_store_had_objects_is_remembered(self, facts: Facts) -> None:
        store = await facts.write(lambda tx: tx.stores.add(disk("reef")))
        assert not await facts.read(lambda tx: tx.stores.had_objects(store.id))
        await facts.write(lambda tx: tx.stores.note_had_objects(store.id))
        assert await facts.read(lambda tx: tx.stores.had_objects(store.id))

    async def test_forgetting_credentials_lists_the_stores_that_had_any(self, facts: Facts) -> None:
        def work(tx: Transaction) -> list[str]:
            tx.stores.add(Store("keyed", Connection(Provider.S3, credentials=Keys("a", SECRET))))
            tx.stores.add(disk("plain"))
            return tx.connections.forget_credentials()

        assert await facts.write(work) == ["keyed"]
        assert (await facts.read(lambda tx: tx.stores.named("keyed"))).connection.credentials == Forgotten()
        plain = await facts.read(lambda tx: tx.stores.named("plain"))
        assert plain.connection.credentials.kind == "anonymous"


class ProjectsContract:
    """Projects and their removal."""

    async def test_a_project_has_a_root_folder_without_a_name(self, facts: Facts) -> None:
        project = await facts.write(lambda tx: tx.projects.add("reef"))
        root = await facts.read(lambda tx: tx.folders.get(project.root))
        assert (root.name, root.path, root.parent, root.tree, root.project) == ("", "", None, root.id, project.id)
        assert await facts.read(lambda tx: tx.projects.get(project.id)) == project
        assert await facts.read(lambda tx: tx.projects.named("reef")) == project

    async def test_only_visible_projects_are_listed(self, facts: Facts) -> None:
        made = await facts.write(lambda tx: {name: tx.projects.add(name) for name in ("b", "a", "c")})
        assert await facts.read(lambda tx: tx.projects.all()) == [made["a"], made["b"], made["c"]]
        assert await facts.read(lambda tx: tx.projects.all(frozenset({made["c"].id}))) == [made["c"]]
        assert await facts.read(lambda tx: tx.projects.all(frozenset())) == []

    async def test_a_project_is_renamed_but_never_to_a_taken_name(self, facts: Facts) -> None:
        one = await facts.write(lambda tx: tx.projects.add("one"))
        await facts.write(lambda tx: tx.projects.add("two"))
        renamed = type(one)(one.id, "three", one.root, StoreId(5), one.created_ms)
        await facts.write(lambda tx: tx.projects.update(renamed))
        assert await facts.read(lambda tx: tx.projects.get(one.id)) == renamed
        taken = type(one)(one.id, "two", one.root, None, one.created_ms)
        with pytest.raises(AlreadyExists):
            await facts.write(lambda tx: tx.projects.update(taken))
        with pytest.raises(AlreadyExists):
            await facts.write(lambda tx: tx.projects.add("two"))

    async def test_a_removed_project_is_out_of_sight_at_once_and_purged_in_pieces(self, facts: Facts) -> None:
        def make(tx: Transaction) -> tuple[ProjectId, FolderId, list[int]]:
            moored = moor(tx)
            plant(tx, moored, [b"%d/%d" % (i % 7, i) for i in range(100)])
            tx.items.bury([ItemId(id_) for id_ in list(ids_of(tx, moored).values())[:10]], Gone.VANISHED)
            return moored.project, moored.tree, list(ids_of(tx, moored).values())

        project, tree, items = await facts.write(make)
        keep = await facts.write(lambda tx: moor(tx, name="kept"))
        await facts.write(lambda tx: plant(tx, keep, [b"x/y"]))
        await facts.write(lambda tx: tx.projects.remove(project))
        for look in (
            lambda tx: tx.projects.get(project),
            lambda tx: tx.folders.get(tree),
            lambda tx: tx.items.get(ItemId(items[0])),
        ):
            with pytest.raises(NotFound):
                await facts.read(look)
        assert await facts.read(lambda tx: tx.mirrors.all(project)) == []
        pieces = [await facts.write(lambda tx: tx.projects.purge(30))]
        while pieces[-1]:
            pieces.append(await facts.write(lambda tx: tx.projects.purge(30)))
        assert len(pieces) > 4
        assert max(pieces) == 30
        assert await facts.read(lambda tx: tx.items.between(tree, None, None)) == []
        assert await facts.read(lambda tx: all_rows(tx, keep)) == [b"x/y"]
        assert await facts.write(lambda tx: tx.projects.add("reef"))


class FoldersContract:
    """The tree."""

    async def test_ensure_makes_what_is_missing_and_finds_what_is_there(self, facts: Facts) -> None:
        paths = [b"a/b/", b"a//", b"", b"/", b"./../", b"\xff\x00/", b"a/b/"]
        moored = await facts.write(moor)
        first = await facts.write(lambda tx: tx.folders.ensure(moored.tree, paths))
        again = await facts.write(lambda tx: tx.folders.ensure(moored.tree, [*paths, b"a/"]))
        assert set(first) == set(paths)
        assert {path: again[path] for path in first} == first
        assert first[b""] == moored.tree
        chain = await facts.read(lambda tx: tx.folders.ancestors(first[b"\xff\x00/"]))
        assert [folder.name for folder in chain] == ["", "shown", key_of(b"\xff\x00")]
        assert chain[-1].path == key_of(b"\xff\x00/")
        assert {folder.mirror for folder in chain[1:]} == {moored.mirror}
        odd = await facts.read(lambda tx: tx.folders.get(first[b"a//"]))
        assert (odd.name, odd.parent) == ("", again[b"a/"])

    async def test_children_are_paged_in_byte_order(self, facts: Facts) -> None:
        names = [b"", b"A", b"a", b"a b", b"a!", b"\x00", b"\x7f", b"\xc3\xa9", b"\xff", b"zz", b"z"]
        moored = await facts.write(moor)
        await facts.write(lambda tx: tx.folders.ensure(moored.tree, [name + b"/" for name in names]))

        def names_of(tx: Transaction) -> list[str]:
            seen: list[str] = []
            page = tx.folders.children(moored.tree, limit=3)
            while page.next is not None:
                seen += [folder.name for folder in page.rows]
                page = tx.folders.children(moored.tree, after=page.next, limit=3)
            return seen + [folder.name for folder in page.rows]

        assert await facts.read(names_of) == [key_of(name) for name in sorted(names)]
        some = await facts.read(lambda tx: tx.folders.children(moored.tree, prefix="a"))
        assert [folder.name for folder in some.rows] == ["a", "a b", "a!"]
        assert (await facts.read(lambda tx: tx.folders.get(moored.tree))).counts.folders == len(names)

    async def test_a_plain_folder_is_added_renamed_and_removed(self, facts: Facts) -> None:
        project = await facts.write(lambda tx: tx.projects.add("reef"))
        outer = await facts.write(lambda tx: tx.folders.add(project.root, "outer"))
        inner = await facts.write(lambda tx: tx.folders.add(outer.id, "inner"))
        with pytest.raises(AlreadyExists):
            await facts.write(lambda tx: tx.folders.add(outer.id, "inner"))
        with pytest.raises(InUse):
            await facts.write(lambda tx: tx.folders.remove(outer.id))
        await facts.write(lambda tx: tx.folders.rename(outer.id, "renamed"))
        assert (await facts.read(lambda tx: tx.folders.get(inner.id))).path == "renamed/inner/"
        assert (await facts.read(lambda tx: tx.folders.child(project.root, "outer"))) is None
        assert (await facts.write(lambda tx: tx.folders.add(project.root, "outer"))).id != outer.id
        await facts.write(lambda tx: tx.folders.remove(inner.id))
        await facts.write(lambda tx: tx.folders.remove(outer.id))
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.folders.get(outer.id))
        assert (await facts.read(lambda tx: tx.folders.get(project.root))).counts.folders == 1

    @pytest.mark.parametrize("name", ["", "a/b"])
    async def test_a_name_that_no_folder_can_have_is_refused(self, facts: Facts, name: str) -> None:
        project = await facts.write(lambda tx: tx.projects.add("reef"))
        with pytest.raises(Invalid):
            await facts.write(lambda tx: tx.folders.add(project.root, name))

    async def test_people_make_no_folders_inside_a_mirror(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        inside = await facts.write(lambda tx: tx.folders.ensure(moored.tree, [b"a/"]))
        with pytest.raises(Invalid):
            await facts.write(lambda tx: tx.folders.add(moored.tree, "mine"))
        with pytest.raises(Invalid):
            await facts.write(lambda tx: tx.folders.add(inside[b"a/"], "mine"))
        with pytest.raises(Invalid):
            await facts.write(lambda tx: tx.folders.rename(inside[b"a/"], "mine"))

    async def test_a_mirror_takes_an_empty_folder_but_no_other(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        empty = await facts.write(lambda tx: tx.folders.add(moored.root, "empty"))
        taken = await facts.write(lambda tx: tx.folders.mount(moored.root, "empty", moored.mirror))
        assert (taken.id, taken.tree, taken.path) == (empty.id, empty.id, "")
        with pytest.raises(InUse):
            await facts.write(lambda tx: tx.folders.mount(moored.root, "shown", moored.mirror))

    async def test_a_removed_mirror_leaves_an_empty_plain_folder_of_its_name(self, facts: Facts) -> None:
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, [b"a/b", b"c"]))
        await facts.write(lambda tx: tx.folders.fold())
        await facts.write(lambda tx: tx.mirrors.remove(moored.mirror))
        left = await facts.read(lambda tx: tx.folders.child(moored.root, "shown"))
        assert left is not None
        assert (left.mirror, left.counts.items, left.counts.folders) == (None, 0, 0)
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.folders.get(moored.tree))
        while await facts.write(lambda tx: tx.projects.purge(1)):
            pass
        assert await facts.read(lambda tx: tx.items.between(moored.tree, None, None)) == []
        assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []
        root = await facts.read(lambda tx: tx.folders.get(moored.root))
        assert (root.counts.subtree_items, root.counts.folders) == (0, 1)
