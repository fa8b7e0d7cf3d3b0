"""Counters compared with rows, for a doctor's visit: reads every item of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from moorage.database.counters import FOLD_LOCK, MARKED_FROM, Delta, climbed
from moorage.database.statements import Statements
from moorage.model.keys import escape, key_of


class _Figures(NamedTuple):
    items: int
    bytes: int
    subtree_items: int
    subtree_bytes: int
    folders: int


def recount(statements: Statements, project: int, *, repair: bool) -> list[str]:
    """A line for each folder whose counters, with what is not folded yet, differ from its rows."""
    if repair:
        statements.lock(FOLD_LOCK)
        if not statements.sqlite:
            # Writers that have counted are waited for; those that have not are not seen here at all.
            statements.change("LOCK TABLE folder_delta IN EXCLUSIVE MODE")
    found = statements.rows(
        "SELECT f.id, f.parent, f.path, f.items, f.bytes, f.subtree_items, f.subtree_bytes, f.folders FROM folder f"
        " LEFT JOIN doomed ON doomed.folder = f.tree WHERE f.project = ? AND doomed.folder IS NULL ORDER BY f.id",
        (project,),
    )
    parents = {row[0]: row[1] for row in found}
    right = _figures(_summed(statements, "SELECT i.folder, COUNT(*), SUM(i.size) FROM item i", "i", project), parents)
    pending = _figures(
        _summed(statements, "SELECT d.folder, SUM(d.items), SUM(d.bytes) FROM folder_delta d", "d", project), parents
    )
    wrong: dict[int, _Figures] = {}
    lines = []
    for folder, _, path, *counters in found:
        kept = _Figures(*counters)
        more = pending[folder]._replace(folders=0)
        with_pending = _Figures._make(a + b for a, b in zip(kept, more, strict=True))
        if with_pending != right[folder]:
            # What is not folded yet is added later, by a fold.
            wrong[folder] = _Figures._make(a - b for a, b in zip(right[folder], more, strict=True))
            lines.append(f"folder {folder} '{escape(key_of(path))}': {_told(with_pending)}, is {_told(right[folder])}")
    if repair and wrong:
        _repair(statements, wrong)
    return lines


def _summed(statements: Statements, select: str, alias: str, project: int) -> dict[int, Delta]:
    rows = statements.rows(
        f"{select} JOIN folder f ON f.id = {alias}.folder WHERE f.project = ? GROUP BY {alias}.folder", (project,)
    )
    return {folder: Delta(int(items), int(size)) for folder, items, size in rows}


def _figures(direct: Mapping[int, Delta], parents: Mapping[int, int | None]) -> dict[int, _Figures]:
    subtree = climbed(direct, parents)
    children = dict.fromkeys(parents, 0)
    for parent in parents.values():
        if parent is not None:
            children[parent] += 1
    nothing = Delta()

    def of(folder: int) -> _Figures:
        own, below = direct.get(folder, nothing), subtree.get(folder, nothing)
        return _Figures(own.items, own.size, below.items, below.size, children[folder])

    return {folder: of(folder) for folder in parents}


def _repair(statements: Statements, kept: Mapping[int, _Figures]) -> None:
    statements.change_many(
        "UPDATE folder SET items = ?, bytes = ?, subtree_items = ?, subtree_bytes = ?, folders = ? WHERE id = ?",
        [(*figures, folder) for folder, figures in kept.items()],
    )
    statements.change_many(
        "UPDATE folder SET unmarked_from = ? WHERE id = ? AND items > ?",
        [(b"", folder, MARKED_FROM) for folder in kept],
    )


def _told(figures: _Figures) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures._asdict().items())
