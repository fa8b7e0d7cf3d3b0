"""Masking: what in a list's URLs admits whoever reads it is not kept, only its name, so that its line is refused."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from moorage.linking.urls import admits

_LONGEST_TAIL: Final = 65536
_HIDDEN: Final = "…".encode()
_URL_LINE: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*https?://[^\r\n]*[?#@][^\r\n]*", re.MULTILINE | re.IGNORECASE)
"""Not a key of another scheme, whose letters all count."""
_URL_CELL: Final = re.compile(rb"(?:^|(?<=[,;\t\"]))[ ]*https?://[^\r\n\"\t]*", re.MULTILINE | re.IGNORECASE)
_PART: Final = re.compile(rb"([?&;#])([^=&;#?,\"\s]+)=[^&;#?,\"\s]+")
_USER: Final = re.compile(rb"(https?://)(?:[^/\s,\"?#@]*|[^/\s,\"?#@:[]*:(?!\d*/)[^\s,\"?#@]*)@", re.IGNORECASE)


class Mask:
    """Masks a list as it comes, block by block. ``csv``: it is a table."""

    def __init__(self, *, csv: bool) -> None:
        self._urls = _URL_CELL if csv else _URL_LINE
        self._tail = b""

    def take(self, block: bytes) -> bytes:
        """What of the list is whole by now."""
        whole, ending, tail = (self._tail + block).rpartition(b"\n")
        if not ending and len(tail) <= _LONGEST_TAIL:
            self._tail = tail
            return b""
        # A longer line is refused in any case, and not held.
        self._tail, whole = (tail, whole + ending) if ending else (b"", tail)
        return self._masked(whole)

    def end(self) -> bytes:
        """The last line, where nothing ends it."""
        tail, self._tail = self._tail, b""
        return self._masked(tail)

    def _masked(self, lines: bytes) -> bytes:
        return self._urls.sub(lambda found: _USER.sub(rb"\1%b@" % _HIDDEN, _PART.sub(_part, found[0])), lines)


def _part(found: re.Match[bytes]) -> bytes:
    if not admits(unquote(found[2].decode("latin-1"))):
        return found[0]
    return b"%b%b=%b" % (found[1], found[2], _HIDDEN)
