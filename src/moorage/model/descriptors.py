"""Descriptors: files kept open for some seconds, for whoever reads the next part of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

KEPT_S: Final = 5.0
"""As long as the place of an item is remembered."""
MAX_KEPT: Final = 64
N = TypeVar("N", bound=Hashable)
F = TypeVar("F")


class Descriptors(Generic[N, F]):
    """Open files by name, each with facts about it. Belongs to the event loop that first keeps one."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[N, tuple[int, F, float]] = OrderedDict()
        self._sweeping = False

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, name: N, descriptor: int, facts: F) -> None:
        """Keep the file open in place of one of the same name; ``descriptor`` stays the caller's.

        Where too many files are open it is not kept.
        """
        self.drop(name)
        try:
            again = os.dup(descriptor)
        except OSError:
            return
        self._kept[name] = again, facts, self._clock() + KEPT_S
        while len(self._kept) > MAX_KEPT:
            self.drop(next(iter(self._kept)))
        if not self._sweeping:
            self._sweep()

    def get(self, name: N) -> tuple[int, F] | None:
        """A descriptor, valid until the next call, and the facts; None where it is not kept, or was for too long."""
        kept = self._kept.get(name)
        return None if kept is None or kept[2] < self._clock() else kept[:2]

    def drop(self, name: N) -> None:
        """Close one. A repeat does nothing."""
        kept = self._kept.pop(name, None)
        if kept is not None:
            os.close(kept[0])

    def close(self) -> None:
        """Close all."""
        for name in [*self._kept]:
            self.drop(name)

    def _sweep(self) -> None:
        now = self._clock()
        for name in [name for name, kept in self._kept.items() if kept[2] < now]:
            self.drop(name)
        self._sweeping = bool(self._kept)
        if self._sweeping:
            asyncio.get_running_loop().call_later(KEPT_S + 1, self._sweep)
