"""The names in one folder at one moment, in the byte order of keys, in bounded memory.

A sub-folder is written ``name/``, so that sorted entries of a folder, each sub-folder walked at its place, are the
keys below it in order. Many names are sorted in runs and merged into an unnamed temporary file.
"""

from __future__ import annotations

import heapq
import os
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from typing import IO, Final, Protocol

IN_MEMORY: Final = 50_000
"""Names of one folder kept in memory, and of one run when there are more: about 5 MB."""
_INDEXED: Final = 1024
_MERGE_BYTES: Final = 4 << 20
_CHUNK_BYTES: Final = 64 << 10


class Names(Protocol):
    """Sorted names."""

    def __len__(self) -> int: ...

    def since(self, least: bytes) -> Iterator[bytes]:
        """The names not less than ``least``, in order."""


class FewNames:
    """Names in memory."""

    def __init__(self, names: list[bytes]) -> None:
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def since(self, least: bytes) -> Iterator[bytes]:
        """From the first name not less than ``least``."""
        return islice(self._names, bisect_left(self._names, least), None)


class ManyNames:
    """Names in a temporary file, each ended by NUL, with the place of every 1,024th in memory."""

    def __init__(self, names: Iterable[bytes]) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - kept open as long as the names are
        self._first: list[bytes] = []
        self._places: list[int] = []
        self._count = self._end = 0
        iterator = iter(names)
        while block := list(islice(iterator, _INDEXED)):
            self._first.append(block[0])
            self._places.append(self._end)
            self._end += self._file.write(b"\0".join(block) + b"\0")
            self._count += len(block)
        self._file.flush()

    def __len__(self) -> int:
        return self._count

    def since(self, least: bytes) -> Iterator[bytes]:
        """From the first name not less than ``least``; readers do not disturb each other."""
        block = max(0, bisect_right(self._first, least) - 1)
        place = self._places[block] if self._places else 0
        for name in _read(self._file, place, self._end, _CHUNK_BYTES):
            if name >= least:
                yield name

    def __del__(self) -> None:
        # A reader that is half-way holds us, so the last of all closes the file.
        self._file.close()


def sorted_names(names: Iterator[bytes]) -> Names:
    """All of ``names`` in order, at no time more than ``IN_MEMORY`` of them in memory."""
    run = sorted(islice(names, IN_MEMORY))
    if len(run) < IN_MEMORY:
        return FewNames(run)
    with tempfile.TemporaryFile() as file:
        ends = [0]
        while run:
            ends.append(ends[-1] + file.write(b"\0".join(run) + b"\0"))
            run = sorted(islice(names, IN_MEMORY))
        file.flush()
        size = max(4096, min(_CHUNK_BYTES, _MERGE_BYTES // len(ends)))
        runs = [_read(file, start, end, size) for start, end in pairwise(ends)]
        return ManyNames(heapq.merge(*runs))


def _read(file: IO[bytes], start: int, end: int, size: int) -> Iterator[bytes]:
    rest = b""
    while start < end:
        chunk = os.pread(file.fileno(), min(size, end - start), start)
        if not chunk:
            raise OSError("A temporary file was cut short.")
        start += len(chunk)
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
