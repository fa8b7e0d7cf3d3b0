"""Dates of Azure: RFC 1123, in headers and in listings alike, to Unix milliseconds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=4096)
def http_ms(text: str | None) -> int:
    """``Wed, 21 Oct 2015 07:28:00 GMT`` in milliseconds; 0 where it is absent or unreadable."""
    if not text:
        return 0
    try:
        hour, minute, second = map(int, text[17:25].split(":"))
        told = datetime(
            int(text[12:16]), _MONTHS.index(text[8:11]) + 1, int(text[5:7]), hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return 0
    return round(told.timestamp()) * 1000


def http_date(now_s: float) -> str:
    """Unix time as a header writes it; not by the locale, which may name the days otherwise."""
    told = time.gmtime(now_s)
    clock = f"{told.tm_hour:02}:{told.tm_min:02}:{told.tm_sec:02}"
    return f"{_DAYS[told.tm_wday]}, {told.tm_mday:02} {_MONTHS[told.tm_mon - 1]} {told.tm_year} {clock} GMT"


def iso_time(now_s: float) -> str:
    """Unix time as signatures write it: ``2026-01-02T03:04:05Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s))
