"""The size of a GIF and a WebP by its first bytes: libvips reads such an image as a whole before it tells that."""

from __future__ import annotations

import struct
from typing import Final

_LONGEST: Final = 30
"""Bytes in which all fields below lie."""
_HAS_EXIF: Final = 0x08
_14_BITS: Final = 0x3FFF


def size_of(head: bytes) -> tuple[int, int] | None:
    """Width and height. None for other kinds, and for a WebP with EXIF: that lies at its end, and may turn it.

    Source: GIF89a, section 18; RFC 9649, sections 2.5 to 2.7.
    """
    if head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    if len(head) < _LONGEST or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X" and not head[20] & _HAS_EXIF:
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & _14_BITS) + 1, (bits >> 14 & _14_BITS) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & _14_BITS, height & _14_BITS
    return None
