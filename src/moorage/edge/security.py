"""Headers that every answer carries, and those of bytes that users brought."""

from __future__ import annotations

from typing import Final

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGES: Final = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
)


def policy_reaching(origin: str) -> str:
    """The policy of a page whose scripts may also fetch from a bucket at ``origin``."""
    return _POLICY.replace("connect-src 'self'", f"connect-src 'self' {origin}")


def policy_showing(origin: str) -> str:
    """The policy of a page whose picture or film may come from a bucket at ``origin``."""
    shown = _POLICY.replace("media-src 'self'", f"media-src 'self' {origin}")
    return shown.replace("img-src 'self' data:", f"img-src 'self' data: {origin}")


BYTES: Final = (
    ("content-security-policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
)
SHARED: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "accept-ranges, content-length, content-range, etag, last-modified"),
    ("cross-origin-resource-policy", "cross-origin"),
)
"""Of bytes behind a signed URL: whoever has it may show them on a page of its own, such as an annotation tool's."""
PREFLIGHT: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD"),
    ("access-control-allow-headers", "range, if-range, if-none-match, if-modified-since"),
    ("access-control-max-age", "600"),
)
"""Of the question that a browser asks before it sends such headers from another page."""
INLINE_TYPES: Final = frozenset({
    "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp", "image/jxl",
    "video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-matroska",
    "audio/mpeg", "audio/wav", "audio/flac", "audio/ogg",
})  # fmt: skip
"""Served as they are. All else a browser saves to disk: it could run scripts in our name."""
