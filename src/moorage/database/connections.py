"""Connections: endpoint and credentials, sealed before they touch the database, with those before the last change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy import Column, Row, delete, func, insert, or_, select, update

from moorage.database.credentials import opened, sealed
from moorage.database.statements import Statements
from moorage.database.tables_stores import CONNECTION, STORE
from moorage.model.credentials import Forgotten
from moorage.model.errors import NotFound, SealBroken
from moorage.model.store import Connection, ConnectionId, Former, Provider, Scope

LABEL: Final = "connection_"
"""Begins the names of a connection's columns where they stand beside those of a store."""


class Connections:
    """Implements ``moorage.model.transaction.Connections``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, connection: Connection) -> Connection:
        """Insert with a new id."""
        added = replace(connection, id=ConnectionId(self._statements.new_id()))
        self._statements.run(insert(CONNECTION).values(**_values(added), **self._sealed(added)))
        return added

    def get(self, connection: ConnectionId) -> Connection:
        """Raises NotFound, or SealBroken."""
        return self.read(self._known(connection), "")

    def all(self) -> list[Connection]:
        """Every connection, by id."""
        return [self.read(row, "") for row in self._statements.run(select(CONNECTION).order_by(CONNECTION.c.id))]

    def update(self, connection: Connection) -> None:
        """Write it; all its stores are meant."""
        where = CONNECTION.c.id == connection.id
        self._statements.run(update(CONNECTION).where(where).values(**_values(connection), **self._sealed(connection)))

    def remove(self, connection: ConnectionId) -> None:
        """Remove it; its stores are gone already."""
        self._statements.run(delete(CONNECTION).where(CONNECTION.c.id == connection))

    def remove_unused(self, connection: ConnectionId) -> None:
        """Remove it where it came with a store and no store has it any more."""
        row = self._known(connection)
        shared = select(func.count()).select_from(STORE).where(STORE.c.connection == connection)
        if not row.name and not row.origin and not self._statements.run(shared).scalar_one():
            self.remove(connection)

    def keep_former(self, connection: ConnectionId, *, now_ms: int) -> None:
        """Remember the credentials of now, which are about to be replaced, in place of any remembered before."""
        former = {"former_kind": CONNECTION.c.kind, "former": CONNECTION.c.sealed, "former_ms": now_ms}
        self._statements.run(update(CONNECTION).where(CONNECTION.c.id == connection).values(**former))

    def former(self, connection: ConnectionId) -> Former | None:
        """The credentials before the last replacement; None where there are none, or they were dropped."""
        row = self._known(connection)
        if row.former_ms is None:
            return None
        return Former(opened(row.former_kind, row.former, self._statements.sealer), row.former_ms)

    def drop_former(self, connection: ConnectionId) -> None:
        """Forget them; a repeat writes nothing."""
        kept = CONNECTION.c.former_ms.is_not(None)
        self._statements.run(update(CONNECTION).where(CONNECTION.c.id == connection, kept).values(**_NO_FORMER))

    def forget_credentials(self) -> list[str]:
        """Leave ``Forgotten`` in place of all credentials, unopened; the stores that had any, by name."""
        sealed_ = CONNECTION.c.sealed.is_not(None)
        stores = select(STORE.c.name).join(CONNECTION, CONNECTION.c.id == STORE.c.connection).where(sealed_)
        names = [row.name for row in self._statements.run(stores.order_by(STORE.c.name))]
        self._statements.run(update(CONNECTION).where(sealed_).values(kind=Forgotten().kind, sealed=None))
        self._statements.run(update(CONNECTION).values(**_NO_FORMER))
        return names

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the next ``limit`` seals after that id with today's key; the last id, 0 where none is left."""
        seals = [CONNECTION.c.sealed, CONNECTION.c.former]
        sealed_ = select(CONNECTION.c.id, *seals).where(or_(*(seal.is_not(None) for seal in seals)))
        rows = self._statements.run(sealed_.where(CONNECTION.c.id > after).order_by(CONNECTION.c.id).limit(limit)).all()
        sealer, last = self._statements.sealer, 0
        for row in rows:
            last = row.id
            stored = {"sealed": row.sealed, "former": row.former}
            again = {name: sealer.seal(sealer.open(old)) for name, old in stored.items() if old is not None}
            self._statements.run(update(CONNECTION).where(CONNECTION.c.id == last).values(**again))
        return last

    def read(self, row: Row[Any], label: str = LABEL) -> Connection:
        """The connection in a row whose columns of it begin with ``label``."""
        fields = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        scope = fields[f"{label}scope"]
        return Connection(
            provider=Provider(fields[f"{label}provider"]),
            endpoint=fields[f"{label}endpoint"],
            region=fields[f"{label}region"],
            path_style=fields[f"{label}path_style"],
            ca=fields[f"{label}ca"],
            root=fields[f"{label}root"],
            follow_symlinks=fields[f"{label}follow_symlinks"],
            credentials=self._opened(fields[f"{label}kind"], fields[f"{label}sealed"], fields[f"{label}name"]),
            name=fields[f"{label}name"],
            origin=fields[f"{label}origin"],
            open_buckets=_words(fields[f"{label}open_buckets"]),
            scope=Scope() if scope is None else scope_of(scope),
            guarded=fields[f"{label}guarded"],
            id=ConnectionId(fields[f"{label}id"]),
        )

    def _opened(self, kind: str, stored: bytes | None, name: str) -> Any:
        try:
            return opened(kind, stored, self._statements.sealer)
        except SealBroken as error:
            if not name:
                raise
            raise SealBroken(f"Connection '{name}': {error.message}", error.advice) from error

    def _sealed(self, connection: Connection) -> dict[str, Any]:
        return {
            "kind": connection.credentials.kind,
            "sealed": sealed(connection.credentials, self._statements.sealer),
        }

    def _known(self, connection: ConnectionId) -> Row[Any]:
        row = self._statements.first(select(CONNECTION).where(CONNECTION.c.id == connection))
        if row is None:
            raise NotFound(f"There is no connection {connection}.", "List the connections.")
        return row


_NO_FORMER: Final = {"former_kind": None, "former": None, "former_ms": None}


def columns() -> list[Any]:
    """A connection's columns, labelled, to stand beside those of a store."""
    return [_labelled(column) for column in CONNECTION.c]


def _labelled(column: Column[Any]) -> Any:
    return column.label(f"{LABEL}{column.name}")


def scope_of(fields: dict[str, Iterable[Any]]) -> Scope:
    """The scope that a JSON column holds."""
    return Scope(*(tuple(int(value) for value in fields[name]) for name in ("projects", "users")))


def _values(connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "provider": connection.provider.value,
        "endpoint": connection.endpoint,
        "region": connection.region,
        "path_style": connection.path_style,
        "ca": connection.ca,
        "root": connection.root,
        "follow_symlinks": connection.follow_symlinks,
        "name": connection.name,
        "origin": connection.origin,
        "open_buckets": connection.open_buckets,
        "scope": asdict(connection.scope),
        "guarded": connection.guarded,
    }


def _words(stored: list[str] | None) -> tuple[str, ...] | None:
    return None if stored is None else tuple(stored)
