"""Aliases, row after row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from moorage.database.statements import Statements
from moorage.model.aliases import Alias, AliasSet
from moorage.model.catalogue import ItemId, Page, ProjectId
from moorage.model.errors import NotFound
from moorage.model.keys import key_bytes, key_of

_SET: Final = 'a.item, a."user", a.email, a.set_ms'


class Aliases:
    """Implements ``moorage.model.transaction.Aliases``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def set(self, project: ProjectId, name: str, item: ItemId, *, user: int, email: str, now_ms: int) -> None:
        """Let the name stand for the item from now on."""
        self._statements.change(
            'INSERT INTO alias (project, name, item, "user", email, set_ms) VALUES (?, ?, ?, ?, ?, ?)',
            (project, key_bytes(name), item, user, email, now_ms),
        )

    def get(self, project: ProjectId, name: str) -> Alias:
        """With all of its history. NotFound when it was never set."""
        rows = self._statements.rows(
            f"SELECT {_SET} FROM alias a WHERE a.project = ? AND a.name = ? ORDER BY a.id DESC",
            (project, key_bytes(name)),
        )
        if not rows:
            raise NotFound(f"There is no alias '{name}' in this project.", "List them, or set it first.")
        return Alias(name, tuple(map(_set, rows)))

    def page(self, project: ProjectId, *, after: str | None = None, limit: int = 100) -> Page[Alias]:
        """By name, each with what it stands for now only."""
        rows = self._statements.rows(
            f"SELECT a.name, {_SET} FROM (SELECT name, MAX(id) AS id FROM alias WHERE project = ? AND name > ?"
            " GROUP BY name ORDER BY name LIMIT ?) AS last JOIN alias a ON a.id = last.id ORDER BY a.name",
            (project, key_bytes(after or ""), limit + 1),
        )
        found = [Alias(key_of(bytes(row[0])), (_set(row[1:]),)) for row in rows[:limit]]
        return Page(found, next=found[-1].name if len(rows) > limit else None)


def _set(row: Sequence[Any]) -> AliasSet:
    item, user, email, set_ms = row
    return AliasSet(ItemId(item), user, email, set_ms)
