"""Identifiers of images and folders in addresses: an id, or an id with an expiry and a signature.

``4096~1793188800~1f2e3d4c~K3n...`` is item 4096 for whoever has this address, until it expires. All that a viewer asks
of an image begins with its identifier, so that one signature admits to all of it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Final

from moorage.edge.face import Face
from moorage.model.errors import NotFound, SignInNeeded
from moorage.model.secrecy import Claim

IMAGE: Final = "iiif"
"""The variant that signatures of images bind."""
FOLDER: Final = "iiif folder"
"""That of manifests of folders; folders have ids of their own."""
_IDENTIFIER: Final = re.compile(r"(\d{1,16})(?:~(\d{1,12})~([0-9a-f]{1,16})~([\w-]{1,100}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identifier:
    """What an address names, and the signature that came with it."""

    id: int
    expires_s: int | None = None
    key_id: str = ""
    signature: str = ""

    @property
    def signed(self) -> bool:
        """Whether it came with a signature, which may be none of ours."""
        return self.expires_s is not None

    @property
    def query(self) -> dict[str, str]:
        """The signature as the query of a signed URL has it."""
        if self.expires_s is None:
            return {}
        return {"expires": str(self.expires_s), "kid": self.key_id, "signature": self.signature}

    def __str__(self) -> str:
        return f"{self.id}~{self.expires_s}~{self.key_id}~{self.signature}" if self.signed else str(self.id)


def named(text: str) -> Identifier:
    """The identifier that a text is. Raises NotFound for what can be none."""
    match = _IDENTIFIER.fullmatch(text)
    if match is None:
        raise NotFound(f"There is no image {text[:40]!r}.", "Name it by its item id, or by a signed identifier.")
    number, expires, key_id, signature = match.groups()
    if expires is None:
        return Identifier(int(number))
    return Identifier(int(number), int(expires), key_id, signature)


def signed(uses: Face, number: int, variant: str, expires_s: int) -> Identifier:
    """An identifier that admits whoever has it, until it expires."""
    key_id, signature = uses.signer.sign(Claim(number, variant, expires_s))
    return Identifier(number, expires_s, key_id, signature)


def need_signature(uses: Face, given: Identifier, variant: str) -> None:
    """Raise SignInNeeded unless the signature is ours, for this, and has not expired."""
    claim = Claim(given.id, variant, given.expires_s or 0)
    if not uses.signer.verify(claim, given.key_id, given.signature, time.time()):
        raise SignInNeeded("This signed address has expired, or is not one of ours.", "Ask for a new one.")
