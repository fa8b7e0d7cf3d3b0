"""An entry of the variant cache as bytes: magic, length of the head, checksum, head, data.

The checksum spares the fsync: an entry that a power cut tore apart does not match it and is a miss.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Final

from moorage.model.variant import Rendered

_MAGIC: Final = b"MOORVAR1"
_FRONT: Final = struct.Struct("!8sII")


class Corrupted(Exception):
    """The bytes are not a whole entry of that name."""


def pack(digest: str, rendered: Rendered) -> bytes:
    """A variant and its facts under the name ``digest``."""
    facts = [
        digest,
        len(rendered.data),
        rendered.media_type,
        rendered.source_width,
        rendered.source_height,
        rendered.duration_ms,
    ]
    head = json.dumps(facts).encode()
    checksum = zlib.crc32(rendered.data, zlib.crc32(head))
    return _FRONT.pack(_MAGIC, len(head), checksum) + head + rendered.data


def unpack(digest: str, entry: bytes) -> Rendered:
    """The inverse of ``pack``. Raises Corrupted for anything else, another entry's bytes included."""
    if len(entry) < _FRONT.size:
        raise Corrupted("too short")
    magic, length, checksum = _FRONT.unpack_from(entry)
    start = _FRONT.size + length
    if magic != _MAGIC or zlib.crc32(memoryview(entry)[_FRONT.size :]) != checksum:
        raise Corrupted("not what was written")
    name, size, media_type, width, height, duration = json.loads(entry[_FRONT.size : start])
    if name != digest or size != len(entry) - start:
        raise Corrupted("the entry of another name")
    return Rendered(entry[start:], media_type, width, height, duration)
