"""Counts of folders: changes are appended, and folded into folders and their ancestors by one job.

So writers never wait for each other at a busy folder or at the project's root. Whoever reads the direct counts of
a folder adds what is not folded yet; subtree counts are as old as the last fold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from moorage.database.statements import Statements

FOLD_LOCK: Final = -1
"""Advisory lock of the fold; ids, which lock trees, are positive."""
MARKED_FROM: Final = 10_000
"""Folders with more items than this have page marks."""


@dataclass(slots=True)
class Delta:
    """What one folder gained or lost. ``first_name``: the least name that came or went."""

    items: int = 0
    size: int = 0
    first_name: bytes | None = None

    def add(self, items: int, size: int, first_name: bytes | None) -> None:
        """Take in another change of the same folder."""
        self.items += items
        self.size += size
        if first_name is not None and (self.first_name is None or first_name < self.first_name):
            self.first_name = first_name


class Deltas:
    """The changes of one transaction, one row per folder, written once."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._gathered: defaultdict[int, Delta] = defaultdict(Delta)

    def note(self, folder: int, items: int, size: int, first_name: bytes | None = None) -> None:
        """Count a change of a folder's direct items and bytes."""
        self._gathered[folder].add(items, size, first_name)

    def flush(self) -> None:
        """Write down what was gathered, so that counts read in this transaction hold it."""
        if self._gathered:
            rows = [(folder, delta.items, delta.size, delta.first_name) for folder, delta in self._gathered.items()]
            self._gathered.clear()
            self._statements.change_many(
                "INSERT INTO folder_delta (folder, items, bytes, first_name) VALUES (?, ?, ?, ?)", rows
            )


def fold(statements: Statements, limit: int) -> int:
    """Fold at most ``limit`` deltas, oldest first; the number folded."""
    statements.lock(FOLD_LOCK)
    rows = statements.rows(
        "SELECT id, folder, items, bytes, first_name FROM folder_delta ORDER BY id LIMIT ?", (limit,)
    )
    if not rows:
        return 0
    direct: defaultdict[int, Delta] = defaultdict(Delta)
    for _, folder, items, size, first_name in rows:
        direct[folder].add(items, size, first_name)
    parents = _ancestors(statements, direct)
    subtree = climbed(direct, parents)
    nothing = Delta()
    statements.change_many(
        "UPDATE folder SET items = items + ?, bytes = bytes + ?, subtree_items = subtree_items + ?,"
        " subtree_bytes = subtree_bytes + ? WHERE id = ?",
        [
            (direct.get(id_, nothing).items, direct.get(id_, nothing).size, below.items, below.size, id_)
            for id_, below in sorted(subtree.items())
        ],
    )
    _note_marks(statements, direct)
    statements.delete_among("folder_delta", "id", [row[0] for row in rows])
    return len(rows)


def climbed(direct: Mapping[int, Delta], parents: Mapping[int, int | None]) -> dict[int, Delta]:
    """What each folder's subtree gains when its folders gain ``direct``; unknown folders are passed over."""
    subtree: defaultdict[int, Delta] = defaultdict(Delta)
    for folder, delta in direct.items():
        above: int | None = folder if folder in parents else None
        while above is not None:
            subtree[above].add(delta.items, delta.size, None)
            above = parents.get(above)
    return subtree


def _ancestors(statements: Statements, folders: Iterable[int]) -> dict[int, int | None]:
    """Parent by folder, for these folders and all above them. Folders that were purged are left out."""
    parents: dict[int, int | None] = {}
    level = sorted(folders)
    while level:
        found = dict(statements.rows_among("SELECT id, parent FROM folder WHERE id IN", (), level))
        parents |= found
        level = sorted({parent for parent in found.values() if parent is not None} - parents.keys())
    return parents


def _note_marks(statements: Statements, direct: dict[int, Delta]) -> None:
    """Remember from which name on the page marks of these folders are out of date."""
    named = sorted((folder, delta.first_name) for folder, delta in direct.items() if delta.first_name is not None)
    statements.change_many(
        "UPDATE folder SET unmarked_from = ? WHERE id = ? AND (unmarked_from IS NULL OR unmarked_from > ?)"
        f" AND (items > {MARKED_FROM} OR EXISTS (SELECT 1 FROM page_mark WHERE page_mark.folder = folder.id))",
        [(name, folder, name) for folder, name in named],
    )
