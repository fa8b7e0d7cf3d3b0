"""The JPEGs in a CR3: one in a box of Canon's, one as the sample of a track. Source: ISO/IEC 14496-12, section 4."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from moorage.imaging.blocks import Blocks

_CANON_PREVIEW: Final = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
_MOST_BOXES: Final = 1000
_HEADER: Final = 8
_LARGE: Final = 16
_MARK: Final = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its name, and where what is in it begins and ends."""

    name: bytes
    start: int
    stop: int


def pictures(blocks: Blocks) -> Iterator[tuple[int, int]]:
    """Place and length of what may be a JPEG."""
    for box in boxes(blocks, 0, blocks.size):
        if box.name == b"uuid" and _read(blocks, box.start, 16) == _CANON_PREVIEW:
            # 16 bytes of name, 8 of Canon's, then the box PRVW: 16 bytes before the length of the JPEG, and the JPEG.
            for inner in boxes(blocks, box.start + 24, box.stop):
                head = _read(blocks, inner.start, 64)
                if inner.name == b"PRVW" and _MARK in head:
                    at = head.index(_MARK)
                    yield inner.start + at, inner.stop - inner.start - at
        if box.name == b"moov":
            for track in boxes(blocks, box.start, box.stop):
                if track.name == b"trak":
                    yield from _sample(blocks, track)


def _sample(blocks: Blocks, track: Box) -> Iterator[tuple[int, int]]:
    """The only sample of a track."""
    table: Box | None = track
    for name in (b"mdia", b"minf", b"stbl"):
        table = _named(blocks, table, name) if table else None
    sizes = _named(blocks, table, b"stsz") if table else None
    places = _named(blocks, table, b"co64") or _named(blocks, table, b"stco") if table else None
    if sizes is None or places is None:
        return
    size, place = _read(blocks, sizes.start, 16), _read(blocks, places.start, 16)
    if len(size) < 12 or len(place) < 12:  # noqa: PLR2004 - version, count and one value each
        return
    (same,) = struct.unpack_from(">I", size, 4)
    length = same or (struct.unpack_from(">I", size, 12)[0] if len(size) == _LARGE else 0)
    wide = places.name == b"co64" and len(place) == _LARGE
    yield struct.unpack_from(">Q" if wide else ">I", place, 8)[0], length


def _named(blocks: Blocks, outer: Box, name: bytes) -> Box | None:
    return next((box for box in boxes(blocks, outer.start, outer.stop) if box.name == name), None)


def boxes(blocks: Blocks, start: int, stop: int) -> Iterator[Box]:
    """The boxes between two places; ends at the first that does not fit."""
    for _ in range(_MOST_BOXES):
        head = _read(blocks, start, _LARGE)
        if start + _HEADER > stop or len(head) < _HEADER:
            return
        length, name = struct.unpack_from(">I4s", head)
        inner = start + _HEADER
        if length == 1 and len(head) == _LARGE:
            (length,) = struct.unpack_from(">Q", head, 8)
            inner = start + _LARGE
        end = stop if length == 0 else start + length
        if end < inner or end > stop:
            return
        yield Box(name, inner, end)
        start = end


def _read(blocks: Blocks, place: int, length: int) -> bytes:
    blocks.seek(place)
    return blocks.read(length)
