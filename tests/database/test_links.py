"""Imports, links and broken links, on each database."""

from __future__ import annotations

from dataclasses import replace

from moorage.database.engine import Database
from moorage.model.access import Principal, Role, UserId
from moorage.model.catalogue import FolderId, ItemId, Kind, Project, ProjectId
from moorage.model.jobs import Job, JobId, JobState
from moorage.model.keys import Bucket, Key, Prefix, key_bytes
from moorage.model.links import Directories, Finding, ImportId, LineVerdict, LinkImport, LinkRow, Verdict
from moorage.model.mirror import Mirror, MirrorId
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import NewRow, Transaction

JOB = JobId(1)
ASKER = Principal(UserId(3), "ed@example.org", None, {7: Role.EDITOR})


async def made(facts: Database) -> tuple[Project, Store]:
    def write(tx: Transaction) -> tuple[Project, Store]:
        return tx.projects.add("survey"), tx.stores.add(Store("reef", Connection(Provider.MEMORY), Bucket("reef")))

    return await facts.write(write)


def wanted(project: Project, job: JobId = JOB) -> LinkImport:
    return LinkImport(
        ImportId(0), project.id, project.root, Key("a/\udcff/"), "source", "place", "list \udcff.txt", dry_run=True,
        probe=False, directories=Directories.FULL, asker=ASKER, created_ms=5, size=10, lines=2, job=job,
    )  # fmt: skip


def row(folder: FolderId, key: str, store: Store, **more: int) -> LinkRow:
    name, size = key_bytes(key.rpartition("/")[2]), more.get("size", 0)
    return LinkRow(folder, name, Kind.IMAGE, size, "", 0, "", None, store.id, key_bytes(key))


async def test_an_import_comes_back_as_it_was_and_its_figures_add_up(facts: Database) -> None:
    project, _ = await made(facts)
    added = await facts.write(lambda tx: tx.links.add_import(wanted(project)))
    await facts.write(lambda tx: tx.links.add_counts(added.id, {Verdict.LINKED: 2}))
    await facts.write(lambda tx: tx.links.add_counts(added.id, {Verdict.LINKED: 3, Verdict.REFUSED: 1}))
    found = await facts.read(lambda tx: tx.links.get_import(added.id))
    assert (found.asker, found.below, found.name, found.directories) == (
        ASKER, "a/\udcff/", "list \udcff.txt", Directories.FULL,
    )  # fmt: skip
    assert found.counts == {Verdict.LINKED: 5, Verdict.REFUSED: 1}
    assert (await facts.read(lambda tx: tx.links.import_of(JOB))).id == added.id


async def test_lines_come_in_their_order_by_page_and_by_verdict(facts: Database) -> None:
    project, _ = await made(facts)
    of = (await facts.write(lambda tx: tx.links.add_import(wanted(project)))).id
    kinds = (Verdict.RESOLVABLE, Verdict.REFUSED, Verdict.UNKNOWN)
    lines = [LineVerdict(n, kinds[n % 3], f"s3://b/{n}\udcff\x00", "why", n * 2**40) for n in range(1, 91)]
    await facts.write(lambda tx: tx.links.add_lines(of, lines))

    def read(tx: Transaction) -> tuple[list[LineVerdict], list[LineVerdict], dict[int, int]]:
        return (
            tx.links.lines(of, after=10, limit=5),
            tx.links.lines(of, verdicts=kinds[1:], after=10, limit=4),
            tx.links.marked(of, [5 * 2**40, 17]),
        )

    page, bad, marked = await facts.read(read)
    assert [line.line for line in page] == [11, 12, 13, 14, 15]
    assert page[0].address == "s3://b/11\udcff\x00"
    assert [line.line for line in bad] == [11, 13, 14, 16]
    assert marked == {5 * 2**40: 5}


