"""Listings of a disk store: order, bounded memory, and folders that change meanwhile."""

from __future__ import annotations

import os
import random
import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.store_keys import all_listed, in_order
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key, key_of
from moorage.stores.disk import snapshot
from moorage.stores.disk.snapshot import FewNames, ManyNames, Names, sorted_names
from stores.disk_roots import disk, make


def fill(folder: Path, names: list[bytes]) -> None:
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=descriptor))
    os.close(descriptor)


@pytest.fixture
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """All bounds of memory fifty times smaller, so that 20,000 names are as a million."""
    monkeypatch.setattr(snapshot, "IN_MEMORY", 1000)
    monkeypatch.setattr(snapshot, "_MERGE_BYTES", 80_000)


def test_many_names_are_sorted_like_few(small_runs: None) -> None:
    drawn = (os.urandom(1 + number % 9).replace(b"\0", b"1").replace(b"/", b"2") for number in range(12_345))
    names = list(dict.fromkeys(drawn))  # a folder has no name twice
    few, many = FewNames(sorted(names)), sorted_names(iter(names))
    assert isinstance(many, ManyNames)
    assert len(many) == len(names)
    for least in (b"", *random.Random(1).sample(names, 30), b"\xff" * 10, min(names), max(names)):
        assert list(many.since(least)) == list(few.since(least))


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
def test_no_name_is_lost_at_the_edges_of_a_run(small_runs: None, count: int) -> None:
    names = [b"%05d" % number for number in range(count)]
    found = sorted_names(iter(reversed(names)))
    assert list(found.since(b"")) == names
    assert len(found) == count


async def test_a_folder_of_20000_is_listed_in_bounded_memory(tmp_path: Path, small_runs: None) -> None:
    names = [b"DSC_%08d_%s.jpg" % (number * 7919 % 20_000, b"x" * 40) for number in range(20_000)]
    fill(tmp_path / "flat", names)
    store = disk(tmp_path, read_only=True)
    keys, after = 0, None
    tracemalloc.start()
    try:
        while True:
            page = await store.list_page("flat/", after=after, limit=500)
            assert [listed.key for listed in page.objects] == in_order(listed.key for listed in page.objects)
            keys += len(page.objects)
            after = page.next_after
            if after is None:
                break
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert keys == 20_000
    assert peak < 1_500_000  # the names alone are 1.1 MB, as objects 1.8 MB; with their facts over 8 MB


async def test_folders_sort_as_if_their_names_ended_in_a_slash(tmp_path: Path) -> None:
    names = ["a-/x", "a/x", "a/-", "a0", "a.jpg", "ab/c/d", "ab.c", "b"]
    for name in names:
        make(tmp_path, name)
    store = disk(tmp_path)
    for limit in (1, 3, 1000):
        assert [listed.key for listed in await all_listed(store, limit=limit)] == in_order(map(Key, names))


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    """At most 40 descriptors more than are open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 40, hard))  # noqa: PTH208
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_descriptors")
async def test_very_deep_trees_are_listed_with_few_descriptors(tmp_path: Path) -> None:
    make(tmp_path, "d/" * 500 + "deep")
    store = disk(tmp_path)
    await store.put(Key("e"), b"")
    key = "d/" * 500 + "deep"
    assert [listed.key for listed in await all_listed(store)] == [key, "e"]
    assert (await store.list_page(delimiter=True)).prefixes == ["d/"]
    assert (await store.stat(Key(key))).size == 0
    await store.delete(Key(key))
    assert [listed.key for listed in await all_listed(store)] == ["e"]
    assert not (tmp_path / "d").exists()


async def test_each_page_sees_what_other_tools_did_before_it(tmp_path: Path) -> None:
    for number in range(30):
        make(tmp_path, f"f/{number:02}")
    store = disk(tmp_path, read_only=True)
    page = await store.list_page(limit=10)
    (tmp_path / "f" / "15").unlink()
    make(tmp_path, "f/15a")
    make(tmp_path, "f/00a")
    rest = await all_listed(store, after=page.next_after, limit=10)
    assert [listed.key for listed in rest][:7] == ["f/10", "f/11", "f/12", "f/13", "f/14", "f/15a", "f/16"]
    assert len(rest) == 20
    assert "f/00a" in [listed.key for listed in await all_listed(store)]


async def test_names_are_read_once_where_a_folder_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "f", [b"%04d" % number for number in range(100)])
    os.utime(tmp_path / "f", ns=(1, 1))
    store = disk(tmp_path, read_only=True)
    scans: list[int] = []
    original = os.scandir

    def counted(folder: int) -> object:
        scans.append(folder)
        return original(folder)

    monkeypatch.setattr("moorage.stores.disk.snapshots._SETTLED_NS", -(10**18))
    monkeypatch.setattr(os, "scandir", counted)
    assert len(await all_listed(store, "f/", limit=10)) == 100
    assert len(scans) == 1


async def test_a_change_of_our_own_is_seen_at_once_in_the_largest_folder(tmp_path: Path, small_runs: None) -> None:
    fill(tmp_path / "f", [b"%05d" % number for number in range(3000)])
    store = disk(tmp_path)
    page = await store.list_page(limit=1000)
    await store.put(Key("f/01000a"), b"")
    await store.delete(Key("f/01001"))
    rest = await all_listed(store, after=page.next_after)
    assert [listed.key for listed in rest[:3]] == ["f/01000", "f/01000a", "f/01002"]


async def test_a_listing_under_way_in_a_busy_folder_is_not_begun_anew(
    tmp_path: Path, small_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moorage.stores.disk.snapshots._LAG", 1e6)
    fill(tmp_path / "f", [b"%05d" % number for number in range(3000)])
    store = disk(tmp_path, read_only=True)
    page = await store.list_page(limit=1000)
    fill(tmp_path / "f", [b"02000a"])
    (tmp_path / "f" / "02001").unlink()
    rest = [listed.key for listed in await all_listed(store, after=page.next_after)]
    assert rest[1000:1002] == ["f/02000", "f/02002"]
    anew = [listed.key for listed in await all_listed(store)]
    assert anew[2000:2003] == ["f/02000", "f/02000a", "f/02002"]


async def test_a_listing_goes_on_when_its_snapshot_is_dropped_under_it(tmp_path: Path, small_runs: None) -> None:
    names = [b"%05d" % number for number in range(3000)]
    found = sorted_names(iter(names)).since(b"")
    assert [next(found) for _ in range(1500)] + list(found) == names


async def test_a_mount_that_goes_half_way_is_no_shorter_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    for name in ("a/1", "b/2", "c/3"):
        make(root, name)

    def going(names: Iterator[bytes]) -> Names:
        found = sorted_names(names)
        if not (tmp_path / "moved").exists():
            root.rename(tmp_path / "moved")
            root.mkdir()
        return found

    monkeypatch.setattr("moorage.stores.disk.listing.sorted_names", going)
    with pytest.raises(StoreUnreachable) as caught:
        await disk(root, read_only=True).list_page()
    assert caught.value.cause == "root_changed"


async def test_a_prefix_that_no_folder_can_have_lists_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a/b")
    store = disk(tmp_path)
    for prefix in ("../", "a/../a/", "/", "a//", "./", ".", "a/b/", "a/b/c", "\0", "n" * 300, "x/" * 3000):
        assert await all_listed(store, prefix) == [], prefix
    assert [listed.key for listed in await all_listed(store, after=key_of(b"\0"))] == ["a/b"]
