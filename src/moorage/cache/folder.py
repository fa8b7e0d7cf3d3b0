"""A folder of entries on disk: names are digests, in 256 shards. Nothing here knows what is held or wanted."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moorage.cache.entry import Corrupted, facts_in, length_in, unpack

DIGEST: Final = 32
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(slots=True)
class Kept:
    """What was found: all data of an entry or the part that was asked for, and when it was put (Unix seconds)."""

    data: bytes
    put_s: float
    size: int
    """Bytes of the entry's file."""
    facts: list[Any]
    """Empty where a part was read of an entry that was found whole before."""


class Folder:
    """Entries as files below ``root``. Every verb may be called from any thread."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def load(self, digest: str, *, part: slice | None, whole: int | None, oldest: float) -> Kept | None:
        """The entry, or a part of it; None where it is not there, was last used before ``oldest``, or is damaged.

        ``oldest`` 0: it is known to be young enough. ``whole``: the size of its file, where its checksum is known to be
        right. A damaged one is removed.
        """
        place = self._place(digest)
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            told = os.fstat(descriptor)
            if oldest and max(told.st_atime, told.st_mtime) < oldest:
                return None
            checked = whole == told.st_size
            if part is not None and checked:
                return Kept(_read(descriptor, part.stop - part.start, part.start), told.st_mtime, told.st_size, [])
            facts, data = unpack(digest, _read(descriptor, told.st_size, 0), checked=checked)
        except OSError:
            return None
        except (Corrupted, ValueError, TypeError):
            self.remove([digest])
            return None
        finally:
            os.close(descriptor)
        return Kept(data if part is None else data[part], told.st_mtime, told.st_size, facts)

    def open(self, digest: str) -> int | None:
        """A descriptor of the entry's file, for the caller to close; None where it is not there."""
        try:
            return os.open(self._place(digest), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None

    def write(self, digest: str, pieces: list[bytes]) -> None:
        """Put an entry, in place of one of the same name. Raises OSError, and leaves nothing then."""
        place = Path(self._place(digest))
        aside = place.with_name(f".{digest}.{secrets.token_hex(4)}.part")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with aside.open("xb") as file:
                file.writelines(pieces)
            aside.replace(place)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise

    def aside(self, digest: str) -> Path:
        """Where an entry is written before it is put; a survey takes it for one that was cut short."""
        return Path(self._place(digest)).with_name(f".{digest}.{secrets.token_hex(4)}.part")

    def put(self, digest: str, aside: Path) -> None:
        """Put what was written aside, in place of one of the same name. Raises OSError."""
        aside.replace(self._place(digest))

    def lend(self, digest: str) -> tuple[int, int, int] | None:
        """A descriptor, the length of the data, which stand first, and of the file; None where it is not there."""
        try:
            descriptor = os.open(self._place(digest), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        size = os.fstat(descriptor).st_size
        try:
            return descriptor, length_in(digest, descriptor, size), size
        except (OSError, Corrupted, ValueError, TypeError):
            os.close(descriptor)
            self.remove([digest])
            return None

    def remove(self, digests: list[str]) -> None:
        """Remove entries; one that is not there is no error."""
        for digest in digests:
            with suppress(OSError):
                os.unlink(self._place(digest))  # noqa: PTH108 - by the thousand: a Path costs as much as the call

    def those_of(self, digests: list[str], wanted: Callable[[list[Any]], bool]) -> list[str]:
        """The entries whose facts are wanted; of each only the end is read."""
        return [digest for digest in digests if (facts := self._facts(digest)) is not None and wanted(facts)]

    def survey(self) -> list[tuple[str, int, float]]:
        """Every entry with its size and last use, least recently used first. Writings cut short are removed."""
        found: list[tuple[str, int, float]] = []
        with suppress(OSError):
            for shard in [place for place in Path(self._root).iterdir() if len(place.name) == 2]:  # noqa: PLR2004 - two digits
                found += _shard(shard)
        return sorted(found, key=lambda known: known[2])

    def _facts(self, digest: str) -> list[Any] | None:
        try:
            with Path(self._place(digest)).open("rb", buffering=0) as file:
                return facts_in(file.fileno(), os.fstat(file.fileno()).st_size)
        except (OSError, Corrupted, ValueError):
            return None

    def _place(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"


def _read(descriptor: int, length: int, start: int) -> bytes:
    """One read does for files, except for very long ones."""
    data = os.pread(descriptor, length, start)
    while len(data) < length and (more := os.pread(descriptor, length - len(data), start + len(data))):
        data += more
    return data


def _shard(folder: Path) -> Iterator[tuple[str, int, float]]:
    """The entries of one folder; what is not the cache's own is left alone."""
    with suppress(OSError), os.scandir(folder) as places:
        for place in places:
            if place.name.startswith(".") and place.name.endswith(".part"):
                with suppress(OSError):
                    Path(place.path).unlink()
            elif len(place.name) == DIGEST and set(place.name) <= _HEX:
                facts = place.stat(follow_symlinks=False)
                yield place.name, facts.st_size, max(facts.st_atime, facts.st_mtime)
