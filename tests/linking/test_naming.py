"""Names of links: from their keys, never one twice in a folder, and found without searching."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.linking.naming import folders_named, folders_of, free_names
from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes
from moorage.uploading.names import LONGEST, name_of, path_of


@pytest.mark.parametrize(
    ("key", "folders", "name"),
    [
        ("a.jpg", (), "a.jpg"),
        ("2021/dive 4/a.jpg", (b"2021", b"dive 4"), "a.jpg"),
        ("//2021/../x//y/", (b"2021", b"x"), "y"),
        ("a/..", (b"a",), "object"),
        ("x/\udcff\x00", (b"x",), "\udcff_"),
    ],
)
def test_the_last_part_of_a_key_is_the_name_and_what_can_be_a_folder_is_one(
    key: str, folders: tuple[bytes, ...], name: str
) -> None:
    path = path_of(key, web=False)
    assert (folders_of(path), name_of(path)) == (folders, name)


def test_a_url_is_named_by_its_path_alone() -> None:
    assert name_of(path_of("https://a.example/2021/a%20b.jpg?size=5", web=True)) == "a b.jpg"
    assert name_of(path_of("https://a.example/", web=True)) == "a.example"


def test_a_name_that_is_too_long_keeps_its_ending() -> None:
    name = name_of(b"y" * 3000 + b".jpeg")
    assert len(key_bytes(name)) == LONGEST
    assert name.endswith(".jpeg")


@pytest.mark.parametrize("text", ["../up", "a/./b", "a\0b", "x" * 2000])
def test_folders_that_nothing_can_be_called_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        folders_named(text)


NAMES = st.lists(st.sampled_from(["a.jpg", "a (2).jpg", "b", "a.jpg"]), max_size=40)


@given(NAMES, st.sets(st.sampled_from([b"a.jpg", b"a (3).jpg", b"b (2)", b"a (line 2).jpg"])))
def test_no_two_links_have_one_name_and_no_item_loses_its_own(names: list[str], there: set[bytes]) -> None:
    asked = []

    def taken(raw: Sequence[bytes]) -> set[bytes]:
        asked.append(len(raw))
        return there.intersection(raw)

    found = free_names([(Key(name), line, line) for line, name in enumerate(names)], taken)
    assert len(set(found)) == len(names)
    assert not there.intersection(map(key_bytes, found))
    assert len(asked) == 2


def test_a_thousand_of_one_name_are_named_without_a_search() -> None:
    names = free_names([(Key("a.jpg"), line, line) for line in range(1, 1001)], lambda _: set())
    assert names[:3] == ["a.jpg", "a (2).jpg", "a (3).jpg"]
    assert names[-1] == "a (line 1000).jpg"
