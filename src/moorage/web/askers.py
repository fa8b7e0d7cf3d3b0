"""Askers: who sends requests over a connection, and what their headers say, read once.

A browser sends the same headers with each picture of a page, word for word, but for those that name what it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

_OF_BODIES: Final = (b"content-length", b"transfer-encoding")
_HEARD: Final = {
    name.encode(): name
    for name in (
        *("authorization", "cookie", "accept", "range", "if-range", "if-match", "if-none-match"),
        *("if-modified-since", "if-unmodified-since"),
    )
}
"""The headers that an answer depends on."""
_VARYING: Final = (("range", b"\r\nRange: "), ("if-none-match", b"\r\nIf-None-Match: "))
"""Those that are others with each request, as programs write them."""
_NAMES: Final = frozenset(name for name, _ in _VARYING)
_CONDITIONS: Final = frozenset({"range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
_LINE: Final = re.compile(rb'GET (/[!"$-~]*) HTTP/1\.1(?=\r\n)')
_VALUE: Final = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_BLOCK: Final = re.compile(rb"(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ -~\x80-\xff]*)+\r\n\r\n")
_END: Final = b"\r\n\r\n"
MOST_KEPT: Final = 8
_LONGEST: Final = 4096
RawHeaders = Iterable[tuple[bytes, bytes]]


class Asker(NamedTuple):
    """What one block of headers says, of that which answers depend on."""

    headers: dict[str, str]
    name: bytes
    """What is remembered of who it is."""
    conditional: bool
    """Whether a condition or a range is among the headers."""

    @classmethod
    def of(cls, raw_headers: RawHeaders, name_of: Callable[[dict[str, str]], bytes]) -> Asker | None:
        """None where a body follows, or where one of the headers is given twice. Names are in lower case."""
        headers: dict[str, str] = {}
        for raw_name, value in raw_headers:
            name = _HEARD.get(raw_name)
            if name is None:
                if raw_name in _OF_BODIES:
                    return None
            elif name in headers:
                return None
            else:
                headers[name] = value.decode("latin-1")
        return cls(headers, name_of(headers), not _CONDITIONS.isdisjoint(headers))


class Askers:
    """Blocks of headers that came over one connection and that a parser found to be right, with what they say."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Asker] = {}

    def known(self, data: bytes) -> tuple[bytes, Asker] | None:
        """The address that a whole GET asks for, and who asks, where its headers are known; None for anything else."""
        line = _LINE.match(data)
        if line is None or not self._kept:
            return None
        block, varying = _parted(data[line.end() :])
        asker = self._kept.get(block)
        if asker is None:
            return None
        return line[1], Asker({**asker.headers, **varying}, asker.name, conditional=True) if varying else asker

    def keep(self, data: bytes, asker: Asker) -> None:
        """Remember the headers of a whole GET, which a parser read from ``data`` and found to be right."""
        line = _LINE.match(data)
        if line is None or len(data) > _LONGEST or _BLOCK.fullmatch(data, line.end()) is None:
            return
        block, varying = _parted(data[line.end() :])
        headers = {name: value for name, value in asker.headers.items() if name not in varying}
        if not _NAMES.isdisjoint(headers):  # written in another way, so that the next request may have it twice
            return
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[block] = Asker(headers, asker.name, not _CONDITIONS.isdisjoint(headers))


def _parted(block: bytes) -> tuple[bytes, dict[str, str]]:
    """A block without the headers that vary, and those. Whole as it came where it is not exactly one block."""
    whole = block
    varying: dict[str, str] = {}
    for name, begin in _VARYING:
        start = block.find(begin)
        if start < 0:
            continue
        end = block.find(b"\r\n", start + len(begin))
        value = block[start + len(begin) : end]
        if block.find(_END) != len(block) - len(_END) or _VALUE.fullmatch(value) is None:
            return whole, {}
        varying[name] = value.decode("ascii")
        block = block[:start] + block[end:]
    return block, varying
