"""Keys to cut a key space at, without knowing the keys. Pure.

A cut is passed to stores as ``after``, so it is always valid UTF-8 without control characters. Where it lies
matters for balance only: any cut is correct.
"""

from __future__ import annotations

from typing import Final

from moorage.model.keys import key_of

_LOWEST: Final = 0x20
_ASCII_END: Final = 0x7F
_END: Final = 0x110000
_CLASSES: Final = ((0x30, 0x3A), (0x41, 0x5B), (0x61, 0x7B))
"""Digits and letters: a key that has one of them at a place mostly has others of its kind there."""
_UNFIT: Final = ((0x7F, 0xA1), (0xD800, 0xE000), (0xFDD0, 0xFDF0), (0xFFFE, 0x10000))

_NONCHARACTER: Final = 0xFFFE
"""The last two codes of each plane are no characters."""


def midpoint(low: bytes, high: bytes | None) -> bytes | None:
    """A key strictly between; ``high`` None: no end. None where no plain one is found."""
    left = _plain(low)
    right = None if high is None else _plain(high)
    if right is None and high is not None and high > low:
        return None
    for candidate in _candidates(left, right):
        raw = candidate.encode()
        if low < raw and (high is None or raw < high):
            return raw
    return None


def block_end(low: bytes, length: int) -> bytes | None:
    """The first key after all that share the first ``length`` characters of ``low``; None: no plain one."""
    text = _plain(low)
    if not 0 < length <= len(text):
        return None
    last = _fit_from(ord(text[length - 1]) + 1)
    return (text[: length - 1] + chr(last)).encode() if last is not None else None


def plain_length(low: bytes) -> int:
    """How many characters of the key, from its start, may stand in a cut."""
    return len(_plain(low))


def _candidates(left: str, right: str | None) -> list[str]:
    """Where left and right part: between their characters; else further down the left or the right side."""
    at = 0
    while right is not None and at < len(left) and at < len(right) and left[at] == right[at]:
        at += 1
    below = ord(left[at]) if at < len(left) else _LOWEST - 1
    above = None if right is None else ord(right[at]) if at < len(right) else _LOWEST
    found = []
    between = _between(below, _END if above is None else above)
    if between is not None:
        found.append(left[:at] + chr(between))
    for place in range(at + 1, len(left) + 1):
        deeper = _between(ord(left[place]) if place < len(left) else _LOWEST - 1, _END)
        if deeper is not None:
            found.append(left[:place] + chr(deeper))
    if right is not None:
        found.extend(right[:place] for place in range(at + 1, len(right)))
    return found


def _between(below: int, above: int) -> int | None:
    """A character strictly between, of the kind of ``below`` first, then ASCII, then any."""
    ranges = [(below, min(above, end)) for start, end in _CLASSES if start <= below < end]
    ranges += [(max(below, _LOWEST - 1), min(above, _ASCII_END)), (below, above)]
    for low, high in ranges:
        if high - low > 1:
            fit = _fit_from((low + high) // 2)
            if fit is not None and low < fit < high:
                return fit
            fit = _fit_from(low + 1)
            if fit is not None and fit < high:
                return fit
    return None


def _fit_from(code: int) -> int | None:
    code = max(code, _LOWEST)
    for start, end in _UNFIT:
        if start <= code < end:
            code = end
    return None if code >= _END or code & _NONCHARACTER == _NONCHARACTER else code


def _plain(raw: bytes) -> str:
    """The longest start of a key that is printable text."""
    text = key_of(raw)
    for at, character in enumerate(text):
        code = ord(character)
        if _fit_from(code) != code:
            return text[:at]
    return text
