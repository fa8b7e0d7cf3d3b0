"""Heads: headers of answers at once, as the lines that are sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from moorage.edge.security import BYTES, PAGES, SHARED


def lines_of(headers: Iterable[tuple[str, str]]) -> bytes | None:
    """Headers as they are sent; None where a value is none for a header."""
    lines = [f"{name}: {value}" for name, value in headers]
    if any(mark in line for line in lines for mark in "\r\n\0"):
        return None
    return "".join([f"{line}\r\n" for line in lines]).encode("latin-1", "replace")


def _general(*groups: tuple[tuple[str, str], ...]) -> bytes:
    told = {name: value for group in (PAGES, *groups) for name, value in group}
    return lines_of(told.items()) or b""


GENERAL: Final = {
    (True, False): _general(BYTES),
    (True, True): _general(BYTES, SHARED),
    (False, False): _general(),
    (False, True): _general(SHARED),
}
"""Headers that all answers of a kind have: with bytes of users or without, by a signed URL or not."""
