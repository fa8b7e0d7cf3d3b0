"""Rows of removed trees, deleted a piece at a time, from the leaves up. Objects of uploaded items become loose."""

from __future__ import annotations

from moorage.database.ids import BY_ID, SHARD
from moorage.database.loose import let_go
from moorage.database.statements import Statements
from moorage.model.clock import now_ms


def purge(statements: Statements, limit: int) -> int:
    """Delete at most ``limit`` rows, folders and items together; 0: nothing is left."""
    taken = 0
    while taken < limit:
        doomed = statements.rows("SELECT folder FROM doomed ORDER BY folder LIMIT 1")
        if not doomed:
            break
        top = doomed[0][0]
        taken += _purge_tree(statements, top, limit - taken)
        if not statements.rows("SELECT 1 FROM folder WHERE id = ?", (top,)):
            statements.change("DELETE FROM doomed WHERE folder = ?", (top,))
    return taken


def _purge_tree(statements: Statements, top: int, limit: int) -> int:
    """Delete rows of a folder and of what is below it, the folder itself last."""
    way = [top]
    taken = 0
    while way and taken < limit:
        child = statements.rows("SELECT id FROM folder WHERE parent = ? LIMIT 1", (way[-1],))
        if child:
            way.append(child[0][0])
            continue
        taken += _empty(statements, way[-1], limit - taken)
        if taken < limit:
            taken += statements.change("DELETE FROM folder WHERE id = ?", (way.pop(),))
    return taken


def _empty(statements: Statements, folder: int, limit: int) -> int:
    """Delete what lies directly in a folder; less than ``limit`` rows: it is empty."""
    taken = 0
    for table in ("item", "tombstone"):
        rows = statements.rows(
            f"SELECT id, owned FROM {table} WHERE shard = ? AND folder = ? LIMIT ?{statements.for_update}",
            (SHARD, folder, limit - taken),
        )
        let_go(statements, table, [id_ for id_, owned in rows if owned], now_ms())
        taken += statements.delete_among(table, BY_ID, [id_ for id_, _ in rows])
        if taken >= limit:
            return taken
    for table in ("page_mark", "folder_delta"):
        statements.change(f"DELETE FROM {table} WHERE folder = ?", (folder,))
    return taken
