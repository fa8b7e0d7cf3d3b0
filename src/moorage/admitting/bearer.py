"""Texts that admit whoever bears them: random, 256 bits, and known to the database by their SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

TOKEN_MARK: Final = "mrg_"  # noqa: S105 (what all tokens begin with, so that scanners find lost ones)
_BYTES: Final = 32


def new_bearer(mark: str = "") -> str:
    """A new secret text, safe in URLs and headers: ``mark`` and 43 letters."""
    return mark + secrets.token_urlsafe(_BYTES)


def hash_of(text: str) -> bytes:
    """What is stored in place of the text. It needs no salt: nobody can guess 256 bits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
