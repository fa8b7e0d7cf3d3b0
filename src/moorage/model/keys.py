"""Keys of objects: bytes outside, ``str`` with surrogateescape inside.

Order is always the order of the bytes. A ``str`` comparison differs from it where undecodable
bytes occur, so sort and compare ``key_bytes(key)``.
"""

from __future__ import annotations

import re
from typing import Final, NewType

Key = NewType("Key", str)
"""An object's name in its bucket, every byte of it; never normalised."""
Prefix = NewType("Prefix", str)
"""Empty, or ends with ``/``."""
Bucket = NewType("Bucket", str)
ETag = NewType("ETag", str)
"""The provider's entity tag without quotes; empty where there is none."""

ESCAPED: Final = "escaped"
_NO_BYTES = re.compile(r"[\ud800-\udc7f\udd00-\udfff]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\\\u2028\u2029\ud800-\udfff]")
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|\\)")


def key_bytes(key: str) -> bytes:
    """The bytes of a key, as the provider has them."""
    return key.encode("utf-8", "surrogateescape")


def key_of(raw: bytes) -> Key:
    """The key of these bytes; the inverse of ``key_bytes`` for any bytes."""
    return Key(raw.decode("utf-8", "surrogateescape"))


def prefix_of(text: str) -> Prefix:
    """The prefix meant by ``text``: a missing final ``/`` is added, nothing else changes."""
    return Prefix(text if not text or text.endswith("/") else text + "/")


def needs_escape(key: str) -> bool:
    """True where a key cannot be written in JSON as it is: bytes that are no UTF-8."""
    return any("\ud800" <= character <= "\udfff" for character in key)


def has_bytes(text: str) -> bool:
    """False for a text that no bytes are the key of: JSON can spell half a character alone."""
    return _NO_BYTES.search(text) is None


def escape(key: str) -> str:
    r"""A printable form: control characters and undecodable bytes as ``\xNN``, ``\`` doubled."""

    def one(match: re.Match[str]) -> str:
        if match.group() == "\\":
            return "\\\\"
        raw = key_bytes(match.group()) if has_bytes(match.group()) else match.group().encode("utf-8", "surrogatepass")
        return "".join(f"\\x{byte:02x}" for byte in raw)

    return _UNPRINTABLE.sub(one, key)


def unescape(text: str) -> Key:
    r"""The key that ``escape`` wrote; text without a backslash is returned as it is."""

    def one(match: re.Match[bytes]) -> bytes:
        code = match.group(1)
        return b"\\" if code == b"\\" else bytes([int(code[1:], 16)])

    return key_of(_ESCAPE.sub(one, key_bytes(text)))


def after_prefix(prefix: bytes) -> bytes | None:
    """The smallest bytes greater than everything that begins with ``prefix``; None: no end."""
    trimmed = prefix.rstrip(b"\xff")
    return trimmed[:-1] + bytes([trimmed[-1] + 1]) if trimmed else None
