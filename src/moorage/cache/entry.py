"""An entry of a cache as bytes: data, facts, and a tail with the length of the facts, a checksum and a magic.

The data stand first, so that a part of them is read without looking at the rest. The checksum spares the fsync:
an entry that a power cut tore apart does not match it and is a miss.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from typing import Any, Final

_MAGIC: Final = b"MOORENT2"
_TAIL: Final = struct.Struct("!II8s")
_told: Final = json.JSONDecoder().raw_decode
"""``json.loads`` without its looks at encoding and space, which take twice as long as the rest."""


class Corrupted(Exception):
    """The bytes are not a whole entry of that name."""


def pack(digest: str, facts: list[Any], data: bytes) -> list[bytes]:
    """An entry under the name ``digest``, in pieces that are written one after the other."""
    told = json.dumps([digest, len(data), *facts]).encode()
    return [data, told, _TAIL.pack(len(told), zlib.crc32(told, zlib.crc32(data)), _MAGIC)]


def tail(digest: str, size: int, facts: list[Any]) -> bytes:
    """What follows ``size`` bytes of data that were written before, and whose writer vouches for them."""
    told = json.dumps([digest, size, *facts]).encode()
    return told + _TAIL.pack(len(told), zlib.crc32(told), _MAGIC)


def unpack(digest: str, entry: bytes, *, checked: bool = False) -> tuple[list[Any], bytes]:
    """The facts and the data. Raises Corrupted for anything else, another entry's bytes included.

    ``checked``: the checksum was right before, and is not computed again.
    """
    end = len(entry) - _TAIL.size
    if end < 0:
        raise Corrupted("too short")
    length, checksum, magic = _TAIL.unpack_from(entry, end)
    if magic != _MAGIC or (not checked and zlib.crc32(memoryview(entry)[:end]) != checksum):
        raise Corrupted("not what was written")
    name, size, *facts = _told(entry[end - length : end].decode())[0]
    if name != digest or size != end - length:
        raise Corrupted("the entry of another name")
    return facts, entry[:size]


def facts_in(descriptor: int, size: int) -> list[Any]:
    """The facts of an entry that is a file of ``size`` bytes, read from its end only. Raises Corrupted."""
    return _end_of(descriptor, size)[2:]


def length_in(digest: str, descriptor: int, size: int) -> int:
    """The length of the data of an entry, likewise. Raises Corrupted for another entry's."""
    name, length, *_ = _end_of(descriptor, size)
    if name != digest:
        raise Corrupted("the entry of another name")
    return int(length)


def _end_of(descriptor: int, size: int) -> list[Any]:
    ending = os.pread(descriptor, _TAIL.size, max(0, size - _TAIL.size))
    if len(ending) < _TAIL.size:
        raise Corrupted("too short")
    length, _, magic = _TAIL.unpack(ending)
    start = size - _TAIL.size - length
    if magic != _MAGIC or start < 0:
        raise Corrupted("not what was written")
    told = _told(os.pread(descriptor, length, start).decode())[0]
    return list(told)
