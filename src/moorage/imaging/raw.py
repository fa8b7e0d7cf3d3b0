"""Camera RAW files: the JPEG that the camera put into them, found by their directories.

Only that JPEG is read. Runs in a decoder process only.
Source: TIFF 6.0 and DNG 1.7 for what is built like a TIFF (DNG, NEF, CR2, ARW, PEF, RW2, ORF); for CR3, ISO/IEC
14496-12 and the boxes that Canon adds; for RAF, its fixed header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyvips

from moorage.imaging import boxes, finishing, levels, reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.bounds import need_size
from moorage.imaging.directories import Directory, Tiff
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.model.variant import Fit, Recipe

_COMPRESSION: Final = 259
_PHOTOMETRIC: Final = 262
_STRIPS: Final = 273
_ORIENTATION: Final = 274
_STRIP_LENGTHS: Final = 279
_JPEG: Final = 513
_JPEG_LENGTH: Final = 514
_PANASONIC_JPEG: Final = 0x002E
_EXIF: Final = 0x8769
_MAKER_NOTE: Final = 0x927C
_OLYMPUS: Final = (b"OLYMPUS\0", b"OM SYSTEM\0\0\0")
_OLYMPUS_CAMERA: Final = 0x2020
_OLYMPUS_JPEG: Final = 0x0101
_OLYMPUS_JPEG_LENGTH: Final = 0x0102
_OF_JPEG: Final = (6, 7)
"""Compressions of strips that may be a JPEG."""
_SENSOR: Final = (32803, 34892)
"""Photometric interpretations of what a sensor saw: a mosaic of filters, or linear light."""
_CAMERAS: Final = (32767, 32769, 34713, 65535)
"""Compressions that camera makers made for themselves."""
_PANASONIC: Final = b"IIU\0"
_OWN: Final = (_PANASONIC, b"IIRO", b"IIRS", b"MMOR")
"""Beginnings of TIFFs that say that they are none."""
_FUJI: Final = b"FUJIFILMCCD-RAW "
_FUJI_JPEG: Final = 84
_MOST_CANDIDATES: Final = 16
_HEAD: Final = 64 * 1024
"""Bytes of a JPEG in which its size lies, behind what the camera wrote of itself."""
_FRAMES: Final = (0xC0, 0xC1, 0xC2)
"""Markers of the JPEG that browsers show; the lossless one of sensors has another."""
_OTHER_FRAMES: Final = (0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_STANDALONE: Final = range(0xD0, 0xDA)
"""Markers without a length, and those behind which the pixels begin."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG within the file, and its size."""

    place: int
    length: int
    width: int
    height: int


def is_raw(blocks: Blocks, tiff: Tiff) -> bool:
    """True for a file built like a TIFF that a camera made of what its sensor saw."""
    head = blocks.head(16)
    if head.startswith(_OWN) or head[8:10] == b"CR":
        return True
    return any(
        each.number(_PHOTOMETRIC) in _SENSOR or each.number(_COMPRESSION) in _CAMERAS for each in _pictures(tiff)
    )


def small(blocks: Blocks, recipe: Recipe, limits: Limits) -> tuple[Any, tuple[int, int]]:
    """The least of the JPEGs in it that is as large as the box, else the largest, in its box; and the image's size.

    Raises Unreadable where there is none.
    """
    found = sorted(_found(blocks), key=lambda each: each.width * each.height)
    if not found:
        raise Unreadable(reasons.RAW_WITHOUT_PREVIEW)
    orientation = _orientation(blocks)
    best = next((each for each in found if _fills(each, recipe)), found[-1])
    need_size(best.width, best.height, limits.most_pixels(limits.whole_pixels), limits)
    blocks.seek(best.place)
    data = blocks.read(best.length)
    image = pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="error", shrink=_shrink(best, recipe))
    if orientation > 1 and not image.get_typeof("orientation"):
        image = image.copy()
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    return finishing.shrunk(image, recipe), _size(blocks, found[-1], orientation)


def measure(blocks: Blocks) -> tuple[int, int]:
    """Width and height of the image, upright. Raises Unreadable where no JPEG says."""
    found = max(_found(blocks), key=lambda each: each.width * each.height, default=None)
    if found is None:
        raise Unreadable(reasons.RAW_WITHOUT_PREVIEW)
    return _size(blocks, found, _orientation(blocks))


def _size(blocks: Blocks, largest: Picture, orientation: int) -> tuple[int, int]:
    """That of the sensor's image where the file tells, else of the largest JPEG."""
    sizes = [(largest.width, largest.height)]
    if not _begins_otherwise(blocks):
        sizes += [levels.stored(each) for each in _pictures(Tiff(blocks)) if each.number(_PHOTOMETRIC) in _SENSOR]
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return (height, width) if orientation in range(5, 9) else (width, height)


