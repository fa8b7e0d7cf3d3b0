"""A cut lies strictly inside and is always a key that a store takes in a query."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.mirroring.midpoints import block_end, midpoint, plain_length

keys = st.one_of(st.binary(max_size=40), st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")))


def is_plain(cut: bytes) -> bool:
    return all(unicodedata.category(character) not in ("Cc", "Cs") for character in cut.decode())


@given(keys, st.one_of(st.none(), keys))
def test_a_cut_is_strictly_between_and_plain_text(low: bytes, high: bytes | None) -> None:
    cut = midpoint(low, high)
    if cut is not None:
        assert low < cut
        assert high is None or cut < high
        assert is_plain(cut)


@given(st.text("abcxyz0189/_-. é漢", max_size=12), st.text("abcxyz0189/_-. é漢", max_size=12))
def test_ordinary_keys_nearly_always_have_a_cut_between(one: str, other: str) -> None:
    low, high = sorted((one.encode(), other.encode()))
    if low < high and not high.startswith(low):
        assert midpoint(low, high) is not None


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [
        (b"img_000999.jpg", b"img_1", b"img_05"),
        (b"img_000000.jpg", b"img_05", b"img_02"),
        (b"a/x", None, b"n"),
        (b"2021/01/", b"2021/13/", b"2021/05"),
        (b"a", b"a\x01", None),
        (b"a", b"b", b"aO"),
    ],
)
def test_cuts_of_usual_keys_are_where_a_person_would_cut(low: bytes, high: bytes | None, cut: bytes | None) -> None:
    assert midpoint(low, high) == cut


@given(keys, st.integers(0, 40))
def test_a_block_ends_after_every_key_that_shares_its_start(low: bytes, length: int) -> None:
    end = block_end(low, length)
    if end is not None:
        start = low.decode("utf-8", "surrogateescape")[:length].encode("utf-8", "surrogateescape")
        assert is_plain(end)
        assert all(start + tail < end for tail in (b"", b"\x00", b"z", b"\xff\xff"))


def test_a_block_longer_than_the_plain_start_of_a_key_has_no_end() -> None:
    assert plain_length(b"ab\x00cd") == 2
    assert block_end(b"ab\x00cd", 3) is None
    assert block_end(b"ab\x00cd", 2) == b"ac"
