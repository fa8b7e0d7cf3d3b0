"""Cursors of pages: opaque text that says where the next page begins, and for which query."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import astuple, dataclass
from typing import Final

from moorage.model.errors import Invalid

_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: its value in the order and its id. ``query`` is the mark of the query it belongs to."""

    query: str
    value: bytes | int
    id: int
    position: int | None
    """Index of the row after it, where known."""

    def text(self) -> str:
        """What ``read`` understands."""
        query, value, id_, position = astuple(self)
        shown = value.hex() if isinstance(value, bytes) else value
        return _packed([query, shown, id_, position])

    @classmethod
    def read(cls, text: str, query: str) -> Cursor:
        """Invalid where it is no cursor, or one of another query."""
        fields = _unpacked(text)
        if len(fields) != _FIELDS or fields[0] != query:
            raise _refusal()
        _, value, id_, position = fields
        if not isinstance(id_, int) or not isinstance(value, int | str) or not isinstance(position, int | None):
            raise _refusal()
        return cls(query, _from_hex(value) if isinstance(value, str) else value, id_, position)


def write_name(name: bytes) -> str:
    """The cursor of a list that has names only."""
    return _packed([name.hex()])


def read_name(text: str) -> bytes:
    """The name that ``write_name`` wrote."""
    fields = _unpacked(text)
    if len(fields) != 1 or not isinstance(fields[0], str):
        raise _refusal()
    return _from_hex(fields[0])


def _packed(fields: list[object]) -> str:
    return urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")


def _unpacked(text: str) -> list[object]:
    try:
        fields = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise _refusal() from error
    return fields if isinstance(fields, list) else []


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise _refusal() from error


def _refusal() -> Invalid:
    return Invalid(
        "This place in a list belongs to another list.",
        "Begin without 'after', and pass 'next' on as it came.",
        field="after",
    )
