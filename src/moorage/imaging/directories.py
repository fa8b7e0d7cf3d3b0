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

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The first whole numbers of a tag; none where it is not there."""
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
        head = blocks.head(16).ljust(16, b"\0")
        self.order: Final = order or (">" if head[:2] == b"MM" else "<")
        self._big = struct.unpack_from(f"{self.order}H", head, 2)[0] == _BIG
        self._first: int = struct.unpack_from(self.order + ("8xQ" if self._big else "4xI"), head)[0]

    def chain(self) -> Iterator[Directory]:
        """The pictures one after the other; ends where the file does, or turns back."""
        seen: set[int] = set()
        place = self._first
        while place and place not in seen and len(seen) < _MOST_DIRECTORIES:
            seen.add(place)
            found = self._at(place)
            if found is None:
                return
            directory, place = found
            yield directory

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
        for number in range(head[0]):
            tag, kind, count = struct.unpack_from(f"{self.order}{entry}", table, number * step)
            inline = start + (number + 1) * step - value
            letter = _INTEGERS.get(kind, "B")
            if count * struct.calcsize(f"<{letter}") > value:
                [inline] = self.unpacked(f"{self.order}{following}", inline) or (0,)
            entries[tag] = Entry(kind, count, inline)
        [beyond] = self.unpacked(f"{self.order}{following}", start + len(table)) or (0,)
        return Directory(self, entries), beyond
