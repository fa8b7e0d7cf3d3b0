"""Slow hashes of passwords by Argon2id."""

from __future__ import annotations

import base64
import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 64 * 1024
ROUNDS: Final = 3
LANES: Final = 4
"""Together the second recommended option. Source: RFC 9106, section 4."""


class Argon2Passwords:
    """``Passwords`` by Argon2id; with the default cost about 64 MiB and 50 to 100 ms a call. Safe in threads."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=lanes)
        # Well-formed, with the same cost as a real one, and of no password.
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={rounds},p={lanes}${_random(16)}${_random(32)}"

    def hash(self, password: str) -> str:
        """The encoded hash, with its salt and parameters; different each time."""
        return self._hasher.hash(_normal(password))

    def matches(self, hash_: str, password: str) -> bool:
        """True when it is that password. An empty hash takes as long as any and is False."""
        try:
            return self._hasher.verify(hash_ or self._nobody, _normal(password)) and bool(hash_)
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, hash_: str) -> bool:
        """True when the parameters of the hash are not today's."""
        return self._hasher.check_needs_rehash(hash_)


def _normal(password: str) -> bytes:
    # keyboards differ in how they compose accents. Source: RFC 8265, section 4.2 (OpaqueString)
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")


def _random(length: int) -> str:
    return base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode("ascii")
