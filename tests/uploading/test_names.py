"""Names of items, of the next free one, and of the objects that hold their bytes."""

from __future__ import annotations

from itertools import islice

import pytest

from moorage.model.catalogue import Kind
from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes
from moorage.stores.disk.naming import unstorable
from moorage.uploading.names import check_name, kind_and_type, numbered, object_name


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0b", "x" * 1025, "ü" * 513])
def test_what_cannot_be_a_name_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Invalid, match="Nothing was stored") as refusal:
        check_name(name)
    assert refusal.value.field == "name"
    assert refusal.value.advice


@pytest.mark.parametrize("name", ["a.jpg", "...", " ", "a\nb", "\udcff", "x" * 1024, "ü" * 512, "CON", "-rf", "a\\b"])
def test_any_other_text_is_a_name(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("a.jpg", ["a.jpg", "a (2).jpg", "a (3).jpg"]),
        ("a", ["a", "a (2)", "a (3)"]),
        (".hidden", [".hidden", ".hidden (2)", ".hidden (3)"]),
        ("a.tar.gz", ["a.tar.gz", "a.tar (2).gz", "a.tar (3).gz"]),
        ("a (2).jpg", ["a (2).jpg", "a (2) (2).jpg", "a (2) (3).jpg"]),
    ],
)
def test_a_taken_name_gets_the_next_number(name: str, following: list[str]) -> None:
    assert list(islice(numbered(Key(name)), 3)) == following


def test_a_long_name_with_a_number_is_cut_at_a_whole_character() -> None:
    second = list(islice(numbered(Key("ü" * 509 + "x.jpg")), 2))[1]
    assert second.endswith("ü (2).jpg")
    assert len(key_bytes(second)) <= 1024
    check_name(second)
    second.encode()  # no half character is left


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a b#ü.jpg", "p/1/a b#ü.jpg"),
        ("x" * 300 + ".jpeg", "p/1/file.jpeg"),
        ("x" * 300 + ".odd ending", "p/1/file"),
    ],
)
def test_an_object_is_called_as_its_item_where_the_store_can_hold_that(name: str, key: str) -> None:
    assert object_name(Key(name), "p/1", unstorable) == key


def test_a_key_is_never_longer_than_any_store_takes() -> None:
    assert object_name(Key("x" * 1021), "p/1", lambda _: None) == "p/1/file"


@pytest.mark.parametrize(
    ("name", "told", "found"),
    [
        ("a.jpg", "text/html", (Kind.IMAGE, None)),
        ("a.jpg", "", (Kind.IMAGE, None)),
        ("scan", "image/TIFF; x=1", (Kind.IMAGE, "image/tiff")),
        ("clip", "video/mp4", (Kind.VIDEO, "video/mp4")),
        ("a.xyz", "chemical/x-xyz", (Kind.FILE, "chemical/x-xyz")),
        ("a.xyz", "application/octet-stream", (Kind.FILE, None)),
        ("a.xyz", "image/png\r\nset-cookie: x", (Kind.FILE, None)),
        ("a.xyz", "nonsense", (Kind.FILE, None)),
    ],
)
def test_the_name_tells_the_media_type_and_the_sender_where_the_name_does_not(
    name: str, told: str, found: tuple[Kind, str | None]
) -> None:
    assert kind_and_type(name, told) == found
