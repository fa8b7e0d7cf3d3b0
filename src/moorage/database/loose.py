"""Loose objects: written by Moorage, held by no item, deleted once they are due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from moorage.database.ids import BY_ID, SHARD
from moorage.database.statements import Statements
from moorage.model.keys import Key, key_bytes, key_of
from moorage.model.store import StoreId
from moorage.model.transaction import LooseId, LooseObject

_TABLES: Final = ("item", "tombstone")


class Loose:
    """Implements ``moorage.model.transaction.Loose``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, store: StoreId, key: Key, due_ms: int) -> LooseId:
        """Note an object that is about to be written."""
        rows = self._statements.rows(
            "INSERT INTO loose (store, key, due_ms) VALUES (?, ?, ?) RETURNING id", (store, key_bytes(key), due_ms)
        )
        return LooseId(rows[0][0])

    def take(self, loose: LooseId) -> bool:
        """Forget the row; False where it is gone or was claimed."""
        return bool(self._statements.change("DELETE FROM loose WHERE id = ? AND NOT claimed", (loose,)))

    def give_up(self, loose: LooseId, due_ms: int) -> bool:
        """Let the object be deleted from then on; False where the row is gone."""
        return bool(self._statements.change("UPDATE loose SET due_ms = ? WHERE id = ?", (due_ms, loose)))

    def claim(self, now_ms: int, again_ms: int, limit: int = 100) -> list[LooseObject]:
        """Due objects that no item holds; rows of those that one holds are forgotten.

        Claimed first and looked at then: an upload that takes its row meanwhile waits for this transaction, or
        this one for it.
        """
        due = self._statements.rows(
            "UPDATE loose SET claimed = ?, due_ms = ? WHERE id IN"
            f" (SELECT id FROM loose WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?{self._statements.for_update})"
            " AND due_ms <= ? RETURNING id, store, key",
            (True, again_ms, now_ms, limit, now_ms),
        )
        held = [id_ for id_, store, key in due if self._held(store, bytes(key))]
        self.remove(held)
        return [LooseObject(LooseId(id_), StoreId(store), key_of(key)) for id_, store, key in due if id_ not in held]

    def remove(self, ids: Sequence[LooseId]) -> None:
        """Forget rows; those that are gone are passed over."""
        self._statements.delete_among("loose", "id", ids)

    def _held(self, store: int, key: bytes) -> bool:
        return any(
            self._statements.rows(f"SELECT 1 FROM {table} WHERE store = ? AND key = ? LIMIT 1", (store, key))
            for table in _TABLES
        ) or any(self._shown(tree, key[len(prefix) :]) for tree, prefix in self._trees(store) if key.startswith(prefix))

    def _trees(self, store: int) -> list[tuple[int, bytes]]:
        """Tops of the mirrors of a store, and the prefixes that they show."""
        rows = self._statements.rows("SELECT folder, prefix FROM mirror WHERE store = ?", (store,))
        return [(tree, bytes(prefix)) for tree, prefix in rows]

    def _shown(self, tree: int, relative: bytes) -> bool:
        above, slash, name = relative.rpartition(b"/")
        return any(
            self._statements.rows(
                f"SELECT 1 FROM folder f JOIN {table} i ON i.shard = ? AND i.folder = f.id AND i.name = ?"
                " WHERE f.tree = ? AND f.path = ? LIMIT 1",
                (SHARD, name, tree, above + slash),
            )
            for table in _TABLES
        )


def let_go(statements: Statements, table: str, ids: Sequence[int], due_ms: int) -> None:
    """Make the objects of owned rows loose; the rows are about to be deleted."""
    statements.copy_among(
        "INSERT INTO loose (store, key, due_ms)",
        f"SELECT store, key, CAST(? AS bigint) FROM {table} WHERE owned IS NOT NULL AND {BY_ID} IN",
        (due_ms,),
        ids,
    )
