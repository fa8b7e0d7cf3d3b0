"""Sealing at rest by MultiFernet."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from moorage.keyring.ring import KeyRing
from moorage.model.errors import SealBroken

_MESSAGE = "No key at hand opens these sealed credentials. They were left as they are."
_ADVICE = (
    "Bring back the key that sealed them (the key file, or MOORAGE_SECRET_KEY); or run `moorage secrets reset`, "
    "which forgets the credentials of stores, only those, and lists the stores to fill in again."
)


class RingSealer:
    """A ``Sealer``: the primary key seals, every key of the ring opens."""

    def __init__(self, ring: KeyRing) -> None:
        self.take(ring)

    def take(self, ring: KeyRing) -> None:
        """Seal and open with these keys from now on; for a rotation. Calls under way end with those from before."""
        self._fernet = MultiFernet([Fernet(key) for key in ring.keys])

    def seal(self, plain: bytes) -> bytes:
        """Sealed bytes, different each time."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes. Raises SealBroken when no key of the ring opens them, or a byte was changed."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as exc:
            raise SealBroken(_MESSAGE, _ADVICE) from exc

    def reseal(self, sealed: bytes) -> bytes:
        """The same plain bytes under the primary key; for a rotation. Raises SealBroken."""
        try:
            return self._fernet.rotate(sealed)
        except InvalidToken as exc:
            raise SealBroken(_MESSAGE, _ADVICE) from exc
