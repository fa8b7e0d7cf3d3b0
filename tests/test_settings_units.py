"""Sizes and times in the units of nginx."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moorage.settings.units import duration, duration_text, size, size_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1024", 1024), ("10k", 10240), ("512m", 2**29), ("10g", 10 * 2**30), ("1T", 2**40)],
)
def test_a_size_is_read(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 90),
        ("30s", 30),
        ("15m", 900),
        ("12h", 43200),
        ("7d", 604800),
        ("1M", 2592000),
        ("1h 30m", 5400),
        ("5ms", 0.005),
    ],
)
def test_a_time_is_read(text: str, expected: float) -> None:
    assert duration(text) == timedelta(seconds=expected)


@pytest.mark.parametrize("text", ["", "g", "1.5g", "-1", "1g1"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a size"):
        size(text)


@pytest.mark.parametrize("text", ["", "h", "1.5h", "-1s", "1h and"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write a time"):
        duration(text)


@pytest.mark.parametrize("text", ["1g", "10g", "1536m", "7", "0"])
def test_a_size_is_written_as_it_was_read(text: str) -> None:
    read = size(text)
    assert isinstance(read, int)
    assert size_text(read) == text


@pytest.mark.parametrize("text", ["12h", "7d", "90m", "0s", "1500ms"])
def test_a_time_is_written_as_it_was_read(text: str) -> None:
    read = duration(text)
    assert isinstance(read, timedelta)
    assert duration_text(read) == text
