"""Times as HTTP and JSON write them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

FIRST_MS: Final = -62_135_596_800_000
LAST_MS: Final = 253_402_300_799_000
"""The calendar has the years 1 to 9999; file systems keep times beyond."""


def iso(ms: int | None) -> str | None:
    """Unix milliseconds as ``2026-11-20T15:04:05.123Z``; None where there is none, or none that a calendar has."""
    if not ms or not FIRST_MS <= ms <= LAST_MS:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """Unix milliseconds of an ISO 8601 time; without an offset it is UTC. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)


def http_date(ms: int) -> str:
    """The form of RFC 9110, section 5.6.7. A time out of the calendar is its first or last day."""
    return formatdate(min(max(ms, FIRST_MS), LAST_MS) / 1000, usegmt=True)


def from_http_date(text: str) -> int | None:
    """Unix seconds of an HTTP date; None where it is none."""
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
