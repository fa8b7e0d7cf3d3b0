"""What is wrong in a file, told by its place. The text of the file itself is never repeated: it holds secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.keys import escape

_LONGEST: Final = 63


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: lines count from 1; ``entry`` and ``field`` are empty where none is known.

    ``variables``: no file but variables whose names begin so, and have no lines.
    """

    file: str
    lines: tuple[int, ...] = ()
    entry: str = ""
    field: str = ""
    variables: str = ""

    def at(self, *lines: int, field: str = "") -> Spot:
        """Another place in the same entry."""
        return replace(self, lines=tuple(sorted(lines)), field=field or self.field)

    def fault(self, what: str, advice: str) -> Invalid:
        """The error for what is wrong here."""
        if self.variables:
            variable = " and ".join(f"{self.variables}{name.upper()}" for name in self.field.split(" and "))
            return Invalid(f"{variable}: {what}", advice, field=variable)
        words = [self.file, *_lines(self.lines)]
        words += [f"entry {named(self.entry)}"] * bool(self.entry) + [self.field] * bool(self.field)
        return Invalid(
            f"{', '.join(words)}: {what}", advice, field=".".join(filter(None, (named(self.entry), self.field)))
        )


def named(entry: str) -> str:
    """An entry's name as messages show it."""
    return escape(entry[:_LONGEST])


def _lines(lines: Iterable[int]) -> Iterable[str]:
    told = [str(line) for line in lines]
    if told:
        yield f"line{'s' * (len(told) > 1)} {' and '.join(told)}"
