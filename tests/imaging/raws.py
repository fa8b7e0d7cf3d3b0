"""Camera RAW files as each maker lays them out, with noise where the sensor's values are, and a JPEG of quarters."""

from __future__ import annotations

import io
import random
import struct
from typing import Final

import media

NOISE: Final = random.Random(5).randbytes(3_000_000)
"""What a sensor saw; far more than any preview."""
SENSOR: Final = (6000, 4000)
_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, _STRIPS = 256, 257, 259, 262, 273
_ORIENTATION, _LENGTHS, _BELOW, _JPEG, _JPEG_LENGTH = 274, 279, 330, 513, 514
_LONG, _SHORT, _BYTES = 4, 3, 7
_CFA: Final = 32803
LOSSLESS: Final = b"\xff\xd8\xff\xc3\x00\x0b\x0e\x0f\xa0\x17\x70\x01\x01\x11\x00" + NOISE
Tags = dict[int, int | tuple[int, ...] | bytes]


def jpeg(width: int = 1620, height: int = 1080) -> bytes:
    """A picture as a camera puts it into its file."""
    made = io.BytesIO()
    media.quarters(width, height).save(made, "JPEG", quality=85)
    return made.getvalue()


class Layout:
    """A file that grows from its beginning; directories come after what they name."""

    def __init__(self, head: bytes, order: str = "<") -> None:
        self.data = bytearray(head)
        self.order = order

    def put(self, content: bytes) -> int:
        """Where it lies now."""
        self.data += b"\0" * (len(self.data) % 2)
        place = len(self.data)
        self.data += content
        return place

    def directory(self, tags: Tags, following: int = 0) -> int:
        """Where the directory lies."""
        entries = []
        for tag, value in sorted(tags.items()):
            if isinstance(value, bytes):
                entries.append(struct.pack(f"{self.order}HHII", tag, _BYTES, len(value), self.put(value)))
                continue
            values = value if isinstance(value, tuple) else (value,)
            packed = struct.pack(f"{self.order}{len(values)}I", *values)
            if len(packed) > 4:
                packed = struct.pack(f"{self.order}I", self.put(packed))
            entries.append(struct.pack(f"{self.order}HHI", tag, _LONG, len(values)) + packed)
        body = struct.pack(f"{self.order}H", len(entries)) + b"".join(entries)
        return self.put(body + struct.pack(f"{self.order}I", following))

    def finished(self, first: int, at: int = 4) -> bytes:
        """The file whose first directory lies there."""
        self.data[at : at + 4] = struct.pack(f"{self.order}I", first)
        return bytes(self.data)


def _sensor(layout: Layout, compression: int, **more: int) -> Tags:
    place = layout.put(LOSSLESS if compression in (6, 7) else NOISE)
    size: Tags = {_WIDTH: SENSOR[0], _HEIGHT: SENSOR[1], _COMPRESSION: compression}
    return size | {_PHOTOMETRIC: _CFA, _STRIPS: place, _LENGTHS: len(NOISE)}


def dng(picture: bytes, orientation: int = 1) -> bytes:
    """Preview and sensor below a small picture without compression."""
    layout = Layout(b"II*\0\0\0\0\0")
    below = (
        layout.directory(_sensor(layout, 7)),
        layout.directory(
            {254: 1, _COMPRESSION: 7, _PHOTOMETRIC: 6, _STRIPS: layout.put(picture), _LENGTHS: len(picture)}
        ),
    )
    small: Tags = {_WIDTH: 8, _HEIGHT: 8, _COMPRESSION: 1, _PHOTOMETRIC: 2, _ORIENTATION: orientation << 0}
    return layout.finished(layout.directory(small | {_BELOW: below, 50706: 0x0401}))


def nef(picture: bytes) -> bytes:
    """Big-endian; preview and sensor below."""
    layout = Layout(b"MM\0*\0\0\0\0", ">")
    below = (
        layout.directory({_JPEG: layout.put(picture), _JPEG_LENGTH: len(picture)}),
        layout.directory(_sensor(layout, 34713)),
    )
    return layout.finished(layout.directory({_WIDTH: 160, _HEIGHT: 120, _COMPRESSION: 1, _BELOW: below}))


