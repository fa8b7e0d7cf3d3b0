"""E-mail addresses as names of accounts."""

from __future__ import annotations

import re
from typing import Final

from moorage.model.errors import Invalid

MAX_LETTERS: Final = 254
"""Source: RFC 5321, section 4.5.3.1.3, less the angle brackets."""
_SHAPE: Final = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def normal_email(text: str) -> str:
    """The one form in which an account is named: no blanks around it, lower case.

    Raises Invalid for what is no e-mail address. ``admin@localhost`` is one.
    """
    email = text.strip().lower()
    if len(email) > MAX_LETTERS or not _SHAPE.fullmatch(email):
        raise Invalid("This is not an e-mail address. Nothing was changed.", "Write name@example.org.", field="email")
    return email


def account_name(typed: str) -> str:
    """The account that someone who signs in means; empty for what can be none."""
    try:
        return normal_email(typed)
    except Invalid:
        return ""
