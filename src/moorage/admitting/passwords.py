"""What a password must be. Source: NIST SP 800-63B, section 3.1.1: length counts, composition rules do not."""

from __future__ import annotations

from typing import Final

from moorage.model.errors import Invalid

MIN_LETTERS: Final = 10
MAX_LETTERS: Final = 256
_FEW: Final = 5
"""A password of fewer different letters is a pattern."""
_KNOWN: Final = (
    "password",
    "passwort",
    "moorage",
    "letmein",
    "welcome",
    "changeme",
    "iloveyou",
    "administrator",
    "qwertyuiop",
    "qwertzuiop",
    "1234567890",
    "0987654321",
    "abcdefghijklmnopqrstuvwxyz",
)
_PADDING: Final = "0123456789!?.,-_*#$@ "


def check_password(password: str, email: str) -> None:
    """Raise Invalid when ``password`` is too short, too long, or what anyone would try first for ``email``."""
    if len(password) < MIN_LETTERS:
        raise _bad(f"It is shorter than {MIN_LETTERS} letters.")
    if len(password) > MAX_LETTERS:
        raise _bad(f"It is longer than {MAX_LETTERS} letters.")
    plain = password.lower()
    if len(set(plain)) < _FEW:
        raise _bad(f"It has fewer than {_FEW} different letters.")
    if plain in (email, email.partition("@")[0], email.partition("@")[2]):
        raise _bad("It is the e-mail address, or part of it.")
    core = plain.strip(_PADDING)
    if any(plain == word or (core and core in (word, word * 2)) or plain in word for word in _KNOWN):
        raise _bad("It is among the first that anyone would try.")


def _bad(reason: str) -> Invalid:
    return Invalid(
        f"This password will not do. {reason} Nothing was changed.",
        f"Choose {MIN_LETTERS} letters or more; a few words that do not belong together are good.",
        field="password",
    )
