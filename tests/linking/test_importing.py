"""Imports: what becomes of each line, where it goes, and that none comes twice or gets lost."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from linking.pier import Pier, blocks, opened
from mirroring.harbour import now_ms
from moorage.linking import Wanted
from moorage.linking.verbs import KEPT_MS
from moorage.model.access import SYSTEM, Principal, Role, UserId
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from moorage.model.jobs import JobState
from moorage.model.keys import Key, Prefix
from moorage.model.links import Directories, Verdict
from moorage.model.mirror import Mirror, MirrorId
from moorage.model.store import Connection, Provider, Scope
from moorage.model.transaction import Transaction

LIST = """\
s3://reef/2021/a.jpg
minio://reef/2021/b.jpg
s3://s3.example.org/reef/2021/c.jpg
https://s3.example.org/reef/2021/d%20e.jpg
https://reef.s3.example.org/2021/f.jpg
fs://dk/g.jpg

s3://nowhere/x
garbage
fs://dk/../secret
s3://reef/2021/a.jpg
https://s3.example.org/reef/2021/a.jpg?X-Amz-Signature=GEHEIM
https://user:GEHEIM@a.example/x
https://a.example/x?access_token=GEHEIM
https://a.example/pic.jpg?size=5#top
http://a.example/y.jpg
s3://reef
"""
EXPECTED = {
    1: (Verdict.RESOLVABLE, "s3://reef/2021/a.jpg"),
    2: (Verdict.RESOLVABLE, "s3://reef/2021/b.jpg"),
    3: (Verdict.RESOLVABLE, "s3://reef/2021/c.jpg"),
    4: (Verdict.OFFERED, "s3://reef/2021/d e.jpg"),
    5: (Verdict.OFFERED, "s3://reef/2021/f.jpg"),
    6: (Verdict.RESOLVABLE, "fs://dk/g.jpg"),
    8: (Verdict.UNKNOWN, "s3://nowhere/x"),
    9: (Verdict.REFUSED, "garbage"),
    10: (Verdict.REFUSED, "fs://dk/../secret"),
    11: (Verdict.DUPLICATE, "s3://reef/2021/a.jpg"),
    12: (Verdict.REFUSED, "https://s3.example.org/reef/2021/a.jpg?…"),
    13: (Verdict.REFUSED, "https://a.example/x"),
    14: (Verdict.REFUSED, "https://a.example/x?…"),
    15: (Verdict.RESOLVABLE, "https://a.example/pic.jpg?size=5"),
    16: (Verdict.REFUSED, "http://a.example/y.jpg"),
    17: (Verdict.REFUSED, "s3://reef"),
}
DRY = Wanted(folder="lists", dry_run=True)


async def test_a_dry_run_tells_of_each_line_what_it_would_become_and_links_nothing(pier: Pier) -> None:
    await pier.add_store("reef-store", "reef")
    of, job = await pier.imported(LIST, DRY)
    found = {line.line: (line.verdict, line.address) for line in await pier.lines(of)}
    assert found == EXPECTED
    assert (job.state, job.done, job.total, job.unit) == (JobState.PARTIAL, 17, 17, "lines")
    assert (
        job.message
        == "7 lines can be linked, 1 there already or named twice, 8 to mend. Nothing was linked: this was a dry run."
    )
    assert job.errors["refused"].count == 7
    assert not await pier.items()
    with pytest.raises(NotFound):
        await pier.items("lists")


async def test_good_lines_are_linked_though_others_fail_and_secrets_stay_nowhere(pier: Pier) -> None:
    await pier.add_store("reef-store", "reef")
    of, job = await pier.imported(LIST)
    items = await pier.items()
    assert sorted(items) == ["a.jpg", "b.jpg", "c.jpg", "d e.jpg", "f.jpg", "g.jpg", "pic.jpg"]
    assert all(item.linked and item.unseen for item in items.values())
    assert items["a.jpg"].key == "2021/a.jpg"
    assert items["pic.jpg"].key == "https://a.example/pic.jpg?size=5"
    assert (of.counts[Verdict.LINKED], job.state) == (7, JobState.PARTIAL)
    told = await pier.lines(of)
    assert {line.line for line in told} == {4, 5, 8, 9, 10, 11, 12, 13, 14, 16, 17}
    await pier.dispatcher.stop()
    assert b"GEHEIM" not in b"".join(
        path.read_bytes() for path in pier.root.rglob("*") if path.is_file() and "imports" not in path.parts
    )


async def test_a_dry_run_is_applied_without_its_list_and_once_only(pier: Pier) -> None:
    await pier.add_store("reef-store", "reef")
    of, _ = await pier.imported(LIST, DRY)
    begun = await pier.links.apply(SYSTEM, of.id)
    applied, job = await pier.done(begun)
    assert job.message == "7 linked, 1 there already or named twice, 8 to mend."
    assert (await pier.links.apply(SYSTEM, of.id)).id == applied.id
    assert len(await pier.items("lists")) == 7
    with pytest.raises(Conflict, match="no dry run"):
        await pier.links.apply(SYSTEM, applied.id)


async def test_a_list_that_is_sent_again_adds_nothing(pier: Pier) -> None:
    lines = "".join(f"fs://dk/{number}.txt\n" for number in range(2500))
    await pier.imported(lines)
    of, job = await pier.imported(lines, Wanted(folder="elsewhere"))
    assert (of.counts, job.state) == ({Verdict.DUPLICATE: 2500}, JobState.SUCCEEDED)
    of, _ = await pier.imported(lines, DRY)
    assert of.counts == {Verdict.DUPLICATE: 2500}


async def test_what_comes_twice_in_a_list_is_found_however_far_apart(pier: Pier) -> None:
    lines = "".join(f"fs://dk/{number}.txt\n" for number in [*range(1500), *range(1500)])
    of, _ = await pier.imported(lines, DRY)
    assert of.counts == {Verdict.RESOLVABLE: 1500, Verdict.DUPLICATE: 1500}
    (line,) = await pier.links.lines(SYSTEM, of.id, verdicts=[Verdict.DUPLICATE], limit=1)
    assert (line.line, line.reason) == (1501, "Line 1 names the same object.")
    of, _ = await pier.imported(lines)
    assert of.counts == {Verdict.LINKED: 1500, Verdict.DUPLICATE: 1500}
    assert len(await pier.items()) == 1000  # one page of 1,500


async def test_objects_of_one_name_get_numbers_and_it_is_told(pier: Pier) -> None:
    lines = "".join(f"fs://dk/{number}/a.jpg\n" for number in range(12))
    of, _ = await pier.imported(lines)
    assert sorted(await pier.items()) == sorted(
        ["a.jpg", *(f"a ({n}).jpg" for n in range(2, 10)), *(f"a (line {n}).jpg" for n in (10, 11, 12))]
    )
    first = (await pier.lines(of))[0]
    assert (first.line, first.verdict) == (2, Verdict.RENAMED)
    assert first.reason == "Called 'a (2).jpg', because 'a.jpg' is taken there."


async def test_folders_of_keys_are_kept_where_asked_below_those_that_rows_name(pier: Pier) -> None:
    full = Wanted(folder="top", directories=Directories.FULL)
    await pier.imported("fs://dk/2021/dive/a.jpg\nfs://dk/b.jpg\n", full)
    assert list(await pier.items("top/2021/dive")) == ["a.jpg"]
    assert list(await pier.items("top")) == ["b.jpg"]
    table = "address,name,folder,diver\nfs://dk/x.jpg,first.jpg,by hand/1,Ada\nfs://dk/z.bin,film.mp4,,\n"
    of, _ = await pier.imported(table, Wanted(folder="top"))
    assert of.csv
    item = (await pier.items("top/by hand/1"))["first.jpg"]
    assert await pier.links.metadata(item.id) == {"diver": "Ada"}
    assert (await pier.items("top"))["film.mp4"].media_type == "video/mp4"


async def test_a_folder_that_shows_a_mirror_takes_no_links(pier: Pier) -> None:
    def mount(tx: Transaction) -> None:
        root = pier.project.root
        made = tx.mirrors.add(Mirror(MirrorId(0), pier.project.id, root, pier.disk.id, Prefix("shown/"), created_ms=1))
        shown = tx.folders.mount(root, "shown", made.id)
        tx.mirrors.update(replace(made, folder=shown.id))

    await pier.facts.write(mount)
    with pytest.raises(Conflict, match="shows a bucket"):
        await pier.begin("fs://dk/a\n", Wanted(folder="shown/below"))
    of, _ = await pier.imported("fs://dk/shown/a\nfs://dk/b\n", Wanted(directories=Directories.FULL))
    assert of.counts == {Verdict.REFUSED: 1, Verdict.LINKED: 1}


async def test_a_bucket_that_a_connection_opens_gets_its_store_at_first_use_and_once(pier: Pier) -> None:
    opens = Connection(
        Provider.S3, endpoint="https://lab.example", name="lab", open_buckets=("cars", "wells:2020/", "locked")
    )
    await pier.facts.write(lambda tx: tx.connections.add(opens))
    lines = "s3://cars/a\ns3://cars/b\ns3://wells/2020/c\ns3://wells/2019/d\ns3://locked/e\ns3://lab.example/cars/f\n"
    of, _ = await pier.imported(lines, DRY)
    assert [line.verdict for line in await pier.lines(of)] == [
        Verdict.WOULD_MAKE, Verdict.WOULD_MAKE, Verdict.WOULD_MAKE, Verdict.UNKNOWN, Verdict.WOULD_MAKE,
        Verdict.WOULD_MAKE,
    ]  # fmt: skip
    assert not pier.asked
    applied, _ = await pier.done(await pier.links.apply(SYSTEM, of.id))
    assert applied.counts == {Verdict.LINKED: 4, Verdict.UNKNOWN: 2}
    assert sorted(pier.asked) == ["cars", "locked", "wells"]
    assert any("do not open the bucket locked" in line.reason for line in await pier.lines(applied))


async def test_nobody_links_from_a_store_that_is_not_open_to_them(pier: Pier) -> None:
    await pier.add_store("theirs", "theirs", scope=Scope(projects=(77,)))  # type: ignore[arg-type]
    await pier.add_store("ours", "ours", scope=Scope(projects=(pier.project.id,)))  # type: ignore[arg-type]
    editor = Principal(UserId(5), "ed@example.org", None, {pier.project.id: Role.EDITOR, 77: Role.EDITOR})
    of, _ = await pier.imported("s3://theirs/a\ns3://ours/a\nfs://dk/a\n", DRY, asker=editor)
    assert [line.verdict for line in await pier.lines(of)] == [Verdict.UNKNOWN, Verdict.RESOLVABLE, Verdict.UNKNOWN]
    viewer = Principal(UserId(6), "vi@example.org", None, {pier.project.id: Role.VIEWER})
    with pytest.raises(Forbidden):
        await pier.begin("s3://ours/a\n", asker=viewer)
    with pytest.raises(NotFound):
        await pier.links.get(Principal(UserId(7), "no@example.org"), of.id)


async def test_probing_brings_size_and_date_and_leaves_out_what_is_not_there(pier: Pier) -> None:
    pier.put(["a.txt", "b.txt"])
    of, _ = await pier.imported("fs://dk/a.txt\nfs://dk/b.txt\nfs://dk/gone.txt\n", Wanted(probe=True))
    items = await pier.items()
    assert {name: item.size for name, item in items.items()} == {"a.txt": 5, "b.txt": 5}
    assert items["a.txt"].modified_ms
    assert of.counts == {Verdict.LINKED: 2, Verdict.MISSING: 1}


async def test_hostile_lines_get_a_verdict_each(pier: Pier) -> None:
    odd = [b"fs://dk/\x00", b"s3://\xff\xfe/\x1b[2J", b"fs://dk/" + b"x" * 100_000, b"fs://dk/\xff.txt", b"\x00", b"://",
           b"https://[broken/x", b"https://", b"fs://dk/a\rb", b"=HYPERLINK(1)", b"azure:///x",
           b"S3://nowhere/x", b"https://a.example/\xff.jpg"]  # fmt: skip
    of, job = await pier.imported(b"\xef\xbb\xbf" + b"\r\n".join(odd), DRY)
    lines = await pier.lines(of)
    assert [line.line for line in lines] == list(range(1, len(odd) + 1))
    assert {line.line for line in lines if line.verdict is Verdict.RESOLVABLE} == {4, 9, 13}
    assert job.done == len(odd)


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", Invalid), ("s3://b/a\n".encode("utf-16"), Invalid), (b"x" * (1 << 26) + b"x", TooLarge)],
)
async def test_what_is_no_list_is_refused_at_once_and_nothing_of_it_stays(
    pier: Pier, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error, match="Nothing was linked"):
        await pier.begin(data)
    assert not list(pier.root.glob("imports/*.list"))
    with pytest.raises(Invalid, match="no column 'address'"):
        await pier.links.begin(SYSTEM, pier.project.id, blocks(b"s3://b/a\n"), Wanted(), csv=True)


async def test_an_import_that_is_stopped_again_and_again_links_each_line_once(tmp_path: Path) -> None:
    count, chance = 12_000, random.Random(4)
    lines = "".join(f"fs://dk/{number % 7}/{number}.txt\n" for number in range(count))
    async with opened(tmp_path) as pier:
        begun = await pier.begin(lines, Wanted(directories=Directories.FULL))
    for _ in range(5):
        async with opened(tmp_path) as pier:
            await asyncio.sleep(chance.uniform(0.01, 0.2))
    async with opened(tmp_path) as pier:
        await pier.jobs.pause(SYSTEM, begun.job) if not (await pier.jobs.get(SYSTEM, begun.job)).state.final else None
        await pier.jobs.resume(SYSTEM, begun.job) if not (await pier.jobs.get(SYSTEM, begun.job)).state.final else None
        of, job = await pier.done(begun)
        assert (of.counts, job.done, job.state) == ({Verdict.LINKED: count}, count, JobState.SUCCEEDED)
        found = await pier.facts.read(lambda tx: tx.links.walk(pier.project.id, limit=2 * count))
        assert len({item.key for item in found}) == len(found) == count
        assert not await pier.facts.write(lambda tx: tx.folders.recount(pier.project.id, repair=False))


async def test_cancelling_keeps_what_is_linked_and_a_retry_goes_on(pier: Pier) -> None:
    lines = "".join(f"fs://dk/{number}.txt\n" for number in range(20_000))
    begun = await pier.begin(lines)
    await pier.jobs.cancel(SYSTEM, begun.job)
    await asyncio.sleep(0.05)
    await pier.jobs.retry(SYSTEM, begun.job)
    of, job = await pier.done(begun)
    assert (of.counts, job.done) == ({Verdict.LINKED: 20_000}, 20_000)


async def test_imports_are_forgotten_with_their_lists_after_thirty_days(pier: Pier) -> None:
    of, _ = await pier.imported("fs://dk/a\n", DRY)
    later = type(pier.links)(pier.facts, pier.spool, hint=lambda: None, now_ms=lambda: now_ms() + KEPT_MS + 60_000)
    await pier.links.forget_old()
    assert (await pier.links.get(SYSTEM, of.id))[0].id == of.id
    await later.forget_old()
    with pytest.raises(NotFound):
        await pier.links.get(SYSTEM, of.id)
    assert Key(of.source)
