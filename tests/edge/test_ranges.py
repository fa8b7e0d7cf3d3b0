"""Ranges and conditions, as a table of RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.edge.ranges import Decision, Representation, Span, decide

KNOWN = Representation(100, "abc", 1_700_000_000_500)
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
EXACT = "Tue, 14 Nov 2023 22:13:20 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"


def one(start: int, stop: int) -> Decision:
    return Decision(206, (Span(start, stop),))


WHOLE = Decision(200)
TABLE = [
    # section 14.1.2: byte ranges
    ({"range": "bytes=0-0"}, one(0, 1)),
    ({"range": "bytes=10-19"}, one(10, 20)),
    ({"range": "bytes=90-"}, one(90, 100)),
    ({"range": "bytes=-5"}, one(95, 100)),
    ({"range": "bytes=-500"}, one(0, 100)),
    ({"range": "bytes=50-5000"}, one(50, 100)),
    ({"range": "bytes=0-0,-1"}, Decision(206, (Span(0, 1), Span(99, 100)))),
    ({"range": "bytes= 5-9 , 20-29 "}, Decision(206, (Span(5, 10), Span(20, 30)))),
    ({"range": "bytes=100-"}, Decision(416)),
    ({"range": "bytes=-0"}, Decision(416)),
    ({"range": "bytes=200-300,400-500"}, Decision(416)),
    ({"range": "bytes=5-9,200-300"}, one(5, 10)),
    # section 14.2: what is no range that we know is passed over
    ({"range": "bytes=9-5"}, WHOLE),
    ({"range": "bytes=a-b"}, WHOLE),
    ({"range": "bytes=-"}, WHOLE),
    ({"range": "bytes="}, WHOLE),
    ({"range": "lines=1-2"}, WHOLE),
    ({"range": "bytes=" + ",".join("0-" for _ in range(3))}, WHOLE),
    ({"range": "bytes=" + ",".join(f"{n}-{n}" for n in range(40))}, WHOLE),
    # section 13.1.5: If-Range
    ({"range": "bytes=0-0", "if-range": '"abc"'}, one(0, 1)),
    ({"range": "bytes=0-0", "if-range": '"other"'}, WHOLE),
    ({"range": "bytes=0-0", "if-range": 'W/"abc"'}, WHOLE),
    ({"range": "bytes=0-0", "if-range": EXACT}, one(0, 1)),
    ({"range": "bytes=0-0", "if-range": BEFORE}, WHOLE),
    ({"range": "bytes=0-0", "if-range": AFTER}, WHOLE),
    # section 13.1.2: If-None-Match compares weakly, and wins over If-Modified-Since
    ({"if-none-match": '"abc"'}, Decision(304)),
    ({"if-none-match": 'W/"abc"'}, Decision(304)),
    ({"if-none-match": '"x", "abc"'}, Decision(304)),
    ({"if-none-match": "*"}, Decision(304)),
    ({"if-none-match": '"x"'}, WHOLE),
    ({"if-none-match": '"x"', "if-modified-since": AFTER}, WHOLE),
    ({"if-modified-since": EXACT}, Decision(304)),
    ({"if-modified-since": AFTER}, Decision(304)),
    ({"if-modified-since": BEFORE}, WHOLE),
    ({"if-modified-since": "yesterday"}, WHOLE),
    # section 13.1.1: If-Match compares strongly, before everything else
    ({"if-match": '"abc"'}, WHOLE),
    ({"if-match": "*"}, WHOLE),
    ({"if-match": 'W/"abc"'}, Decision(412)),
    ({"if-match": '"x"', "if-none-match": '"abc"'}, Decision(412)),
    ({"if-unmodified-since": EXACT}, WHOLE),
    ({"if-unmodified-since": BEFORE}, Decision(412)),
    ({"if-match": '"abc"', "if-unmodified-since": BEFORE}, WHOLE),
    ({"if-none-match": '"abc"', "range": "bytes=0-0"}, Decision(304)),
]


@pytest.mark.parametrize(("headers", "decision"), TABLE)
def test_a_get_is_answered_as_the_rfc_says(headers: dict[str, str], decision: Decision) -> None:
    assert decide("GET", headers, KNOWN) == decision


def test_a_head_never_has_a_range() -> None:
    assert decide("HEAD", {"range": "bytes=0-0"}, KNOWN) == WHOLE


def test_an_empty_object_satisfies_no_range() -> None:
    assert decide("GET", {"range": "bytes=0-"}, Representation(0, "abc", 0)) == Decision(416)


def test_without_a_tag_only_a_star_matches() -> None:
    bare = Representation(5, "", 0)
    assert decide("GET", {"if-match": '""'}, bare) == Decision(412)
    assert decide("GET", {"if-match": "*"}, bare) == WHOLE


@given(st.text(alphabet="bytes=0123456789-, ", max_size=40), st.integers(0, 200))
def test_any_range_header_gives_spans_inside_the_object(text: str, size: int) -> None:
    decision = decide("GET", {"range": text}, Representation(size, "abc", 0))
    assert decision.status in (200, 206, 416)
    assert all(0 <= span.start < span.stop <= size for span in decision.spans)
    assert bool(decision.spans) == (decision.status == 206)
