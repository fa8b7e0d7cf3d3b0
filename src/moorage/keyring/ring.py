"""The ring: one or more Fernet keys, the first of which is primary."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.fernet import Fernet

from moorage.model.errors import Invalid

KEY_BYTES: Final = 32
"""A Fernet key is 128 bits for signing and 128 bits for encryption."""
HOW_TO_MAKE: Final = "openssl rand -base64 32 | tr '+/' '-_'"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys in force. The first one seals and signs; all of them open and verify.

    Neither repr nor str shows a key.
    """

    keys: tuple[bytes, ...] = field(repr=False)
    """URL-safe base64 of 32 bytes each, as Fernet writes them; never empty."""

    @classmethod
    def new(cls) -> KeyRing:
        """A ring of one fresh random key."""
        return cls((Fernet.generate_key(),))

    @classmethod
    def parse(cls, text: str, *, source: str) -> KeyRing:
        """The ring that ``text`` spells: one key a line, or several between blanks or commas.

        Lines that begin with ``#`` are passed over; a key that stands twice counts once. ``source`` names the
        place in the error. Raises Invalid when there is no key, or when one is not a Fernet key.
        """
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        words = [word for word in re.split(r"[\s,]+", "\n".join(lines)) if word]
        if not words:
            raise Invalid(f"There is no key in {source}.", f"Make one: {HOW_TO_MAKE}", field="secret_key")
        return cls(tuple(dict.fromkeys(_checked(word, source) for word in words)))

    @property
    def primary(self) -> bytes:
        """The key that seals and signs."""
        return self.keys[0]

    def rotated(self) -> KeyRing:
        """This ring with a fresh primary key in front; all older keys still open."""
        return KeyRing((Fernet.generate_key(), *self.keys))

    def text(self) -> str:
        """One key a line, primary first: the contents of the key file. Secret."""
        return "".join(f"{key.decode('ascii')}\n" for key in self.keys)


def _checked(word: str, source: str) -> bytes:
    try:
        raw = base64.b64decode(word.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise Invalid(
            f"A key in {source} is not the URL-safe base64 of {KEY_BYTES} bytes.",
            f"Make one: {HOW_TO_MAKE}",
            field="secret_key",
        ) from None  # the cause would show the key
    return base64.urlsafe_b64encode(raw)
