"""Names that are taken: what to do with each, by ``--if-exists`` or by asking on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from typing import Final

import typer

from moorage.model.errors import Invalid
from moorage.model.keys import escape


class IfExists(StrEnum):
    """What becomes of a file whose name is taken."""

    REFUSE = "refuse"
    REPLACE = "replace"
    BOTH = "both"
    SKIP = "skip"


_ANSWERS: Final = {"r": IfExists.REPLACE, "b": IfExists.BOTH, "s": IfExists.SKIP}
Quiet = Callable[[], AbstractContextManager[object]]
"""Takes what moves on the terminal away while somebody is asked."""


class Taken:
    """Decides about one taken name after the other; an answer in capitals holds for all the rest."""

    def __init__(self, word: str | None) -> None:
        self.always = None if word is None and sys.stdin.isatty() and sys.stderr.isatty() else _mode_of(word)
        """The decision for every name; None: each is asked about."""
        self.quiet: Quiet = nullcontext

    def decide(self, place: str) -> IfExists:
        """What to do about a place whose name is taken."""
        if self.always is not None:
            return self.always
        with self.quiet():
            answer = next(self._answers(place))
        decision = _ANSWERS[answer.lower()]
        if answer.isupper():
            self.always = decision
        return decision

    @staticmethod
    def _answers(place: str) -> Iterator[str]:
        question = f"{escape(place)} is there already. r: replace it, b: keep both, s: skip; R, B, S: so for all"
        while True:
            answer = str(typer.prompt(question, default="s", err=True)).strip()
            if answer.lower() in _ANSWERS:
                yield answer


def _mode_of(word: str | None) -> IfExists:
    try:
        return IfExists(word or IfExists.REFUSE)
    except ValueError as exc:
        raise Invalid(
            f"{word} is no way to treat a taken name.", f"Write {', '.join(IfExists)}.", field="if_exists"
        ) from exc
