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
BYTES: Final = (
    ("content-security-policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
)
INLINE_TYPES: Final = frozenset({
    "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp", "image/jxl",
    "video/mp4", "video/webm", "video/ogg", "video/quicktime", "video/x-matroska",
    "audio/mpeg", "audio/wav", "audio/flac", "audio/ogg",
})  # fmt: skip
"""Served as they are. All else a browser saves to disk: it could run scripts in our name."""
