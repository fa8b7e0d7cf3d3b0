"""Sorted names of folders, kept between the pages of a listing."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from moorage.stores.disk.snapshot import IN_MEMORY, ManyNames, Names

_MAX_NAMES: Final = 2 * IN_MEMORY
"""Names kept in memory, of all folders together."""
_MAX_FILES: Final = 16
_MAX_FOLDERS: Final = 1024
_SETTLED_NS: Final = 2_000_000_000
"""A folder changed so shortly before it was read may change again under the same time stamp."""
_LAG: Final = 10.0
_MAX_LAG_S: Final = 60.0

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Kept:
    names: Names
    stamp: tuple[int, int]
    settled: bool
    read_s: float
    took_s: float

    def serves(self, stamp: tuple[int, int], *, continued: bool) -> bool:
        """Whether it is still right; a continued listing of very many names may go on with a short lag."""
        if self.settled and stamp == self.stamp:
            return True
        age_s = time.monotonic() - self.read_s
        return continued and isinstance(self.names, ManyNames) and age_s < min(_MAX_LAG_S, _LAG * self.took_s)


class Snapshots:
    """A small cache. A folder is read again when it was changed since.

    One exception: a listing that goes on inside a folder of more than 50,000 names, which others change all
    the time, sees names added within the last ten reading times (at most 60 s) only when it begins anew. Files that
    went are never told, because each is looked at before it is. Threads may share it.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Identity, _Kept] = OrderedDict()
        self._lock = Lock()

    def names(self, folder: int, read: Callable[[], Names], *, continued: bool) -> Names:
        """The names in the open ``folder``, from ``read`` where none are kept."""
        status = os.fstat(folder)
        identity, stamp = (status.st_dev, status.st_ino), (status.st_mtime_ns, status.st_ctime_ns)
        with self._lock:
            kept = self._kept.get(identity)
            if kept is not None and kept.serves(stamp, continued=continued):
                self._kept.move_to_end(identity)
                return kept.names
            self._kept.pop(identity, None)
            settled = time.time_ns() - max(stamp) > _SETTLED_NS
            began_s = time.monotonic()
            names = read()
            self._kept[identity] = _Kept(names, stamp, settled, began_s, time.monotonic() - began_s)
            self._trim()
            return names

    def forget(self, folder: int) -> None:
        """Drop what is known of a folder that we changed."""
        status = os.fstat(folder)
        with self._lock:
            self._kept.pop((status.st_dev, status.st_ino), None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()

    def _trim(self) -> None:
        few = [one.names for one in self._kept.values() if not isinstance(one.names, ManyNames)]
        many = len(self._kept) - len(few)
        total = sum(map(len, few))
        while len(self._kept) > 1 and (total > _MAX_NAMES or many > _MAX_FILES or len(self._kept) > _MAX_FOLDERS):
            _, oldest = self._kept.popitem(last=False)
            if isinstance(oldest.names, ManyNames):
                many -= 1
            else:
                total -= len(oldest.names)
