"""What an answer says of an object: its size, its version, its type, and which of its bytes come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from moorage.model.keys import ETag, Key
from moorage.model.objects import ObjectInfo

_STRONG: Final = re.compile(r'"([\x21\x23-\x7e]{1,200})"')
_WEAK: Final = re.compile(r'W/"([\x21\x23-\x7e]{1,200})"')
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_SIZE_ONLY: Final = re.compile(r"bytes \*/(\d{1,18})")
_LENGTH: Final = re.compile(r"\d{1,18}")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}/[a-z0-9][a-z0-9.+-]{0,60}")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes [start, stop) of an object of ``size`` bytes."""

    start: int
    stop: int
    size: int


def length_of(headers: Mapping[str, str]) -> int | None:
    """The length of the body; None where it is not told."""
    text = headers.get("Content-Length", "").strip()
    return int(text) if _LENGTH.fullmatch(text) and "Transfer-Encoding" not in headers else None


def span_of(headers: Mapping[str, str]) -> Span | None:
    """The part of the object that comes; None where ``Content-Range`` does not tell it. RFC 9110, section 14.4."""
    told = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if told is None:
        return None
    first, last, size = (int(one) for one in told.groups())
    return Span(first, last + 1, size) if first <= last < size else None


def size_only(headers: Mapping[str, str]) -> int | None:
    """The object's size in the answer that no byte lies in the range."""
    told = _SIZE_ONLY.fullmatch(headers.get("Content-Range", "").strip())
    return int(told[1]) if told else None


def type_of(headers: Mapping[str, str]) -> str:
    """The media type alone, in lower case; empty where there is none or it is not one."""
    told = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return told if _TYPE.fullmatch(told) else ""


def packed(headers: Mapping[str, str]) -> bool:
    """Whether the bytes come compressed though they were asked for as they are."""
    return headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")


def versions_of(headers: Mapping[str, str], size: int, now_s: float, window_s: float) -> list[ETag]:
    """What names the version of this answer, the best first; an object is unchanged where one of them is the same.

    The strong ETag, else Last-Modified with the size, else a weak ETag with it. Where a server tells none of these,
    the time of the fetch, in windows: what was fetched in this one or the one before counts as the same version.
    """
    etag, modified_ms = headers.get("ETag", "").strip(), modified_of(headers)
    found = []
    if strong := _STRONG.fullmatch(etag):
        found.append(strong[1])
    if modified_ms:
        found.append(f"modified-{modified_ms // 1000:x}-{size:x}")
    if weak := _WEAK.fullmatch(etag):
        found.append(f"weak-{weak[1]}-{size:x}")
    if not found:
        window = int(now_s // window_s)
        found = [f"fetched-{one:x}-{size:x}" for one in (window, window - 1)]
    return [ETag(one) for one in found]


def modified_of(headers: Mapping[str, str]) -> int:
    """``Last-Modified`` in Unix milliseconds; 0 where it is absent, unreadable or before 1970."""
    try:
        return max(0, int(parsedate_to_datetime(headers.get("Last-Modified", "")).timestamp()) * 1000)
    except (ValueError, OverflowError):
        return 0


def info_of(key: Key, headers: Mapping[str, str], size: int, version: ETag) -> ObjectInfo:
    """The object as an answer describes it."""
    return ObjectInfo(key, size, version, modified_of(headers), media_type=type_of(headers))
