"""Rows of a tree by an interval of full keys, where a row knows its folder and its name only.

A folder at path P holds keys that begin with P, and so do the folders below it. Of the interval (after, upto]
- P is covered wholly when ``after < P <= upto`` and ``upto`` does not begin with P;
- P is covered partly when ``after`` or ``upto`` begins with P: a range of names is asked for;
- no other folder has a key in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from moorage.database.ids import SHARD
from moorage.database.statements import Statements

Rows = list[tuple[Any, ...]]


def rows_between(
    statements: Statements, table: str, columns: str, tree: int, after: bytes | None, upto: bytes | None
) -> tuple[dict[int, bytes], Rows]:
    """Paths by folder, and the rows of ``table`` whose path + name lies in (after, upto], in no order."""
    partly = _partly_covered(statements, tree, after, upto)
    paths = _wholly_covered(statements, tree, after, upto, partly)
    found = statements.rows_among(f"SELECT {columns} FROM {table} WHERE shard = ? AND folder IN", (SHARD,), list(paths))
    for folder, path in partly.items():
        begin, end = _rest(path, after), _rest(path, upto)
        where, parameters = "", []
        if begin is not None:
            where, parameters = " AND name > ?", [begin]
        if end is not None:
            where, parameters = f"{where} AND name <= ?", [*parameters, end]
        if begin is not None or after is None or path > after:
            found += statements.rows(
                f"SELECT {columns} FROM {table} WHERE shard = ? AND folder = ?{where}", (SHARD, folder, *parameters)
            )
    return paths | partly, found


def _partly_covered(statements: Statements, tree: int, after: bytes | None, upto: bytes | None) -> dict[int, bytes]:
    candidates = {path for end in (after, upto) if end is not None for path in _folders_on_the_way(end)}
    # A folder that comes after the interval's end has no key in it, though its path may begin the other end.
    wanted: Sequence[bytes] = [path for path in candidates if upto is None or path <= upto]
    rows = statements.rows_among("SELECT id, path FROM folder WHERE tree = ? AND path IN", (tree,), wanted)
    return {folder: bytes(path) for folder, path in rows}


def _wholly_covered(
    statements: Statements, tree: int, after: bytes | None, upto: bytes | None, partly: dict[int, bytes]
) -> dict[int, bytes]:
    where, parameters = "", []
    if after is not None:
        where, parameters = " AND path > ?", [after]
    if upto is not None:
        where, parameters = f"{where} AND path <= ?", [*parameters, upto]
    rows = statements.rows(f"SELECT id, path FROM folder WHERE tree = ?{where}", (tree, *parameters))
    return {folder: path for folder, path in rows if folder not in partly}


def _folders_on_the_way(key: bytes) -> Iterator[bytes]:
    """Every path that the key begins with: the top's, and one for each ``/``."""
    yield b""
    slash = key.find(b"/")
    while slash >= 0:
        yield key[: slash + 1]
        slash = key.find(b"/", slash + 1)


def _rest(path: bytes, key: bytes | None) -> bytes | None:
    """What of the key comes after the path; None where the key does not begin with it."""
    return key[len(path) :] if key is not None and key.startswith(path) else None
