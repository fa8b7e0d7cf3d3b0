"""Dates of S3, to Unix milliseconds of whole seconds.

Listings tell fractions of a second that HEAD and GET do not; they are cut off, so that the same
object has the same time wherever it is read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


@lru_cache(maxsize=4096)
def second_ms(text: str) -> int:
    """``2024-05-06T07:08:09`` (UTC, without fraction) in milliseconds. Raises ValueError."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def iso_ms(text: str) -> int:
    """A time of a listing in milliseconds; 0 where it is none that S3 writes."""
    return second_ms(text[:19]) if _ISO.fullmatch(text) else 0


def http_ms(text: str | None) -> int:
    """A ``Last-Modified`` or ``Date`` header in milliseconds; 0 where it is absent or unreadable."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 1000 if text else 0
    except ValueError:
        return 0
