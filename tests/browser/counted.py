"""The page of caches, with a month of figures."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from moorage.costing import Prices
from moorage.model.caches import CacheState
from moorage.model.costs import Counts
from moorage.web.api.caches import CacheName
from moorage.web.pages.caches import Figures, chart_of, shown_cache

STATE = CacheState(entries=1200, bytes=640 << 20, max_bytes=1 << 30, expires_s=43_200, hits=900, misses=100)
LAST = date(2026, 11, 30)


def cache(*, empty: bool) -> dict[str, Any]:
    days = [_day(LAST - timedelta(days=29 - number), 0 if empty else number) for number in range(30)]
    return {
        "caches": [shown_cache(name, STATE) for name in CacheName],
        "chart": chart_of(days),
        "days": days,
        "stores": [_figures("reef", 29), Figures("", Counts(gets=1), None, None)],
        "total": _figures("", 29),
        "store": "",
        "names": ["reef"],
        "money": Prices.load(None).money,
        "prices": Prices.load(None),
        "server": "",
    }


def _day(day: date, number: int) -> Figures:
    return _figures(f"{day.day} {day:%b}", number)


def _figures(name: str, number: int) -> Figures:
    received = number * 10**8
    counts = Counts(gets=number, received=received, served=3 * received, saved=2 * received)
    return Figures(name, counts, received / 10**10, received / 10**9)
