"""Signed URLs: HMAC-SHA256 under keys derived from the ring, each named by an id."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from moorage.keyring.ring import KEY_BYTES, KeyRing
from moorage.model.secrecy import Claim

_SIGN: Final = b"moorage signed url 1"
_NAME: Final = b"moorage key id 1"
_SEAL: Final = b"moorage nginx seal 1"
_SHORT: Final = 256
"""Characters of a claim that is remembered: anybody may claim things of any length."""
_READING: Final = frozenset({"GET", "HEAD"})


class RingSigner:
    """A ``UrlSigner``: the primary key signs; URLs signed by any key of the ring are valid until they expire."""

    def __init__(self, ring: KeyRing) -> None:
        self.take(ring)

    def take(self, ring: KeyRing) -> None:
        """Sign and verify with these keys from now on; for a rotation."""
        # One assignment: a thread sees the keys of one ring or of the other.
        self._ring = _key_id(ring.primary), {_key_id(key): _derived(key, _SIGN) for key in ring.keys}
        self.seal_secret = _derived(ring.primary, _SEAL).hex()
        """What an nginx in front is told, so that it can check seals."""

    def sign(self, claim: Claim) -> tuple[str, str]:
        """(key id: 8 hex digits, signature: 43 characters of URL-safe base64)."""
        primary, keys = self._ring
        return primary, _signature_of(keys[primary], claim)

    def verify(self, claim: Claim, key_id: str, signature: str, now_s: float) -> bool:
        """True when the signature is ours and ``now_s`` is before the expiry.

        An unknown key id, a wrong signature and an expired claim take the same time.
        """
        primary, keys = self._ring
        key = keys.get(key_id)
        expected = _signature_of(keys[primary] if key is None else key, claim)
        same = hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8", "replace"))
        return same & (key is not None) & (now_s < claim.expires_s)


def _signature_of(key: bytes, claim: Claim) -> str:
    method = "read" if claim.method in _READING else claim.method
    find = _remembered if len(claim.variant) + len(claim.disposition) <= _SHORT else _signature
    return find(key, method, claim.item, claim.variant, claim.expires_s, claim.disposition)


def _signature(key: bytes, *words: str | int) -> str:
    # a JSON list, so that no two claims have the same text whatever their fields hold
    text = json.dumps(words)
    digest = hmac.digest(key, text.encode("ascii"), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


_remembered = lru_cache(4096)(_signature)
"""Whoever shows a page of pictures asks for each of them more than once."""


def _key_id(key: bytes) -> str:
    return hashlib.sha256(_derived(key, _NAME)).hexdigest()[:8]


def _derived(key: bytes, purpose: bytes) -> bytes:
    raw = base64.urlsafe_b64decode(key)
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(raw)
