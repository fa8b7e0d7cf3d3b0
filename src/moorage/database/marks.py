"""Page marks: the name at every 1,000th index of a large folder, so that a page may begin anywhere.

Marks are repaired after a fold, from the least name that changed on. Between a write and the repair a jump lands
within the number of rows written; paging on from where it landed neither repeats nor skips.
"""

from __future__ import annotations

from typing import Final

from moorage.database.counters import MARKED_FROM
from moorage.database.ids import SHARD
from moorage.database.statements import Statements

STEP: Final = 1000
MARKS_A_TURN: Final = 200
"""A repair goes on for so many marks before others have their turn."""
LONGEST_WALK: Final = 10_000
"""Rows passed over at most on the way from a mark to an index."""


def repair(statements: Statements) -> int:
    """Repair marks of one folder for a while; the number of steps, 0: all marks hold."""
    found = statements.rows("SELECT id, items, unmarked_from FROM folder WHERE unmarked_from IS NOT NULL LIMIT 1")
    if not found:
        return 0
    folder, items, unmarked_from = found[0]
    kept = statements.rows(
        "SELECT position, name FROM page_mark WHERE folder = ? AND name < ? ORDER BY position DESC LIMIT 1",
        (folder, unmarked_from),
    )
    position, name = kept[0] if kept and items > MARKED_FROM else (0, None)
    statements.change("DELETE FROM page_mark WHERE folder = ? AND position > ?", (folder, position))
    marks: list[tuple[int, int, bytes]] = []
    while items > MARKED_FROM and len(marks) < MARKS_A_TURN:
        following = name_from(statements, folder, name, STEP)
        if following is None:
            break
        position, name = position + STEP, following
        marks.append((folder, position, name))
    statements.change_many("INSERT INTO page_mark (folder, position, name) VALUES (?, ?, ?)", marks)
    # The last mark that was made is kept by the next turn, which begins at the byte string just after it.
    rest = None if len(marks) < MARKS_A_TURN or name is None else bytes(name) + b"\x00"
    statements.change("UPDATE folder SET unmarked_from = ? WHERE id = ?", (rest, folder))
    return len(marks) + 1


def name_from(statements: Statements, folder: int, name: bytes | None, steps: int) -> bytes | None:
    """The name of the live row ``steps`` rows after the one at ``name``; None as ``name``: after the first row."""
    begin, parameters = ("", ()) if name is None else (" AND name >= ?", (name,))
    found = statements.rows(
        f"SELECT name FROM item WHERE shard = ? AND folder = ?{begin} ORDER BY name LIMIT 1 OFFSET ?",
        (SHARD, folder, *parameters, steps),
    )
    return found[0][0] if found else None


def name_at(statements: Statements, folder: int, index: int) -> tuple[int, bytes] | None:
    """The name at an index of the name order, or at the nearest one before it that can be reached.

    Answers (index, name); None where the folder ends before it.
    """
    found = statements.rows(
        "SELECT position, name FROM page_mark WHERE folder = ? AND position <= ? ORDER BY position DESC LIMIT 1",
        (folder, index),
    )
    position, name = found[0] if found else (0, None)
    steps = min(index - position, LONGEST_WALK)
    at = name_from(statements, folder, name, steps)
    return None if at is None else (position + steps, at)