def cr2(picture: bytes) -> bytes:
    """The preview as the strip of the first directory; the sensor's JPEG, which is lossless, in the last."""
    layout = Layout(b"II*\0\0\0\0\0CR\2\0\0\0\0\0")
    sensor = {name: value for name, value in _sensor(layout, 6).items() if name != _PHOTOMETRIC}
    last = layout.directory(sensor)
    first: Tags = {_WIDTH: 1620, _HEIGHT: 1080, _COMPRESSION: 6, _STRIPS: layout.put(picture), _LENGTHS: len(picture)}
    return layout.finished(layout.directory(first, last))


def arw(picture: bytes) -> bytes:
    """The preview named by the first directory."""
    layout = Layout(b"II*\0\0\0\0\0")
    below = layout.directory(_sensor(layout, 32767))
    return layout.finished(
        layout.directory({_COMPRESSION: 6, _JPEG: layout.put(picture), _JPEG_LENGTH: len(picture), _BELOW: below})
    )


def pef(picture: bytes) -> bytes:
    """The sensor first, the preview in the directory behind it."""
    layout = Layout(b"MM\0*\0\0\0\0", ">")
    second = layout.directory({_COMPRESSION: 6, _JPEG: layout.put(picture), _JPEG_LENGTH: len(picture)})
    return layout.finished(layout.directory(_sensor(layout, 65535), second))


def rw2(picture: bytes) -> bytes:
    """A mark of its own, and the preview as the value of a tag."""
    layout = Layout(b"IIU\0" + bytes(20))
    return layout.finished(layout.directory({0x002E: picture, 0x0118: layout.put(NOISE)}))


def orf(picture: bytes) -> bytes:
    """A mark of its own; the preview is named in the maker's note, by offsets from the note's beginning."""
    layout = Layout(b"IIRO\0\0\0\0")
    sensor = layout.put(NOISE)
    note = Layout(b"OLYMPUS\0II\3\0")
    notes_at = len(note.data)
    camera_at = notes_at + 2 + 12 + 4
    note.data += struct.pack("<HHHIII", 1, 0x2020, 13, 1, camera_at, 0)
    picture_at = camera_at + 2 + 24 + 4
    note.data += struct.pack("<HHHIIHHIII", 2, 0x0101, 4, 1, picture_at, 0x0102, 4, 1, len(picture), 0)
    exif = layout.directory({0x927C: bytes(note.data) + picture})
    return layout.finished(layout.directory({_WIDTH: 4608, _HEIGHT: 3456, _STRIPS: sensor, 0x8769: exif}))


def raf(picture: bytes) -> bytes:
    """A header of fixed fields; the preview lies where two of them say."""
    head = b"FUJIFILMCCD-RAW 0201FF383501".ljust(84, b"\0") + struct.pack(">II", 256, len(picture))
    return head.ljust(256, b"\0") + picture + NOISE


def box(name: bytes, content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    return struct.pack(">I4s", len(content) + 8, name) + content


def cr3(picture: bytes) -> bytes:
    """A box of Canon's with the preview, beside the data of the sensor."""
    uuid = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")
    preview = struct.pack(">IHHHHI", 0, 1, 1620, 1080, 1, len(picture)) + picture
    kind = box(b"ftyp", b"crx \0\0\0\1crx isom")
    boxed = box(b"uuid", uuid + bytes(8) + box(b"PRVW", preview))
    return kind + box(b"moov", box(b"mvhd", bytes(100))) + boxed + box(b"mdat", NOISE)


def cr3_by_track(picture: bytes) -> bytes:
    """The preview as the only sample of the first track."""
    kind = box(b"ftyp", b"crx \0\0\0\1crx isom")

    def moov(place: int) -> bytes:
        sizes = box(b"stsz", struct.pack(">III", 0, len(picture), 1))
        places = box(b"co64", struct.pack(">IIQ", 0, 1, place))
        table = box(b"stbl", sizes + places)
        return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", table))))

    start = len(kind) + len(moov(0)) + 8
    return kind + moov(start) + box(b"mdat", picture + NOISE)


MAKERS: Final = {
    "dng": dng, "nef": nef, "cr2": cr2, "arw": arw, "pef": pef, "rw2": rw2, "orf": orf, "raf": raf, "cr3": cr3,
    "cr3 by a track": cr3_by_track,
}  # fmt: skip
