"""What a connection opens to links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.model.admitted import admits, admitted_word, folders_of
from moorage.model.store import Connection, Provider

BUCKETS = st.sampled_from(["cars", "boats", "Cars", "cars_2020"])
FOLDERS = st.lists(st.text("ab/", min_size=1, max_size=5), max_size=3)
KEYS = st.text("ab/x", max_size=8)


def opening(*words: str) -> Connection:
    return Connection(Provider.S3, open_buckets=tuple(admitted_word(one) for one in words))


@given(BUCKETS, KEYS)
def test_without_a_list_every_bucket_is_open_and_none_at_all_where_nothing_was_opened(bucket: str, key: str) -> None:
    assert admits(opening(), bucket, key)
    assert not admits(Connection(Provider.S3), bucket, key)


@given(BUCKETS, BUCKETS, FOLDERS, KEYS)
def test_only_listed_buckets_and_whole_folders_are_open(listed: str, bucket: str, folders: list[str], key: str) -> None:
    connection = opening(":".join([listed, *folders]))
    whole = [one.lstrip("/") for one in folders if one.strip("/")]
    inside = not whole or any(key.startswith(one if one.endswith("/") else f"{one}/") for one in whole)
    assert admits(connection, bucket, key) is (bucket == listed and inside)


@given(BUCKETS, FOLDERS)
def test_a_word_that_was_kept_is_kept_as_it_is(bucket: str, folders: list[str]) -> None:
    word = admitted_word(":".join([bucket, *folders]))
    assert admitted_word(word) == word


def test_a_folder_ends_where_its_name_ends() -> None:
    assert admits(opening("cars:2020"), "cars", "2020/a.jpg")
    assert not admits(opening("cars:2020"), "cars", "2020-secret/a.jpg")
    assert not admits(opening("cars:2020"), "cars", "2020")
    assert folders_of(opening("cars:2020:2021/"), "cars") == ("2020/", "2021/")


@pytest.mark.parametrize("word", ["", ":", ":a", "a b", "a/b", "a\n"])
def test_what_names_no_bucket_is_refused(word: str) -> None:
    if word.strip() != "a":
        with pytest.raises(ValueError, match="write bucket"):
            admitted_word(word)


def test_the_only_bucket_of_a_disk_is_its_name() -> None:
    disk = Connection(Provider.DISK, root="/photos", name="photos", open_buckets=())
    assert admits(disk, "photos", "a.jpg")
    assert admits(disk, "", "a.jpg")
    assert not admits(disk, "other", "a.jpg")
