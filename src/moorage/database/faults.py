"""Faults of the databases, as errors of ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError

from moorage.model.errors import Busy, Changed, Invalid, MoorageError

REPEATABLE: Final = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock: the same transaction may succeed when it is run again."""
_PASSING_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "is busy",
    sqlite3.SQLITE_LOCKED: "is locked",
    sqlite3.SQLITE_FULL: "has no space left on its disk",
    sqlite3.SQLITE_IOERR: "cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
}
_PASSING_CLASSES: Final = {
    "": "gave no answer",
    "08": "lost the connection",
    "53": "has no resources left",
    "55": "is busy",
    "57": "was stopped",
}


def driver_error(error: BaseException) -> BaseException:
    """The driver's own error, where SQLAlchemy wrapped it."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five letters for what went wrong, if it said any."""
    state = getattr(driver_error(error), "sqlstate", None)
    return state if isinstance(state, str) else None


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of ours for what a caller can do something about; others go on as they are.

    Busy: it passes by itself, or by a hand on the machine. Changed: another row stands where one was to go.
    Invalid: a text that the database cannot hold.
    """
    try:
        yield
    except Exception as error:
        ours = _ours(driver_error(error))
        if ours is None:
            raise
        raise ours from error


def _ours(error: BaseException) -> MoorageError | None:
    if reason := _passing(error):
        return Busy(f"The database {reason}. Nothing was changed.", _advice(reason))
    if isinstance(error, sqlite3.IntegrityError | psycopg.IntegrityError):
        return Changed("Another change came first. Nothing was changed.", "Look at the present state and try again.")
    if isinstance(error, UnicodeEncodeError | psycopg.DataError):
        return Invalid("A text holds characters that cannot be stored. Nothing was changed.", "Leave them out.")
    return None


def _advice(reason: str) -> str:
    if reason == _PASSING_SQLITE[sqlite3.SQLITE_FULL]:
        return "Free some space where the data directory is (`moorage where` prints it), then try again."
    return "Try again; look at the disk and the server's log."


def _passing(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.OperationalError):
        code = getattr(error, "sqlite_errorcode", None)
        return None if code is None else _PASSING_SQLITE.get(code & 0xFF)
    if isinstance(error, psycopg.OperationalError):
        return _PASSING_CLASSES.get((sqlstate(error) or "")[:2])
    return None
