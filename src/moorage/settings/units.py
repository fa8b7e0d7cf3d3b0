"""Sizes and times as people write them, in the units of nginx."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_SIZE: Final = re.compile(r"(\d+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_POWER: Final = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_TIME_PART: Final = re.compile(r"\s*(\d+)\s*(ms|[smhdwMy]?)")
_SECONDS: Final = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}


def size(text: object) -> object:
    """Bytes of ``10g``, ``512m``, ``1024``; k, m, g and t are powers of 1,024. Anything but text is returned as it is.

    Raises: ValueError.
    Source: https://nginx.org/en/docs/syntax.html
    """
    if not isinstance(text, str):
        return text
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError("write a size such as 512m, 10g or a number of bytes")
    number, unit = match.groups()
    return int(number) * 1024 ** _POWER[unit.lower()]


def duration(text: object) -> object:
    """The time meant by ``12h``, ``7d``, ``1h 30m`` or a number of seconds; ``M`` is 30 days, ``y`` 365.

    Raises: ValueError.
    Source: https://nginx.org/en/docs/syntax.html
    """
    if isinstance(text, int | float):
        return timedelta(seconds=text)
    if not isinstance(text, str):
        return text
    parts, end = [], 0
    while match := _TIME_PART.match(text, end):
        parts.append(match.groups())
        end = match.end()
    if not parts or text[end:].strip():
        raise ValueError("write a time such as 30s, 15m, 12h, 7d or 1h 30m")
    return timedelta(seconds=sum(int(number) * _SECONDS[unit] for number, unit in parts))


def size_text(count: int) -> str:
    """The shortest exact form of a size: ``10g``, ``1500k``, ``7``."""
    for unit in ("t", "g", "m", "k"):
        whole, rest = divmod(count, 1024 ** _POWER[unit])
        if whole and not rest:
            return f"{whole}{unit}"
    return str(count)


def duration_text(time: timedelta) -> str:
    """The shortest exact form of a time in one unit: ``7d``, ``90m``, ``1500ms``."""
    milliseconds = round(time.total_seconds() * 1000)
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        whole, rest = divmod(milliseconds, length)
        if whole and not rest:
            return f"{whole}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"
