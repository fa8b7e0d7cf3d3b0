"""What a slice that raised leaves in its job: a cause with advice, and whether another try makes sense."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import BodyBroken, MoorageError, TryAgain
from moorage.model.jobs import Cause

MAX_TRIES: Final = 5
"""Failures in a row after which a job fails."""
_LONGEST_S: Final = 60.0
_WORD_START: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause by its name. ``passing``: the same slice may succeed later."""

    name: str
    cause: Cause
    passing: bool
    retry_after_s: float = 0.0


def failure_of(error: Exception, step: str) -> Failure:
    """Our own errors tell of themselves; of any other only the type is shown, its text may hold secrets."""
    if not isinstance(error, MoorageError):
        example = f"{type(error).__name__} in the step {step!r}."
        advice = "This is a defect of Moorage: the server's log holds the details. Retry continues where it stopped."
        return Failure("unexpected error", Cause(1, example, advice), passing=True)
    name = _WORD_START.sub(" ", type(error).__name__).lower()
    wish = error.retry_after_s or 0.0 if isinstance(error, TryAgain) else 0.0
    passing = isinstance(error, TryAgain | BodyBroken)
    return Failure(name, Cause(1, error.message, error.advice), passing=passing, retry_after_s=wish)


def backoff_s(tries: int, base_s: float, retry_after_s: float) -> float:
    """Seconds to wait before the next try: doubling, at most a minute, with jitter, not less than was asked."""
    longest = min(_LONGEST_S, base_s * 2.0**tries)
    return max(retry_after_s, random.uniform(longest / 2, longest))  # noqa: S311 - jitter, not a secret
