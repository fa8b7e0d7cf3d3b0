"""The diff of a page: what it says of each key, and what it refuses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.mirroring.comparing import check_order, compare, compare_listed, runs_of
from moorage.mirroring.globs import Globs
from moorage.model.catalogue import FolderId, ItemId
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import ETag, Key, key_bytes, key_of
from moorage.model.objects import Listed
from moorage.model.transaction import Row

odd_names = st.lists(st.sampled_from([b"a", b"b", b"/", b"//", b"0", b"\xff"]), min_size=1, max_size=5).map(b"".join)
names = st.binary(min_size=1, max_size=8).map(key_of)
bucket = st.dictionaries(names, st.integers(0, 3), max_size=20)


def listed(keys: dict[Key, int], prefix: str = "") -> list[Listed]:
    found = [Listed(Key(prefix + key), size, ETag(f"e{size}"), 5) for key, size in keys.items()]
    return sorted(found, key=lambda one: key_bytes(one.key))


def rows_of(keys: dict[Key, int]) -> list[Row]:
    rows = []
    for number, (key, size) in enumerate(keys.items()):
        path, slash, name = key_bytes(key).rpartition(b"/")
        rows.append(Row(FolderId(1), path + slash, name, ItemId(number), size, f"e{size}", 5, ""))
    return rows


@given(bucket, bucket)
def test_each_key_is_new_changed_missing_or_passed_over(now: dict[Key, int], before: dict[Key, int]) -> None:
    objects = listed(now, "p/")
    found = compare(objects, check_order(objects, b"p/", None), rows_of(before), prefix=b"p/", globs=Globs())
    items = {key: size for key, size in now.items() if size or not key.endswith("/")}
    assert {key_of(run.path + name) for run in found.fresh for name in run.names} == items.keys() - before.keys()
    assert {key_of(row.path + row.name) for row in found.missing} == before.keys() - items.keys()
    assert len(found.changed) == sum(before[key] != size for key, size in items.items() if key in before)
    assert set(found.markers) == {key_bytes(key) for key in now.keys() - items.keys()}
    assert (found.seen, found.size) == (len(now), sum(now.values()))


@given(st.dictionaries(odd_names, st.integers(0, 1), max_size=30))
def test_runs_are_the_page_cut_where_the_folder_changes(sizes: dict[bytes, int]) -> None:
    keys = sorted(b"p/" + key for key in sizes)
    objects = [Listed(key_of(key), sizes[key[2:]], ETag(""), 0) for key in keys]
    runs = runs_of(objects, keys, 2)
    flat = [(b"p/" + run.path + name, one) for run in runs for name, one in zip(run.names, run.objects, strict=True)]
    assert flat == list(zip(keys, objects, strict=True))
    assert all(not run.path or run.path.endswith(b"/") for run in runs)
    assert not any(b"/" in name for run in runs for name in run.names)
    assert all(one.path != other.path for one, other in pairwise(runs))


@given(bucket)
def test_a_page_says_which_rows_would_leave_nothing_to_write(now: dict[Key, int]) -> None:
    objects = listed(now, "p/")
    keys = check_order(objects, b"p/", None)
    found, wanted = compare_listed(objects, keys, prefix=b"p/", globs=Globs())
    whole = compare(objects, keys, rows_of(now), prefix=b"p/", globs=Globs())
    assert (found.seen, found.size, found.skipped) == (whole.seen, whole.size, whole.skipped)
    if whole.markers:
        assert wanted is None
    else:
        assert wanted is not None
        rows = [
            Row(FolderId(1), path, name, ItemId(1), size, etag, 5, generation)
            for path, told in wanted.items()
            for name, size, etag, generation in told
        ]
        assert compare(objects, keys, rows, prefix=b"p/", globs=Globs()).none
        assert all([one[0] for one in ones] == sorted(one[0] for one in ones) for ones in wanted.values())


@given(st.lists(names, min_size=2, max_size=6, unique=True))
def test_keys_out_of_order_are_refused(keys: list[Key]) -> None:
    objects = [Listed(key, 1, ETag(""), 0) for key in keys]
    if [key_bytes(key) for key in keys] != sorted(key_bytes(key) for key in keys):
        with pytest.raises(StoreUnreachable):
            check_order(objects, b"", None)
    else:
        assert check_order(objects, b"", None) == [key_bytes(key) for key in keys]


@pytest.mark.parametrize(
    ("keys", "after"),
    [(["a", "a"], None), (["a"], b"a"), (["a"], b"b"), (["p/a"], None), (["a", "q/"], None)],
    ids=["twice", "again", "before", "outside", "end outside"],
)
def test_pages_that_no_store_gives_are_refused(keys: list[str], after: bytes | None) -> None:
    prefix = b"" if after is not None or keys == ["a", "a"] else b"q/"
    with pytest.raises(StoreUnreachable, match="out of order"):
        check_order([Listed(Key(key), 1, ETag(""), 0) for key in keys], prefix, after)


def test_a_row_counts_as_changed_by_size_etag_or_generation_but_not_by_its_time() -> None:
    row = Row(FolderId(1), b"", b"a", ItemId(1), 1, "e", 5, "g")
    for other, changed in [
        (Listed(Key("a"), 1, ETag("e"), 9, "g"), 0),
        (Listed(Key("a"), 2, ETag("e"), 5, "g"), 1),
        (Listed(Key("a"), 1, ETag("f"), 5, "g"), 1),
        (Listed(Key("a"), 1, ETag("e"), 5, "h"), 1),
    ]:
        found = compare([other], [b"a"], [row], prefix=b"", globs=Globs())
        assert (len(found.changed), found.fresh, found.missing) == (changed, [], [])
