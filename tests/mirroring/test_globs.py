"""Globs: one star stays in its segment, two cross, exclude wins, case counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.mirroring.globs import Globs, check_globs
from moorage.model.errors import Invalid


@pytest.mark.parametrize(
    ("glob", "taken", "left"),
    [
        ("*.jpg", ["a.jpg", ".jpg"], ["a.JPG", "d/a.jpg", "a.jpg.bak", "ajpg"]),
        ("**/*.jpg", ["a.jpg", "d/a.jpg", "d/e/a.jpg", "/a.jpg"], ["a.png"]),
        ("d/**", ["d/a", "d/e/f", "d/"], ["d", "dd/a"]),
        ("**", ["", "a", "a/b", "a\nb"], []),
        ("a?c", ["abc", "a\nc"], ["a/c", "ac", "abbc"]),
        ("a[b].txt", ["a[b].txt"], ["ab.txt"]),
        ("a**z", ["az", "a/b/z"], ["a/b"]),
        ("x/**/y", ["x/y", "x/a/y", "x/a/b/y"], ["xy", "x/ay"]),
        ("\udcff*", ["\udcff", "\udcffa"], ["a"]),
    ],
)
def test_what_a_glob_takes(glob: str, taken: list[str], left: list[str]) -> None:
    globs = Globs([glob])
    assert [key for key in taken if not globs.take(key)] == []
    assert [key for key in left if globs.take(key)] == []


def test_exclude_wins_over_include() -> None:
    globs = Globs(["*.jpg", "*.png"], ["secret*"])
    assert [key for key in ("a.jpg", "b.png", "secret.jpg", "c.txt") if globs.take(key)] == ["a.jpg", "b.png"]


@given(st.text(max_size=20))
def test_without_globs_everything_is_taken_and_text_stands_for_itself(key: str) -> None:
    assert Globs().take(key)
    assert Globs().take_all
    if key and not set(key) & set("*?"):
        assert Globs([key]).take(key)
        assert not Globs([key]).take(key + "x")


@pytest.mark.parametrize("globs", [[""], ["x" * 1025], ["a"] * 101])
def test_globs_that_cannot_be_are_refused(globs: list[str]) -> None:
    with pytest.raises(Invalid):
        check_globs(globs, "include")
