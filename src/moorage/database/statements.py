"""Statements inside one transaction: SQLAlchemy Core for most, the bare driver where rows come by the thousand.

Text statements are written with ``?`` for parameters and hold no other ``?`` or ``%``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Row

from moorage.database.ids import Ids
from moorage.model.secrecy import Sealer

T = TypeVar("T")


@lru_cache(maxsize=1024)
def _for_psycopg(sql: str) -> str:
    return sql.replace("?", "%s")


BATCH: Final = 500
"""Values in one list of a statement."""


AT_ONCE: Final = 50
"""Rows in one INSERT of SQLite: a third quicker than one by one, and ten columns of them are 500 parameters."""


def batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces of at most ``BATCH`` values."""
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))


@lru_cache(maxsize=64)
def _insert(table: str, columns: str, rows: int) -> str:
    places = f"({','.join('?' * (columns.count(',') + 1))})"
    return f"INSERT INTO {table} ({columns}) VALUES {','.join([places] * rows)}"


def _array(values: Sequence[Any]) -> str:
    return "?::bytea[]" if isinstance(values[0], bytes) else "?::bigint[]"


class Statements:
    """What a repository runs its statements through. Lives as long as its transaction, in one thread."""

    def __init__(self, connection: Connection, ids: Ids, sealer: Sealer) -> None:
        self.connection = connection
        self.sealer = sealer
        self.sqlite = connection.dialect.name == "sqlite"
        self.for_update = "" if self.sqlite else " FOR UPDATE"
        """At the end of a SELECT: nobody else changes or deletes these rows before the commit."""
        self._ids = ids
        self._cursor: Any = None

    def run(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Execute a Core statement."""
        return self.connection.execute(statement, parameters)

    def first(self, statement: Executable) -> Row[Any] | None:
        """The first row of a Core query, or None."""
        return self.connection.execute(statement).first()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a text query, as the driver gives them."""
        cursor = self._execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def rows_among(
        self, sql: str, parameters: Sequence[Any], values: Sequence[Any], *, tail: str = ""
    ) -> list[tuple[Any, ...]]:
        """Rows of a text query that ends in ``... column IN``, over any number of values; ``tail`` comes after."""
        found: list[tuple[Any, ...]] = []
        for batch in batches(values):
            found += self.rows(*self._among(sql, parameters, batch, tail=tail))
        return found

    def copy_among(self, insert: str, sql: str, parameters: Sequence[Any], values: Sequence[Any]) -> None:
        """``INSERT INTO table (columns)`` what ``rows_among`` would find."""
        for batch in batches(values):
            text, bound = self._among(sql, parameters, batch)
            self.change(f"{insert} {text}", bound)

    def delete_among(self, table: str, where: str, values: Sequence[Any]) -> int:
        """Delete rows by a condition that ends with a column, for which each value is tried; the number of them."""
        return sum(self._delete_batch(table, where, batch) for batch in batches(values))

    def lock(self, name: int) -> None:
        """Be the only transaction that holds this lock until the commit; SQLite has one writer anyway."""
        if not self.sqlite:
            self.rows("SELECT pg_advisory_xact_lock(?)", (name,))

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Execute a text statement; the number of rows that it touched."""
        touched: int = self._execute(sql, parameters).rowcount
        return touched

    def change_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Execute a text statement once for each row; psycopg sends them in one pipeline."""
        self._raw().executemany(sql if self.sqlite else _for_psycopg(sql), rows)

    def load(self, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        """Insert many rows in the quickest way that the database has."""
        if self.sqlite:
            cursor, kept = self._raw(), rows if isinstance(rows, list) else list(rows)
            whole = len(kept) - len(kept) % AT_ONCE
            for start in range(0, whole, AT_ONCE):
                cursor.execute(_insert(table, columns, AT_ONCE), [*chain.from_iterable(kept[start : start + AT_ONCE])])
            cursor.executemany(_insert(table, columns, 1), kept[whole:])
            return
        with self._raw().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def new_id(self) -> int:
        """An id that no row ever had."""
        return self._ids.take(1, self.rows)[0]

    def new_ids(self, count: int) -> list[int]:
        """That many ids that no row ever had, ascending."""
        return self._ids.take(count, self.rows)

    def _among(
        self, sql: str, parameters: Sequence[Any], values: Sequence[Any], *, tail: str = ""
    ) -> tuple[str, Sequence[Any]]:
        if self.sqlite:
            return f"{sql} ({','.join('?' * len(values))}){tail}", (*parameters, *values)
        # PostgreSQL without fresh statistics reads whole tables for ``= ANY``; OFFSET 0 keeps it at one look
        # into the index for each value, whatever it believes of the table.
        look = f"{sql.removesuffix('IN')} = wanted.value OFFSET 0{tail}"
        return (
            f"SELECT found.* FROM unnest({_array(values)}) AS wanted (value) CROSS JOIN LATERAL ({look}) AS found",
            (list(values), *parameters),
        )

    def _delete_batch(self, table: str, where: str, values: Sequence[Any]) -> int:
        if self.sqlite:
            return self.change(*self._among(f"DELETE FROM {table} WHERE {where} IN", (), values))
        text, bound = self._among(f"SELECT ctid FROM {table} WHERE {where} IN", (), values)
        return self.change(f"DELETE FROM {table} WHERE ctid = ANY (ARRAY({text}))", bound)

    def _execute(self, sql: str, parameters: Sequence[Any]) -> Any:
        cursor = self._raw()
        cursor.execute(sql if self.sqlite else _for_psycopg(sql), parameters)
        return cursor

    def _raw(self) -> Any:
        if self._cursor is None:
            self._cursor = self.connection.connection.cursor()
        return self._cursor
