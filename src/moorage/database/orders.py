"""Orders of a folder's items, and their indexes: those of time and size are built when first asked for."""

from __future__ import annotations

from typing import Final

from moorage.database.statements import Statements
from moorage.model.catalogue import Order

COLUMN: Final = {Order.NAME: "name", Order.MODIFIED: "modified_ms", Order.SIZE: "size"}


def ready(statements: Statements, order: Order) -> bool:
    """True where the index of the order stands; that of names always does."""
    if order is Order.NAME:
        return True
    if statements.sqlite:
        return bool(statements.rows("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?", (_index(order),)))
    return bool(statements.rows("SELECT 1 WHERE to_regclass(?) IS NOT NULL", (_index(order),)))


def build(statements: Statements, order: Order) -> None:
    """Make the index of an order, if it does not stand."""
    if order is not Order.NAME:
        statements.change(f"CREATE INDEX IF NOT EXISTS {_index(order)} ON item (shard, folder, {COLUMN[order]}, id)")


def _index(order: Order) -> str:
    return f"ix_item_{COLUMN[order]}"
