"""Repeats: how long to pause before one, and how many a store may have."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from moorage.stores.transport.limits import Limits

PASSING: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses that a later try may turn into another."""
_RESERVE: Final = 10.0


@dataclass(slots=True)
class Budget:
    """A share of the requests of one store that may be repeats, so that an outage makes no storm."""

    share: float
    left: float = _RESERVE

    def earn(self) -> None:
        """A first try was sent."""
        self.left = min(_RESERVE, self.left + self.share)

    def spend(self) -> bool:
        """Take one repeat; False when there is none left."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


def pause_s(limits: Limits, failed_tries: int, retry_after_s: float | None) -> float | None:
    """Seconds to wait after that many failed tries (full jitter); None: do not wait, give up.

    The server's own wish counts where it is longer.
    """
    if failed_tries >= limits.tries or (retry_after_s or 0) > limits.longest_pause_s:
        return None
    drawn = random.uniform(0, limits.backoff_s * 2 ** (failed_tries - 1))  # noqa: S311 - jitter, no secret
    return min(limits.longest_pause_s, max(drawn, retry_after_s or 0))


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for; None where it is absent or unreadable.

    Source: RFC 9110, section 10.2.3 (seconds or a date).
    """
    if not header:
        return None
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
