"""Ranges and conditions of RFC 9110, decided before any byte is read.

``decide`` takes the request's headers and what is known of the representation and says what to answer:
304, 412, 416, all of it, one range or several.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from moorage.edge.times import from_http_date

MAX_RANGES: Final = 16
"""More ranges in one request are answered with the whole representation (RFC 9110, section 14.2)."""
_PLAIN: Final = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")
"""One range with both ends, as players and readers of arrays send it."""
_RANGE: Final = re.compile(r"(\d{1,18})?-(\d{1,18})?")


class Representation(NamedTuple):
    """What is known of the bytes: length, strong entity tag (without quotes) and time in Unix ms."""

    size: int
    etag: str
    modified_ms: int


class Span(NamedTuple):
    """Bytes [start, stop)."""

    start: int
    stop: int


class Decision(NamedTuple):
    """The status to answer, and for 206 the spans in the order asked for."""

    status: int
    spans: tuple[Span, ...] = ()


WHOLE: Final = Decision(200)
_REFUSED: Final = {status: Decision(status) for status in (304, 412)}


def decide(method: str, headers: Mapping[str, str], known: Representation) -> Decision:
    """Apply preconditions, then the range. ``headers`` have lower-case names.

    Source: RFC 9110, sections 13.2.2 (order of evaluation) and 14.2.
    """
    status = _preconditions(headers, known)
    if status:
        return _REFUSED[status]
    wanted = headers.get("range")
    if method != "GET" or wanted is None or not _range_stands(headers, known):
        return WHOLE
    return _plain(wanted, known.size) or _spans(wanted, known.size)


def _preconditions(headers: Mapping[str, str], known: Representation) -> int:
    match = headers.get("if-match")
    if match is not None:
        if not _named(match, known.etag, weak=False):
            return 412
    elif "if-unmodified-since" in headers and _newer(headers["if-unmodified-since"], known, default=False):
        return 412
    none_match = headers.get("if-none-match")
    if none_match is not None:
        return 304 if _named(none_match, known.etag, weak=True) else 0
    if "if-modified-since" in headers and not _newer(headers["if-modified-since"], known, default=True):
        return 304
    return 0


def _named(field: str, etag: str, *, weak: bool) -> bool:
    if etag and field == f'"{etag}"':
        return True
    if field.strip() == "*":
        return True
    if not etag:
        return False
    tags = re.findall(r'(?:W/)?"[^"]*"', field)
    return f'"{etag}"' in tags or (weak and f'W/"{etag}"' in tags)


def _newer(date: str, known: Representation, *, default: bool) -> bool:
    since = from_http_date(date)
    if since is None or not known.modified_ms:
        return default
    return known.modified_ms // 1000 > since


def _range_stands(headers: Mapping[str, str], known: Representation) -> bool:
    validator = headers.get("if-range")
    if validator is None:
        return True
    if validator.startswith('"'):
        return bool(known.etag) and validator == f'"{known.etag}"'
    if validator.startswith("W/"):
        return False
    since = from_http_date(validator)
    return since is not None and bool(known.modified_ms) and known.modified_ms // 1000 == since


def _plain(field: str, size: int) -> Decision | None:
    """What most requests ask for, decided at once; None for any other."""
    match = _PLAIN.fullmatch(field)
    if match is None:
        return None
    start, stop = int(match[1]), min(int(match[2]) + 1, size)
    return Decision(206, (Span(start, stop),)) if start < stop else None


def _spans(field: str, size: int) -> Decision:
    unit, _, listed = field.partition("=")
    if unit.strip().lower() != "bytes":
        return WHOLE
    asked = [part.strip() for part in listed.split(",") if part.strip()]
    if not asked or len(asked) > MAX_RANGES:
        return WHOLE
    spans: list[Span] = []
    for part in asked:
        match = _RANGE.fullmatch(part)
        if match is None or match.group() == "-":
            return WHOLE
        first, last = match.groups()
        if first and last and int(first) > int(last):
            return WHOLE
        span = _clipped(first, last, size)
        if span is not None:
            spans.append(span)
    if not spans:
        return Decision(416)
    if sum(span.stop - span.start for span in spans) > 2 * size:
        return WHOLE  # overlapping ranges that ask for the same bytes again and again
    return Decision(206, tuple(spans))


def _clipped(first: str | None, last: str | None, size: int) -> Span | None:
    if first is None:
        length = min(int(last or 0), size)
        return Span(size - length, size) if length else None
    start = int(first)
    stop = size if last is None else min(int(last) + 1, size)
    return Span(start, stop) if start < size else None
