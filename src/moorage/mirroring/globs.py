"""Which keys of a prefix a mirror takes: include and exclude globs on the key relative to the prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from moorage.model.errors import Invalid

MAX_GLOBS: Final = 100
MAX_LENGTH: Final = 1024
_TOKEN: Final = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANING: Final = {"**/": "(?:[^/]*/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Globs:
    """Takes a key that an include matches (any key where there are none) and no exclude matches.

    ``*`` and ``?`` stay within a segment, ``**`` crosses them, ``**/`` is any number of folders, none
    included. Case matters; everything else stands for itself.
    """

    def __init__(self, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> None:
        self._include = _compile(include)
        self._exclude = _compile(exclude)

    @property
    def take_all(self) -> bool:
        """True when there is nothing to ask per key."""
        return self._include is None and self._exclude is None

    def take(self, relative: str) -> bool:
        """Whether the mirror takes this key; ``relative`` is without the mirror's prefix."""
        if self._include is not None and not self._include.fullmatch(relative):
            return False
        return self._exclude is None or not self._exclude.fullmatch(relative)


def check_globs(globs: Iterable[str], field: str) -> tuple[str, ...]:
    """The globs as they are kept. Raises Invalid for empty, overlong or too many ones."""
    kept = tuple(globs)
    if len(kept) > MAX_GLOBS or any(not glob or len(glob) > MAX_LENGTH for glob in kept):
        raise Invalid(
            f"{field} takes at most {MAX_GLOBS} globs of 1 to {MAX_LENGTH} characters.",
            "Shorten the list.",
            field=field,
        )
    return kept


def _compile(globs: Iterable[str]) -> re.Pattern[str] | None:
    patterns = ["".join(_MEANING.get(token, "") or re.escape(token) for token in _TOKEN.findall(g)) for g in globs]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.DOTALL) if patterns else None
