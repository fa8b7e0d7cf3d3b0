"""The one table from errors to exit codes, and how an error is told."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Final

from moorage.model import errors
from moorage.model.errors import MoorageError


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    TRY_AGAIN = 5
    PARTLY = 6
    UNVERIFIED = 7
    CONFLICT = 8
    INTERRUPTED = 130


MEANINGS: Final = {
    Exit.OK: "done",
    Exit.UNEXPECTED: "something unexpected, or a job that failed",
    Exit.USAGE: "wrong usage or a value that does not fit",
    Exit.NOT_FOUND: "not found",
    Exit.REFUSED: "refused, or a job waits for an answer",
    Exit.TRY_AGAIN: "try again",
    Exit.PARTLY: "partly done, or a job that was cancelled",
    Exit.UNVERIFIED: "verification failed",
    Exit.CONFLICT: "conflict",
    Exit.INTERRUPTED: "interrupted",
}

CODES: Final[dict[type[MoorageError], Exit]] = {
    errors.Invalid: Exit.USAGE,
    errors.RangeUnsatisfiable: Exit.USAGE,
    errors.NotFound: Exit.NOT_FOUND,
    errors.Refused: Exit.REFUSED,
    errors.Unstorable: Exit.REFUSED,
    errors.SealBroken: Exit.REFUSED,
    errors.Undecodable: Exit.REFUSED,
    errors.TryAgain: Exit.TRY_AGAIN,
    errors.BodyBroken: Exit.UNVERIFIED,
    errors.Conflict: Exit.CONFLICT,
    MoorageError: Exit.UNEXPECTED,
}
"""An error's code is that of its nearest class here."""

SIGN_IN: Final = (
    "Set MOORAGE_TOKEN to a token of this server. On its machine, this makes one: moorage token add NAME --user EMAIL"
)
"""A server's own advice is for browsers."""


def code_of(error: MoorageError) -> Exit:
    """The exit code of an error."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)


def complain(error: MoorageError) -> Exit:
    """Tell an error on stderr, what to do next on a line of its own; its exit code."""
    print(f"moorage: {error.message}", file=sys.stderr)  # noqa: T201 - the command line's own voice
    if isinstance(error, errors.InUse):
        for user in error.users:
            print(f"  used by {user}", file=sys.stderr)  # noqa: T201
    if isinstance(error, errors.ProbeFailed) and error.report is not None:
        from moorage.cli.printing import print_report_lines

        print_report_lines(error.report)
    advice = SIGN_IN if isinstance(error, errors.SignInNeeded) else error.advice
    if advice:
        print(advice, file=sys.stderr)  # noqa: T201
    return code_of(error)
