"""Handles: files of disks that were read a moment ago, kept open for the next range of them.

A player or a reader of a large array asks for one range after the other; to open the file safely for each of them
costs more than to read it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

KEPT_S: Final = 5.0
"""As long as the place of an item is remembered."""
MAX_KEPT: Final = 64
Name = tuple[int, str, str]
"""Store, key and version."""


class _Handle(NamedTuple):
    descriptor: int
    facts: tuple[int, int, int]
    until: float


class Handles:
    """Descriptors by store, key and version. Belongs to the event loop that first keeps one."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Name, _Handle] = OrderedDict()
        self._sweeping = False
        self._buffer = bytearray()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, name: Name, descriptor: int, *, is_that: Callable[[], bool]) -> None:
        """Keep a file open for some seconds; ``descriptor`` stays the caller's.

        ``is_that``: whether it is still of exactly that version. Where it is not, it is not kept; nor where too many
        files are open.
        """
        self._drop(name)
        try:
            again = os.dup(descriptor)
        except OSError:
            return
        handle = _Handle(again, _facts(again), self._clock() + KEPT_S)
        if not is_that():
            os.close(again)
            return
        self._kept[name] = handle
        while len(self._kept) > MAX_KEPT:
            self._drop(next(iter(self._kept)))
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(KEPT_S + 1, self._sweep)

    def read_now(self, name: Name, start: int, stop: int) -> memoryview | None:
        """The bytes [start, stop), where the file is kept, has not changed, and has them in memory.

        They stand there until the next call: memory that is new each time costs as much as to read into it. They are
        a copy, because a file that somebody writes to may not change while it is sent.
        """
        kept = self._kept.get(name)
        if kept is None or kept.until < self._clock():
            return None
        if len(self._buffer) < stop - start:
            self._buffer = bytearray(stop - start)
        data = memoryview(self._buffer)[: stop - start]
        try:
            count = os.preadv(kept.descriptor, [data], start, os.RWF_NOWAIT)
            whole = count == len(data) and _facts(kept.descriptor) == kept.facts
        except OSError:  # not in memory, or a file system that cannot tell
            return None
        return data if whole else None

    def close(self) -> None:
        """Close all."""
        for name in [*self._kept]:
            self._drop(name)

    def _drop(self, name: Name) -> None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            os.close(kept.descriptor)

    def _sweep(self) -> None:
        now = self._clock()
        for name in [name for name, kept in self._kept.items() if kept.until < now]:
            self._drop(name)
        self._sweeping = bool(self._kept)
        if self._sweeping:
            asyncio.get_running_loop().call_later(KEPT_S + 1, self._sweep)


def _facts(descriptor: int) -> tuple[int, int, int]:
    told = os.fstat(descriptor)
    return told.st_size, told.st_mtime_ns, told.st_ctime_ns
