"""Stores, each with its connection."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Row, Select, delete, insert, select, update

from moorage.database.connections import Connections, columns, scope_of
from moorage.database.ids import SHARD
from moorage.database.reports import read_report, written_report
from moorage.database.statements import Statements
from moorage.database.tables_catalogue import LOOSE
from moorage.database.tables_stores import CONNECTION, STORE, STORE_CHECK
from moorage.model.clock import now_ms
from moorage.model.errors import AlreadyExists, InUse, NotFound, SealBroken
from moorage.model.keys import Bucket, Prefix
from moorage.model.probe import ProbeReport
from moorage.model.store import Serve, Store, StoreId

_USERS_SHOWN: Final = 20


class Stores:
    """Implements ``moorage.model.transaction.Stores``."""

    def __init__(self, statements: Statements, connections: Connections) -> None:
        self._statements = statements
        self._connections = connections

    def add(self, store: Store) -> Store:
        """Insert with a new id; a connection that has an id already is shared, another is made."""
        if self._statements.first(select(STORE.c.id).where(STORE.c.name == store.name)):
            raise AlreadyExists(
                f"There is a store '{store.name}' already. Nothing was changed.", "Choose another.", store=store.name
            )
        connection = store.connection
        if not connection.id:
            connection = self._connections.add(connection)
        added = replace(
            store,
            connection=connection,
            id=StoreId(self._statements.new_id()),
            created_ms=store.created_ms or now_ms(),
        )
        self._statements.run(insert(STORE).values(**_store_values(added), had_objects=False))
        return added

    def get(self, store: StoreId) -> Store:
        """Raises NotFound, or SealBroken with the store's name."""
        return self._one(_SELECT.where(STORE.c.id == store), f"There is no store {store}.")

    def named(self, name: str) -> Store:
        """Raises NotFound, or SealBroken with the store's name."""
        return self._one(_SELECT.where(STORE.c.name == name), f"There is no store '{name}'.")

    def all(self) -> list[Store]:
        """Every store, by name."""
        return [self._store(row) for row in self._statements.run(_SELECT.order_by(STORE.c.name))]

    def update(self, store: Store) -> None:
        """Write the store and its connection, which others may share."""
        self._known(store.id)
        taken = select(STORE.c.id).where(STORE.c.name == store.name, STORE.c.id != store.id)
        if self._statements.first(taken):
            raise AlreadyExists(
                f"There is a store '{store.name}' already. Nothing was changed.", "Choose another.", store=store.name
            )
        self._connections.update(store.connection)
        self._statements.run(update(STORE).where(STORE.c.id == store.id).values(**_store_values(store)))

    def remove(self, store: StoreId) -> None:
        """Remove it, and its connection where no other store has it. InUse while anything depends on it."""
        row = self._known(store)
        if users := self.users_of(store):
            raise InUse(
                f"The store '{row.name}' is in use. Nothing was changed.", "Remove what uses it first.", users=users
            )
        self._statements.run(delete(STORE_CHECK).where(STORE_CHECK.c.store == store))
        # Its loose objects can be reached no more, and an upload on its way to it fails.
        self._statements.run(delete(LOOSE).where(LOOSE.c.store == store))
        self._statements.run(delete(STORE).where(STORE.c.id == store))
        self._connections.remove_unused(row.connection)

    def users_of(self, store: StoreId) -> tuple[str, ...]:
        """What stands in the way of removing it; at most a few of each kind."""
        rows = self._statements.rows
        mirrors = rows("SELECT id, state FROM mirror WHERE store = ? ORDER BY id LIMIT ?", (store, _USERS_SHOWN))
        projects = rows("SELECT name FROM project WHERE default_store = ? ORDER BY name LIMIT ?", (store, _USERS_SHOWN))
        owned, trashed = (
            rows(f"SELECT COUNT(*) FROM {table} WHERE shard = ? AND store = ?", (SHARD, store))[0][0]
            for table in ("item", "tombstone")
        )
        return (
            *(f"items kept of mirror {id_}" if state == "detached" else f"mirror {id_}" for id_, state in mirrors),
            *(f"project {row[0]}" for row in projects),
            *((f"items {owned}",) if owned else ()),
            *((f"items in the trash {trashed}",) if trashed else ()),
        )

    def note_check(self, store: StoreId, report: ProbeReport) -> None:
        """Keep the report in place of the one before."""
        self._known(store)
        self._statements.run(delete(STORE_CHECK).where(STORE_CHECK.c.store == store))
        self._statements.run(insert(STORE_CHECK).values(store=store, report=written_report(report)))

    def last_check(self, store: StoreId) -> ProbeReport | None:
        """The report of the last check, if there was one."""
        row = self._statements.first(select(STORE_CHECK.c.report).where(STORE_CHECK.c.store == store))
        return None if row is None else read_report(row.report)

    def note_had_objects(self, store: StoreId) -> None:
        """Remember that the store once held objects; a repeat writes nothing."""
        missing = STORE.c.had_objects.is_(False)
        self._statements.run(update(STORE).where(STORE.c.id == store, missing).values(had_objects=True))

    def had_objects(self, store: StoreId) -> bool:
        """True once ``note_had_objects`` was called."""
        return bool(self._known(store).had_objects)

    def _known(self, store: StoreId) -> Row[Any]:
        row = self._statements.first(select(STORE).where(STORE.c.id == store))
        if row is None:
            raise NotFound(f"There is no store {store}.", "List the stores.")
        return row

    def _one(self, query: Select[Any], missing: str) -> Store:
        row = self._statements.first(query)
        if row is None:
            raise NotFound(missing, "List the stores.")
        return self._store(row)

    def _store(self, row: Row[Any]) -> Store:
        try:
            connection = self._connections.read(row)
        except SealBroken as error:
            raise SealBroken(f"Store '{row.name}': {error.message}", error.advice) from error
        return Store(
            name=row.name,
            connection=connection,
            bucket=Bucket(row.bucket),
            prefix=Prefix(row.prefix),
            read_only=row.read_only,
            serve=Serve(row.serve),
            scope=scope_of(row.scope),
            loan_role_arn=row.loan_role_arn,
            id=StoreId(row.id),
            created_ms=row.created_ms,
        )


_SELECT: Final = select(STORE, *columns()).join(CONNECTION, CONNECTION.c.id == STORE.c.connection)


def _store_values(store: Store) -> dict[str, Any]:
    return {
        "id": store.id,
        "name": store.name,
        "connection": store.connection.id,
        "bucket": store.bucket,
        "prefix": store.prefix,
        "read_only": store.read_only,
        "serve": store.serve.value,
        "scope": asdict(store.scope),
        "created_ms": store.created_ms,
        "loan_role_arn": store.loan_role_arn,
    }
