"""Ledgers tell what is held whatever is put and used, stay within their size, and drop what they say they drop."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.cache.fifo import S3Fifo
from moorage.cache.ledger import LeastRecentlyUsed, Ledger

MOST = 1000
both = pytest.mark.parametrize("kind", [LeastRecentlyUsed, S3Fifo])
digests = st.integers(0, 30).map(str)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), digests, st.integers(1, 300)),
        st.tuples(st.just("hold"), digests, st.integers(900, MOST)),
        st.tuples(st.sampled_from(["touch", "touch", "drop"]), digests, st.just(0)),
        st.tuples(st.just("pass"), digests, st.integers(1, 200)),
    ),
    max_size=200,
)


@both
@given(steps)
def test_they_agree_with_a_plain_book_and_stay_within_their_size(
    kind: type[Ledger], taken: list[tuple[str, str, int]]
) -> None:
    ledger, book, now = kind(MOST), dict[str, tuple[int, float]](), 1000.0
    for what, digest, number in taken:
        now += 1
        if what == "hold":
            ledger.hold(digest, number, now)
            book[digest] = (number, now)
        elif what == "touch":
            assert ledger.touch(digest, now) == (digest in book)
            if digest in book:
                book[digest] = (book[digest][0], now)
        elif what == "drop":
            ledger.drop(digest)
            book.pop(digest, None)
        else:
            now += number
        before = ledger.total_bytes
        doomed = ledger.overdue(now - 500)
        assert before <= MOST or ledger.total_bytes <= MOST * 0.95 or len(ledger) == 1
        for gone in doomed:
            del book[gone]
        assert sorted(ledger) == sorted(book)
        assert len(ledger) == len(book)
        assert ledger.total_bytes == sum(size for size, _ in book.values()) <= MOST
        assert all(ledger.held(one) == book.get(one) for one in map(str, range(31)))
        if isinstance(ledger, S3Fifo):
            assert ledger.ghosts <= len(ledger)


@both
def test_what_is_unused_for_too_long_goes_though_there_is_room(kind: type[Ledger]) -> None:
    ledger = kind(MOST)
    ledger.hold("old", 1, 0.0)
    ledger.hold("used", 1, 0.0)
    ledger.touch("used", 5000.0)
    ledger.hold("new", 1, 5000.0)
    assert ledger.overdue(4000.0) == ["old"]


@both
def test_what_was_there_before_goes_before_what_is_used_now(kind: type[Ledger]) -> None:
    ledger = kind(MOST)
    ledger.hold("now", 10, 50.0)
    ledger.touch("now", 51.0)
    ledger.merge([("older", 500, 1.0), ("newer", 480, 2.0), ("now", 10, 3.0)])
    assert (len(ledger), ledger.total_bytes) == (3, 990)
    ledger.hold("more", 100, 52.0)
    assert ledger.overdue(0.0) == ["older"]


def test_one_look_at_everything_leaves_what_is_used_again() -> None:
    kept: dict[type[Ledger], int] = {}
    for kind in (LeastRecentlyUsed, S3Fifo):
        ledger = kind(MOST)
        often, now = [f"often-{n}" for n in range(50)], itertools.count(1.0)
        for _ in range(2):
            for one in often:
                ledger.touch(one, next(now)) or ledger.hold(one, 10, next(now))
        for number in range(500):
            ledger.hold(f"once-{number}", 10, next(now))
            ledger.overdue(0.0)
        kept[kind] = sum(one in ledger for one in often)
    assert kept == {LeastRecentlyUsed: 0, S3Fifo: 50}
