"""Ports for what must stay secret: sealing at rest, passwords, signatures of URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Sealer(Protocol):
    """Seals bytes for the database and opens them again."""

    def seal(self, plain: bytes) -> bytes: ...

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes. SealBroken when no key at hand opens them."""


class Passwords(Protocol):
    """Slow hashes of passwords. Calls take about 50 ms and 64 MiB; run them two at a time at most."""

    def hash(self, password: str) -> str: ...

    def matches(self, hash_: str, password: str) -> bool:
        """True when it is that password. An empty hash takes as long as any and is False."""

    def outdated(self, hash_: str) -> bool:
        """True when the parameters of the hash are weaker than today's."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signed URL allows: reading one variant of one item until ``expires_s`` (Unix seconds)."""

    item: int
    variant: str
    """``content``, ``preview``, ``poster``."""
    expires_s: int
    method: str = "GET"
    """GET admits HEAD as well."""
    disposition: str = ""


class UrlSigner(Protocol):
    """Signs claims; several keys may be valid at once, each named by its id."""

    seal_secret: str
    """For seals, which a proxy checks that is told it."""

    def sign(self, claim: Claim) -> tuple[str, str]:
        """(key id, signature), both URL-safe text."""

    def verify(self, claim: Claim, key_id: str, signature: str, now_s: float) -> bool:
        """True when the signature is ours and the claim has not expired; takes constant time."""
