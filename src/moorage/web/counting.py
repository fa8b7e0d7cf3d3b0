"""Counting what readers were sent that was made of bytes of several stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from moorage.model.costs import Meter
from moorage.model.store import StoreId


def served(meter: Meter, stores: Iterable[StoreId], count: int) -> None:
    """Count bytes that were sent, each store by how much of them is about its items."""
    parts = Counter(stores)
    left, sharing = count, parts.total()
    for store, part in parts.items():
        its = left * part // sharing
        meter.served(store, its)
        left, sharing = left - its, sharing - part
