"""The clock of a store: ours, corrected by what the server's answers say."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Final

_LOOK_EVERY_S: Final = 60.0


class Clock:
    """Time for signatures. The offset is learnt from ``Date`` and used once a server has refused ours."""

    def __init__(self) -> None:
        self.offset_s = 0.0
        """Server's time less ours, as last observed; a warning is due from 60 s on."""
        self._correction_s = 0.0
        self._look_at = 0.0

    def now(self) -> float:
        """Unix time to sign with."""
        return time.time() + self._correction_s

    def observe(self, date: str | None, *, at_once: bool = False) -> None:
        """Learn from a ``Date`` header; at most once a minute unless ``at_once``."""
        tick = time.monotonic()
        if not date or (tick < self._look_at and not at_once):
            return
        try:
            self.offset_s = parsedate_to_datetime(date).timestamp() - time.time()
        except ValueError:
            return
        self._look_at = tick + _LOOK_EVERY_S

    def correct(self) -> None:
        """Sign with the server's time from now on."""
        self._correction_s = self.offset_s