def _begins_otherwise(blocks: Blocks) -> bool:
    return blocks.head(16).startswith(_FUJI) or blocks.head(8)[4:] == b"ftyp"


def _orientation(blocks: Blocks) -> int:
    first = None if _begins_otherwise(blocks) else next(Tiff(blocks).chain(), None)
    said = first.number(_ORIENTATION, 1) if first else 1
    return said if said in range(1, 9) else 1


def _fills(picture: Picture, recipe: Recipe) -> bool:
    """True where nothing larger would be seen; either way up, since that is known only later."""
    sides, wanted = sorted((picture.width, picture.height)), sorted((recipe.width, recipe.height))
    enough = [side >= box for side, box in zip(sides, wanted, strict=True)]
    return all(enough) if recipe.fit is Fit.COVER else any(enough)


def _shrink(picture: Picture, recipe: Recipe) -> int:
    """How much the decoder may leave out at no loss."""
    spare = min(picture.width, picture.height) // (2 * max(recipe.width, recipe.height))
    return next((step for step in (8, 4, 2) if step <= spare), 1)


def _found(blocks: Blocks) -> Iterator[Picture]:
    """The JPEGs in the file, of every size."""
    seen: set[int] = set()
    for place, length in _candidates(blocks):
        if place in seen or length < 1 or place + length > blocks.size or len(seen) >= _MOST_CANDIDATES:
            continue
        seen.add(place)
        size = _jpeg_size(blocks, place, length)
        if size is not None:
            yield Picture(place, length, *size)


def _candidates(blocks: Blocks) -> Iterator[tuple[int, int]]:
    if blocks.head(16).startswith(_FUJI):
        blocks.seek(_FUJI_JPEG)
        fields = blocks.read(8)
        if len(fields) == 8:  # noqa: PLR2004 - two numbers of 32 bits
            yield struct.unpack(">II", fields)
        return
    if blocks.head(8)[4:] == b"ftyp":
        yield from boxes.pictures(blocks)
        return
    tiff = Tiff(blocks)
    for each in _pictures(tiff):
        yield each.number(_JPEG), each.number(_JPEG_LENGTH)
        if each.number(_COMPRESSION) in _OF_JPEG and each.number(_PHOTOMETRIC) not in _SENSOR:
            strips, lengths = each.numbers(_STRIPS), each.numbers(_STRIP_LENGTHS)
            if len(strips) == len(lengths) == 1:
                yield strips[0], lengths[0]
        embedded = each.entries.get(_PANASONIC_JPEG)
        if embedded and blocks.head(4) == _PANASONIC:
            yield embedded.place, embedded.count
        yield from _of_olympus(blocks, tiff, each)


def _pictures(tiff: Tiff) -> Iterator[Directory]:
    for each in tiff.chain():
        yield each
        yield from tiff.below(each)


def _of_olympus(blocks: Blocks, tiff: Tiff, picture: Directory) -> Iterator[tuple[int, int]]:
    """In a directory of the maker's note, whose offsets count from the note's beginning."""
    exif = tiff.at(picture.number(_EXIF)) if _EXIF in picture.entries else None
    note = exif.entries.get(_MAKER_NOTE) if exif else None
    if note is None or note.count < 16:  # noqa: PLR2004 - the shortest beginning
        return
    head = tiff.bytes(note.place, 16)
    name = next((each for each in _OLYMPUS if head.startswith(each)), None)
    if name is None:
        return
    inner = Tiff(blocks, note.place, "<" if head[len(name) :].startswith(b"II") else ">")
    notes = inner.at(len(name) + 4)
    camera = inner.at(notes.number(_OLYMPUS_CAMERA)) if notes else None
    if camera:
        yield note.place + camera.number(_OLYMPUS_JPEG), camera.number(_OLYMPUS_JPEG_LENGTH)


def _jpeg_size(blocks: Blocks, place: int, length: int) -> tuple[int, int] | None:
    """Width and height of a JPEG; None for what is none, or of a kind that is not shown."""
    blocks.seek(place)
    head = blocks.read(min(length, _HEAD))
    if not head.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(head):
        marker, (step,) = head[at + 1], struct.unpack_from(">H", head, at + 2)
        if head[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            return None
        if marker == 0xFF:  # noqa: PLR2004 - a byte between markers
            at += 1
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return (width, height) if width and height else None
        elif marker in _STANDALONE or marker in _OTHER_FRAMES:
            return None
        else:
            at += 2 + step
    return None
