"""Items of a whole subtree: tree by tree, folder by folder in byte order of their paths, by name in each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from moorage.database.cursors import Cursor
from moorage.database.folders import VISIBLE
from moorage.database.ids import SHARD
from moorage.database.item_rows import GONE, LIVE, Place, item_of, place_of
from moorage.database.paging import LOOKED_AT, mark_of, matches
from moorage.database.statements import Statements
from moorage.model.catalogue import FolderId, Item, Page, ProjectId
from moorage.model.errors import NotFound
from moorage.model.keys import after_prefix
from moorage.model.transaction import ItemQuery

_FOLDERS: Final = 500
"""Folders looked up at once."""
_ALL: Final = 0
"""In a cursor in place of a name: the folder is done."""


class _Branch(NamedTuple):
    """The folders of a tree whose path begins with ``path``."""

    tree: int
    path: bytes


class _Visited(NamedTuple):
    """A folder on the way, and where the bytes of its items are."""

    id: int
    items: int
    place: Place


class _Step(NamedTuple):
    """A row of a folder, or, without one, the end of the folder."""

    visited: _Visited
    row: tuple[Any, ...] | None


def walk(
    statements: Statements,
    project: ProjectId,
    folder: FolderId | None,
    query: ItemQuery,
    after: str | None,
    limit: int,
) -> Page[Item]:
    """One page. The cursor names the last row's folder and name; what was removed since is passed over."""
    branches = _branches(statements, project, folder)
    mark = mark_of((project, folder), query)
    cursor = None if after is None else Cursor.read(after, mark)
    found: list[Item] = []
    last: Cursor | None = None
    looked = 0
    for step in _steps(statements, branches, query, cursor, limit + 1):
        looked += 1
        if (len(found) == limit and step.row is not None) or looked > LOOKED_AT:
            return Page(found, last.text() if last else None)
        if step.row is None:
            last = Cursor(mark, _ALL, step.visited.id, None)
            continue
        last = Cursor(mark, step.row[3], step.visited.id, None)
        if matches(step.row, query):
            found.append(item_of(step.row, step.visited.place))
    return Page(found)


def _branches(statements: Statements, project: ProjectId, folder: FolderId | None) -> list[_Branch]:
    """The subtree itself, and the mirrors mounted in it: none is mounted inside another."""
    top = "p.root" if folder is None else "?"
    found = statements.rows(
        f"SELECT f.tree, f.path FROM project p JOIN folder f ON f.id = {top} AND f.project = p.id"
        f"{VISIBLE} AND p.id = ?",
        (project,) if folder is None else (folder, project),
    )
    if not found:
        raise NotFound(f"Project {project} has no such folder.", "It may have been removed.")
    branch = _Branch(found[0][0], bytes(found[0][1]))
    mounts = statements.rows(
        "SELECT m.folder FROM mirror m JOIN folder f ON f.id = m.folder JOIN folder above ON above.id = f.parent"
        " WHERE m.project = ? AND f.tree = f.id AND above.tree = ? AND above.path >= ? ORDER BY f.id",
        (project, *branch),
    )
    inside = statements.rows_among(
        "SELECT f.id, above.path FROM folder f JOIN folder above ON above.id = f.parent WHERE f.id IN",
        (),
        [row[0] for row in mounts],
    )
    return [branch, *(_Branch(mount, b"") for mount, path in sorted(inside) if path.startswith(branch.path))]


def _steps(
    statements: Statements, branches: list[_Branch], query: ItemQuery, cursor: Cursor | None, size: int
) -> Iterator[_Step]:
    begin: tuple[int, bytes] | None = None
    if cursor is not None:
        where = statements.rows("SELECT tree, path FROM folder WHERE id = ?", (cursor.id,))
        if not where:
            raise NotFound("The folder at which this list was to go on was removed.", "Begin without 'after'.")
        begin = where[0]
    for branch in branches:
        if begin is not None and begin[0] != branch.tree:
            continue
        name = cursor.value if cursor is not None and begin is not None else None
        first = branch.path if begin is None else begin[1]
        for visited in _folders(statements, branch, first, inclusive=name != _ALL):
            after = name if isinstance(name, bytes) else None
            yield from (_Step(visited, row) for row in _items(statements, visited, query, after, size))
            yield _Step(visited, None)
            name = None
        begin = None


def _folders(statements: Statements, branch: _Branch, first: bytes, *, inclusive: bool) -> Iterator[_Visited]:
    """Folders of a branch from the path ``first`` on."""
    sign, end = ">=" if inclusive else ">", after_prefix(branch.path)
    upto, parameters = ("", ()) if end is None else (" AND f.path < ?", (end,))
    while True:
        rows = statements.rows(
            "SELECT f.id, f.path, m.store, m.prefix, f.items"
            " + COALESCE((SELECT SUM(d.items) FROM folder_delta d WHERE d.folder = f.id), 0)"
            " FROM folder f LEFT JOIN mirror m ON m.id = f.mirror"
            f" WHERE f.tree = ? AND f.path {sign} ?{upto} ORDER BY f.path LIMIT ?",
            (branch.tree, first, *parameters, _FOLDERS),
        )
        for folder, path, store, prefix, items in rows:
            yield _Visited(folder, int(items), place_of(path, store, prefix))
        if len(rows) < _FOLDERS:
            return
        sign, first = ">", rows[-1][1]


def _items(
    statements: Statements, visited: _Visited, query: ItemQuery, name: bytes | None, size: int
) -> Iterator[tuple[Any, ...]]:
    """Rows of one folder after ``name``; a folder that is known to be empty costs nothing."""
    table, columns = ("tombstone", GONE) if query.gone else ("item", LIVE)
    if not query.gone and not visited.items:
        return
    while True:
        begin, parameters = ("", ()) if name is None else (" AND i.name > ?", (name,))
        rows = statements.rows(
            f"SELECT {columns} FROM {table} i WHERE i.shard = ? AND i.folder = ?{begin} ORDER BY i.name LIMIT ?",
            (SHARD, visited.id, *parameters, size),
        )
        yield from rows
        if len(rows) < size:
            return
        name = rows[-1][3]
