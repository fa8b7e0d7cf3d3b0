"""Aliases: names that a project gives to items, and may give to others later."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final

from moorage.model.catalogue import ItemId
from moorage.model.errors import Invalid
from moorage.model.keys import escape

LONGEST: Final = 200
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that nobody sees, or that turn others round."""


@dataclass(frozen=True, slots=True)
class AliasSet:
    """One time that an alias was set. ``email``: of whom, as it was then."""

    item: ItemId
    user: int
    email: str
    set_ms: int


@dataclass(frozen=True, slots=True)
class Alias:
    """A name and what it has stood for, the last first; there is at least one."""

    name: str
    history: tuple[AliasSet, ...]

    @property
    def now(self) -> AliasSet:
        """What it stands for."""
        return self.history[0]


def sound_alias(name: str) -> str:
    """The name as it is kept: composed Unicode, so that one spelling is one alias. Raises Invalid.

    A number alone is none, because ids are numbers.
    """
    composed = unicodedata.normalize("NFC", name)
    unfit = any(unicodedata.category(letter) in _UNSEEN or letter == "/" for letter in composed)
    if unfit or not composed.strip() or composed != composed.strip() or composed.isdigit() or len(composed) > LONGEST:
        raise Invalid(
            f"'{escape(name[:80])}' cannot be an alias. Nothing was changed.",
            f"Use 1 to {LONGEST} characters without '/', control characters and blanks at the ends, not digits alone.",
            field="name",
        )
    return composed
