"""The directories of a TIFF and of the camera files that are built like one, read where they lie.

Source: TIFF 6.0, section 2; the BigTIFF proposal of libtiff. Nothing is believed: what does not fit ends the chain.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from moorage.imaging.blocks import Blocks

SUB_DIRECTORIES: Final = 330
_MOST_DIRECTORIES: Final = 10_000
_MOST_ENTRIES: Final = 4096
_MOST_NUMBERS: Final = 64
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 7: "B", 9: "i", 13: "I", 16: "Q", 18: "Q"}
"""Letters of ``struct`` for the kinds of entries that are whole numbers."""
_LENGTHS: Final = {kind: struct.calcsize(f"<{letter}") for kind, letter in _INTEGERS.items()}
_BIG: Final = 43


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag's values: of a kind, so many, at a place in the file."""

    kind: int
    count: int
    place: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One picture."""

    tiff: Tiff
    entries: dict[int, Entry] = field(repr=False)
    _read: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The first whole numbers of a tag; none where it is not there."""
        known = self._read.get(tag)
        if known is None:
            known = self._read[tag] = self._numbers(tag)
        return known

    def _numbers(self, tag: int) -> tuple[int, ...]:
        entry = self.entries.get(tag)
        letter = _INTEGERS.get(entry.kind) if entry else None
        if entry is None or letter is None:
            return ()
        form = f"{self.tiff.order}{min(entry.count, _MOST_NUMBERS)}{letter}"
        return self.tiff.unpacked(form, entry.place) or ()

    def number(self, tag: int, default: int = 0) -> int:
        """The first of them."""
        return next(iter(self.numbers(tag)), default)


class Tiff:
    """The directories of ``blocks``. ``base``: where offsets count from; ``order``: that of ``struct``, if known."""

    def __init__(self, blocks: Blocks, base: int = 0, order: str = "") -> None:
        self._blocks = blocks
        self._base = base
        self._known: list[Directory] = []
        head = blocks.head(16).ljust(16, b"\0")
        self.order: Final = order or (">" if head[:2] == b"MM" else "<")
        self._big = struct.unpack_from(f"{self.order}H", head, 2)[0] == _BIG
        self._next: int = struct.unpack_from(self.order + ("8xQ" if self._big else "4xI"), head)[0]
        self._seen = {0}

    def chain(self) -> Iterator[Directory]:
        """The pictures one after the other; ends where the file does, or turns back. Each is read once."""
        yield from self._known
        number = len(self._known)
        while (found := self._following(number)) is not None:
            yield found
            number += 1

    def _following(self, number: int) -> Directory | None:
        """The picture of that number, read where it is the next that nobody has asked for yet."""
        if number == len(self._known) < _MOST_DIRECTORIES and self._next not in self._seen:
            self._seen.add(self._next)
            found = self._at(self._next)
            if found is not None:
                self._known.append(found[0])
                self._next = found[1]
        return self._known[number] if number < len(self._known) else None

    def below(self, directory: Directory) -> Iterator[Directory]:
        """The pictures that hang below another one."""
        for place in directory.numbers(SUB_DIRECTORIES):
            found = self._at(place)
            if found is not None:
                yield found[0]

    def at(self, place: int) -> Directory | None:
        """The directory that begins there."""
        found = self._at(place)
        return found[0] if found else None

    def unpacked(self, form: str, place: int) -> tuple[int, ...] | None:
        """Whole numbers by a form of ``struct``; None where the file is shorter."""
        length = struct.calcsize(form)
        data = self.bytes(place, length)
        return struct.unpack(form, data) if len(data) == length else None

    def bytes(self, place: int, length: int) -> bytes:
        """Bytes of the file, fewer at its end."""
        self._blocks.seek(self._base + place)
        return self._blocks.read(length)

    def _at(self, place: int) -> tuple[Directory, int] | None:
        counting, entry, following = ("Q", "HHQ", "Q") if self._big else ("H", "HHI", "I")
        value = 8 if self._big else 4
        head = self.unpacked(self.order + counting, place)
        if head is None or head[0] > _MOST_ENTRIES:
            return None
        start = place + struct.calcsize(f"<{counting}")
        step = struct.calcsize(f"<{entry}") + value
        table = self.bytes(start, head[0] * step)
        if len(table) < head[0] * step:
            return None
        entries: dict[int, Entry] = {}
        place = start + struct.calcsize(f"<{entry}")
        for tag, kind, count, elsewhere in struct.iter_unpack(f"{self.order}{entry}{following}", table):
            entries[tag] = Entry(kind, count, place if count * _LENGTHS.get(kind, 1) <= value else elsewhere)
            place += step
        [beyond] = self.unpacked(f"{self.order}{following}", start + len(table)) or (0,)
        return Directory(self, entries), beyond
