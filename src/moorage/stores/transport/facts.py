"""What headers say of an object, alike at all providers that keep metadata in headers."""

from __future__ import annotations

from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header

from moorage.model.keys import ETag


def etag_of(headers: Mapping[str, str]) -> ETag:
    """The entity tag without quotes."""
    return ETag(headers.get("ETag", "").strip('"'))


def metadata_in(headers: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The metadata in headers whose names begin with ``prefix``, which is in small letters."""
    return {
        name[len(prefix) :].lower(): _decoded(value)
        for name, value in headers.items()
        if name.lower().startswith(prefix)
    }


def _decoded(value: str) -> str:
    """What is not ASCII comes back as an encoded word (RFC 2047)."""
    if not value.startswith("=?"):
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value
