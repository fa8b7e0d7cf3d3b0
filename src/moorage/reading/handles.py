"""Handles: files of disks that were read a moment ago, kept open for the next range of them.

A player or a reader of a large array asks for one range after the other; to open the file safely for each of them
costs more than to read it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from moorage.model.descriptors import Descriptors

Name = tuple[int, str, str]
"""Store, key and version."""
_Facts = tuple[int, int, int]


class Handles:
    """Files by store, key and version. Belongs to the event loop that first keeps one."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._open: Descriptors[Name, _Facts] = Descriptors(clock=clock)
        self._buffer = bytearray()

    def __len__(self) -> int:
        return len(self._open)

    def keep(self, name: Name, descriptor: int, *, is_that: Callable[[], bool]) -> None:
        """Keep a file open for some seconds; ``descriptor`` stays the caller's.

        ``is_that``: whether it is still of exactly that version. Where it is not, it is not kept; nor where too many
        files are open.
        """
        facts = _facts(descriptor)
        if is_that():
            self._open.keep(name, descriptor, facts)
        else:
            self._open.drop(name)

    def read_now(self, name: Name, start: int, stop: int) -> memoryview | None:
        """The bytes [start, stop), where the file is kept, has not changed, and has them in memory.

        They stand there until the next call: memory that is new each time costs as much as to read into it. They are
        a copy, because a file that somebody writes to may not change while it is sent.
        """
        kept = self._open.get(name)
        if kept is None:
            return None
        descriptor, facts = kept
        if len(self._buffer) < stop - start:
            self._buffer = bytearray(stop - start)
        data = memoryview(self._buffer)[: stop - start]
        try:
            count = os.preadv(descriptor, [data], start, os.RWF_NOWAIT)
            whole = count == len(data) and _facts(descriptor) == facts
        except OSError:  # not in memory, or a file system that cannot tell
            return None
        return data if whole else None

    def close(self) -> None:
        """Close all."""
        self._open.close()


def _facts(descriptor: int) -> _Facts:
    told = os.fstat(descriptor)
    return told.st_size, told.st_mtime_ns, told.st_ctime_ns
