"""How AWS writes things."""

from __future__ import annotations

import time


def domain_of(region: str) -> str:
    """The domain below which the services of a region are."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def stamp(now_s: float) -> str:
    """A Unix time as signatures hold it, such as ``20260102T030405Z``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
