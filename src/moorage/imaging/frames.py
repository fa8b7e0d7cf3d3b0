"""The frames that server and decoder process exchange over their socket: a kind, a length, a payload.

server -> process: REQUEST (with the descriptor, where there is one), BYTES or WITHHELD in answer to READ
process -> server: READY once, then per request any number of READ and WRITE and one RENDERED or UNREADABLE

Nothing in them is ever unpickled or evaluated; the server checks each length before it takes a byte.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from moorage.model.variant import Rendered, Task, Words

HEADER: Final = struct.Struct("!BI")
RANGE: Final = struct.Struct("!QI")
_LENGTH: Final = struct.Struct("!I")
PLACE: Final = struct.Struct("!Q")
MAX_READ: Final = 1024 * 1024
"""Bytes of one READ or WRITE at most: one block."""
MAX_NOTE: Final = 16 * 1024
"""Bytes of a frame that carries words only."""


class Frame(IntEnum):
    """Kinds of frames."""

    READY = 1
    REQUEST = 2
    READ = 3
    BYTES = 4
    WITHHELD = 5
    RENDERED = 6
    UNREADABLE = 7
    WRITE = 8


class ProtocolBroken(Exception):
    """The other side sent what no honest one sends."""


@dataclass(frozen=True, slots=True)
class Request:
    """One task on a source of ``size`` bytes; ``words`` are those of its wish."""

    task: Task
    size: int
    words: Words

    def pack(self) -> bytes:
        """As the payload of REQUEST."""
        return json.dumps([self.task, self.size, dict(self.words)]).encode()

    @classmethod
    def unpack(cls, payload: bytes) -> Request:
        """The inverse of ``pack``."""
        task, size, words = json.loads(payload)
        return cls(Task(task), size, words)


def frame(kind: Frame, payload: bytes = b"") -> bytes:
    """A frame, ready to be sent."""
    return HEADER.pack(kind, len(payload)) + payload


def head(kind: Frame, payload: bytes | None) -> bytes:
    """What stands before a payload that is sent by itself."""
    return HEADER.pack(kind, len(payload or b""))


def pack_rendered(rendered: Rendered) -> bytes:
    """A finished variant as the payload of RENDERED."""
    facts = [rendered.source_width, rendered.source_height, rendered.duration_ms, rendered.pages]
    head = json.dumps(facts).encode()
    return _LENGTH.pack(len(head)) + head + rendered.data


def unpack_rendered(payload: bytes) -> Rendered:
    """The inverse of ``pack_rendered``, without the media type, which the asker knows. Raises ProtocolBroken."""
    try:
        (length,) = _LENGTH.unpack_from(payload)
        width, height, duration, pages = json.loads(payload[_LENGTH.size : _LENGTH.size + length])
    except (struct.error, ValueError, TypeError) as exc:
        raise ProtocolBroken("an answer without its facts") from exc
    if not (_counts(width) and _counts(height) and all(each is None or _counts(each) for each in (duration, pages))):
        raise ProtocolBroken("an answer with facts that cannot be")
    return Rendered(payload[_LENGTH.size + length :], "", width, height, duration, pages)


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
