"""The time, as rows are stamped with it."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Tells Unix time in milliseconds."""


def now_ms() -> int:
    """Unix time in milliseconds, by this machine's clock."""
    return time.time_ns() // 1_000_000