async def test_objects_that_a_project_shows_are_known_whoever_brought_them(facts: Database) -> None:
    project, store = await made(facts)

    def write(tx: Transaction) -> set[bytes]:
        tx.links.insert(project.id, [row(project.root, "linked/a.jpg", store, size=7)])
        mirror = tx.mirrors.add(Mirror(MirrorId(0), project.id, project.root, store.id, Prefix("m/"), created_ms=1))
        mount = tx.folders.mount(project.root, "shown", mirror.id)
        tx.mirrors.update(replace(mirror, folder=mount.id))
        below = tx.folders.ensure(mount.id, [b"x/"])[b"x/"]
        tx.items.insert(project.id, [NewRow(below, b"b.jpg", Kind.IMAGE, 1, "", 0, "")])
        keys = [b"linked/a.jpg", b"m/x/b.jpg", b"m/x/c.jpg", b"x/b.jpg", b"other"]
        return tx.links.known(project.id, store.id, keys)

    assert await facts.write(write) == {b"linked/a.jpg", b"m/x/b.jpg"}
    root = await facts.read(lambda tx: tx.folders.get(project.root))
    assert (root.counts.items, root.counts.bytes) == (1, 7)
    assert "items 1" in await facts.read(lambda tx: tx.stores.users_of(store.id))


async def test_links_are_walked_by_id_past_uploaded_and_mirrored_items(facts: Database) -> None:
    project, store = await made(facts)
    rows = [row(project.root, f"{n}.jpg", store) for n in range(5)]
    await facts.write(lambda tx: tx.links.insert(project.id, rows))
    await facts.write(lambda tx: tx.items.insert(project.id, [NewRow(project.root, b"plain", 0, 1, "", 0, "")]))

    def read(tx: Transaction) -> tuple[list[str], list[str], int]:
        first = tx.links.walk(project.id, limit=3)
        rest = tx.links.walk(project.id, after=first[-1].id)
        return [item.key for item in first], [item.key for item in rest], tx.links.count(project.id)

    assert await facts.read(read) == (["0.jpg", "1.jpg", "2.jpg"], ["3.jpg", "4.jpg"], 5)
    assert await facts.read(lambda tx: tx.links.count(ProjectId(1))) == 0


async def test_a_broken_link_keeps_its_since_until_it_resolves(facts: Database) -> None:
    project, store = await made(facts)
    await facts.write(lambda tx: tx.links.insert(project.id, [row(project.root, f"{n}.jpg", store) for n in range(3)]))
    ids = [item.id for item in await facts.read(lambda tx: tx.links.walk(project.id))]

    async def note(reasons: dict[ItemId, str], now: int) -> list[tuple[str, str, int, int]]:
        findings = [Finding(item, reason) for item, reason in reasons.items()]
        await facts.write(lambda tx: tx.links.note_findings(project.id, findings, now))
        found = await facts.read(lambda tx: tx.links.broken(project.id))
        return [(one.item.key, one.reason, one.since_ms, one.checked_ms) for one in found]

    assert await note({ids[0]: "gone", ids[1]: "", ids[2]: "denied"}, 5) == [
        ("0.jpg", "gone", 5, 5), ("2.jpg", "denied", 5, 5),
    ]  # fmt: skip
    assert await note({ids[0]: "still gone", ids[2]: ""}, 9) == [("0.jpg", "still gone", 5, 9)]
    assert await facts.read(lambda tx: tx.links.broken_count(project.id)) == 1
    await facts.write(lambda tx: tx.items.remove([ids[0]]))
    assert await facts.read(lambda tx: tx.links.broken_count(project.id)) == 0
    assert await facts.write(lambda tx: tx.links.forget_gone()) == 1
    assert await facts.write(lambda tx: tx.links.forget_gone()) == 0


async def test_old_imports_are_found_once_their_jobs_have_ended_and_go_piece_by_piece(facts: Database) -> None:
    project, _ = await made(facts)

    def write(tx: Transaction) -> ImportId:
        job = tx.jobs.add(Job(JobId(0), "link", 0, JobState.QUEUED, "t", 1)).id
        of = tx.links.add_import(wanted(project, job)).id
        tx.links.add_lines(of, [LineVerdict(n, Verdict.REFUSED, "", "") for n in range(5)])
        assert tx.links.expired(10) == []
        tx.jobs.set_state(job, JobState.SUCCEEDED)
        assert [one.id for one in tx.links.expired(10)] == [of]
        assert tx.links.expired(5) == []
        return of

    of = await facts.write(write)
    assert await facts.read(lambda tx: tx.links.sources()) == {"source"}
    gone = [await facts.write(lambda tx: tx.links.forget_import(of, 3)) for _ in range(4)]
    assert gone == [3, 2, 1, 0]
    assert await facts.read(lambda tx: tx.links.sources()) == set()
