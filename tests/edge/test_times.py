"""Times as file systems hold them, also those that no calendar has."""

from __future__ import annotations

import pytest

from moorage.edge.times import from_http_date, http_date, iso


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    assert iso(1_795_186_805_123) == "2026-11-20T15:00:05.123Z"
    assert http_date(1_795_186_805_123) == "Fri, 20 Nov 2026 15:00:05 GMT"


@pytest.mark.parametrize("ms", [10**15, 10**18, -(10**15), -(10**18)])
def test_a_time_beyond_every_calendar_stops_nothing(ms: int) -> None:
    assert iso(ms) is None
    assert from_http_date(http_date(ms)) is not None


def test_the_ends_of_the_calendar_are_written() -> None:
    assert iso(253_402_300_799_000) == "9999-12-31T23:59:59.000Z"
    assert iso(-62_135_596_800_000) == "0001-01-01T00:00:00.000Z"
