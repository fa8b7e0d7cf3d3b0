"""The index of an mp4, read by itself: FFmpeg tells shown times only of packets whose bytes it reads.

Source: ISO/IEC 14496-12, sections 8.2 to 8.6. Runs in a decoder process only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Final, NamedTuple

from moorage.imaging.blocks import Blocks

_BOX: Final = struct.Struct(">I4s")
_LONG: Final = struct.Struct(">Q")
_MOST_BYTES: Final = 256 * 1024 * 1024
_MOST_FRAMES: Final = 20_000_000
"""And no more than the object has bytes: an index of a hundred bytes can speak of millions."""
_NORMAL: Final = 0x10000
"""The rate of an edit that is neither a still nor in slow motion."""


class _Odd(Exception):
    """The index is not whole, or says more than is read here: every packet is looked at instead."""


class _Box(NamedTuple):
    kind: bytes
    body: memoryview


def indexed_times(blocks: Blocks, track: int) -> list[float] | None:
    """When each frame of a track is shown, in seconds and in stored order; None where the index does not tell all.

    That is so for fragmented files, and for edit lists that show parts of a track, or parts of it twice.
    """
    try:
        index = memoryview(_index(blocks))
        boxes = dict(_boxes(index))
        if b"mvex" in boxes:
            return None
        scale = _duration_and_scale(boxes[b"mvhd"])[1]
        most = min(_MOST_FRAMES, blocks.size)
        found = [_times(body, scale, most) for kind, body in _boxes(index) if kind == b"trak" and _track(body) == track]
    except (_Odd, KeyError, struct.error, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found[0] if found else None


def _index(blocks: Blocks) -> bytes:
    """The body of the box ``moov``, wherever it lies at the top."""
    place = 0
    while place + _BOX.size <= blocks.size:
        blocks.seek(place)
        head = blocks.read(_BOX.size + _LONG.size)
        length, kind = _BOX.unpack_from(head)
        skip = _BOX.size
        if length == 1:
            (length,), skip = _LONG.unpack_from(head, _BOX.size), skip + _LONG.size
        length = length or blocks.size - place
        if length < skip:
            raise _Odd
        if kind == b"moov":
            if length > _MOST_BYTES:
                raise _Odd
            blocks.seek(place + skip)
            return blocks.read(length - skip)
        place += length
    raise _Odd


def _boxes(body: memoryview) -> Iterator[_Box]:
    place = 0
    while place + _BOX.size <= len(body):
        length, kind = _BOX.unpack_from(body, place)
        if length < _BOX.size or place + length > len(body):
            raise _Odd
        yield _Box(kind, body[place + _BOX.size : place + length])
        place += length


def _inner(body: memoryview, *path: bytes) -> memoryview:
    for kind in path:
        body = dict(_boxes(body))[kind]
    return body


def _track(trak: memoryview) -> int:
    head = _inner(trak, b"tkhd")
    (number,) = struct.unpack_from(">I", head, 20 if head[0] == 1 else 12)
    return int(number)


def _duration_and_scale(head: memoryview) -> tuple[int, int]:
    """Of ``mvhd`` and ``mdhd``."""
    scale, duration = struct.unpack_from(">IQ", head, 20) if head[0] == 1 else struct.unpack_from(">II", head, 12)
    if not scale:
        raise _Odd
    return duration, scale


def _times(trak: memoryview, movie_scale: int, most: int) -> list[float]:
    media = _inner(trak, b"mdia")
    _, scale = _duration_and_scale(_inner(media, b"mdhd"))
    table = dict(_boxes(_inner(media, b"minf", b"stbl")))
    runs = _runs(table[b"stts"], signed=False)
    count = sum(many for many, _ in runs)
    if not 0 < count <= most:
        raise _Odd
    offsets = _runs(table[b"ctts"], signed=True) if b"ctts" in table else [(count, 0)]
    if sum(many for many, _ in offsets) < count:
        raise _Odd
    delay, first, end = _edit(trak, movie_scale, scale)
    late = chain.from_iterable(repeat(offset, many) for many, offset in offsets)
    times, decoded = [], 0
    for step in chain.from_iterable(repeat(step, many) for many, step in runs):
        shown = decoded + next(late)
        if shown < first or shown >= end:
            raise _Odd  # the edit list cuts it off; which of its neighbours FFmpeg shows, only FFmpeg knows
        times.append(round((shown - first) / scale + delay, 6))
        decoded += step
    return times


def _runs(body: memoryview, *, signed: bool) -> list[tuple[int, int]]:
    """Pairs of a count and a value."""
    (number,) = struct.unpack_from(">I", body, 4)
    if number * 8 > len(body) - 8:
        raise _Odd
    return list(struct.iter_unpack(">Ii" if signed else ">II", body[8 : 8 + number * 8]))


def _edit(trak: memoryview, movie_scale: int, scale: int) -> tuple[float, int, float]:
    """Seconds before the track begins, and which of its media times are shown: from the first on, up to the end."""
    boxes = dict(_boxes(trak))
    edits = list(_edits(_inner(boxes[b"edts"], b"elst"))) if b"edts" in boxes else []
    delay = 0
    while edits and edits[0][1] == -1:
        delay += edits.pop(0)[0]
    if len(edits) > 1 or any(rate != _NORMAL for _, _, rate in edits):
        raise _Odd
    if not edits:
        return delay / movie_scale, 0, float("inf")
    length, first, _ = edits[0]
    # A length is rounded to the movie's scale: one frame more or less is no cut.
    end = first + length * scale / movie_scale + scale / movie_scale if length else float("inf")
    return delay / movie_scale, first, end


def _edits(body: memoryview) -> Iterator[tuple[int, int, int]]:
    """Length, media time and rate of each edit."""
    shape = ">Qqi" if body[0] == 1 else ">Iii"
    (number,) = struct.unpack_from(">I", body, 4)
    if number * struct.calcsize(shape) > len(body) - 8:
        raise _Odd
    yield from struct.iter_unpack(shape, body[8 : 8 + number * struct.calcsize(shape)])
