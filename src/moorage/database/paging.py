"""Pages of one folder's items: by keyset in each order, from any index by page marks, past filters within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from zlib import crc32

from moorage.database import marks, orders
from moorage.database.cursors import Cursor
from moorage.database.ids import SHARD
from moorage.database.item_rows import GONE, LIVE, ListedFolder, item_of
from moorage.database.statements import Statements
from moorage.model.catalogue import Item, Order, Page
from moorage.model.errors import Busy, Invalid
from moorage.model.keys import after_prefix, key_bytes
from moorage.model.transaction import ItemQuery

SORTED_AT_ONCE: Final = 10_000
"""A folder of at most so many items is sorted without an index."""
LONGEST_JUMP: Final = 10_000
"""The greatest index that an order without page marks can begin at."""
LOOKED_AT: Final = 20_000
"""Rows that a page with filters looks at before it ends, full or not."""
_CHUNK: Final = 1000


class _Start(NamedTuple):
    """Where a page begins: after a row, or with it."""

    value: bytes | int
    id: int
    inclusive: bool = False


class Paging:
    """One folder in the order and with the filters of one query."""

    def __init__(self, statements: Statements, folder: ListedFolder, query: ItemQuery) -> None:
        self._statements = statements
        self._folder = folder
        self._query = query
        self._table, self._columns = ("tombstone", GONE) if query.gone else ("item", LIVE)
        self._column = orders.COLUMN[query.order]
        # Live names are unique in their folder: the id is needed as a tie-breaker everywhere else.
        self._by_id = query.gone or query.order is not Order.NAME
        self._filtered = is_filtered(query)
        self._mark = mark_of(folder.id, query)
        self._check()

    def page(self, after: str | None, limit: int, at: int | None) -> Page[Item]:
        """At most ``limit`` items after a cursor, or from an index on, or from the first."""
        start: _Start | None = None
        position: int | None = None if self._filtered or self._query.prefix else 0
        if after is not None:
            cursor = Cursor.read(after, self._mark)
            start, position = _Start(cursor.value, cursor.id), cursor.position
        elif at:
            position, start = self._jump(at)
            if start is None:
                return Page([], None, position)
        return self._filled(start, limit, position)

    def _filled(self, start: _Start | None, limit: int, position: int | None) -> Page[Item]:
        rows: list[tuple[Any, ...]] = []
        last: tuple[Any, ...] | None = None
        more = False
        for looked, row in enumerate(self._rows(start, limit)):
            if len(rows) == limit or looked == LOOKED_AT:
                more = True
                break
            last = row
            if not self._filtered or matches(row, self._query):
                rows.append(row)
        items = [item_of(row, self._folder.place) for row in rows]
        return Page(items, self._next(last, position, len(items)) if more and last else None, position)

    def _rows(self, start: _Start | None, limit: int) -> Iterator[tuple[Any, ...]]:
        """Rows from ``start`` on, fetched in pieces as they are asked for."""
        size = limit + 1
        while True:
            piece = self._fetch(start, size)
            yield from piece
            if len(piece) < size:
                return
            start = _Start(self._value(piece[-1]), piece[-1][0])
            size = _CHUNK

    def _fetch(self, start: _Start | None, size: int) -> list[tuple[Any, ...]]:
        where, parameters = self._where(start)
        return self._statements.rows(
            f"SELECT {self._columns} FROM {self._table} i WHERE {where} ORDER BY {self._ordering()} LIMIT ?",
            (*parameters, size),
        )

    def _where(self, start: _Start | None) -> tuple[str, list[Any]]:
        where = "i.shard = ? AND i.folder = ?"
        parameters: list[Any] = [SHARD, self._folder.id]
        if self._query.prefix and self._query.order is Order.NAME:
            first = key_bytes(self._query.prefix)
            where, parameters = f"{where} AND i.name >= ?", [*parameters, first]
            if (end := after_prefix(first)) is not None:
                where, parameters = f"{where} AND i.name < ?", [*parameters, end]
        if start is not None:
            sign = ("<" if self._query.descending else ">") + ("=" if start.inclusive else "")
            if self._by_id:
                where = f"{where} AND (i.{self._column}, i.id) {sign} (?, ?)"
                parameters = [*parameters, start.value, start.id]
            else:
                where, parameters = f"{where} AND i.name {sign} ?", [*parameters, start.value]
        return where, parameters

    def _ordering(self) -> str:
        way = "DESC" if self._query.descending else "ASC"
        return f"i.{self._column} {way}, i.id {way}" if self._by_id else f"i.name {way}"

    def _jump(self, at: int) -> tuple[int, _Start | None]:
        """The index at which the page begins, at or before ``at``, and its first row; None: past the end."""
        if self._filtered or self._by_id or self._query.prefix:
            return self._jump_by_steps(at)
        index = self._folder.items - 1 - at if self._query.descending else at
        found = marks.name_at(self._statements, self._folder.id, index) if index >= 0 else None
        if found is None:
            return at, None
        reached, name = found
        position = self._folder.items - 1 - reached if self._query.descending else reached
        return position, _Start(name, 0, inclusive=True)

    def _jump_by_steps(self, at: int) -> tuple[int, _Start | None]:
        if at > LONGEST_JUMP or self._filtered:
            raise Invalid(
                f"A list in this order or with these filters cannot begin at {at}.",
                f"Page on with 'after', or begin at {LONGEST_JUMP} at most, without filters.",
                field="at",
            )
        where, parameters = self._where(None)
        found = self._statements.rows(
            f"SELECT i.{self._column}, i.id FROM {self._table} i WHERE {where} ORDER BY {self._ordering()}"
            " LIMIT 1 OFFSET ?",
            (*parameters, at),
        )
        return at, _Start(found[0][0], found[0][1], inclusive=True) if found else None

    def _value(self, row: Sequence[Any]) -> bytes | int:
        value: bytes | int = row[_PLACE[self._query.order]]
        return value

    def _next(self, last: Sequence[Any], position: int | None, count: int) -> str:
        following = None if position is None else position + count
        return Cursor(self._mark, self._value(last), last[0], following).text()

    def _check(self) -> None:
        order = self._query.order
        if order is Order.NAME:
            return
        if self._query.gone:
            raise Invalid("Tombstones are listed by name only.", "Leave the order out.", field="sort")
        if self._folder.items > SORTED_AT_ONCE and not orders.ready(self._statements, order):
            raise Busy(
                f"Large folders cannot be listed by {order.value} yet: the index for it is not built.",
                "List by name meanwhile; the index is built by a job once it is asked for.",
            )


_PLACE: Final = {Order.NAME: 3, Order.SIZE: 5, Order.MODIFIED: 8}
"""Index of each order's value in a row of ``LIVE``."""


def is_filtered(query: ItemQuery) -> bool:
    """True where rows must be looked at one by one, because no index answers the query."""
    limits = (query.min_size, query.max_size, query.modified_after_ms, query.modified_before_ms)
    by_prefix = bool(query.prefix) and query.order is not Order.NAME
    return query.kind is not None or by_prefix or any(limit is not None for limit in limits)


def matches(row: Sequence[Any], query: ItemQuery) -> bool:
    """True where a row of ``LIVE`` passes every filter; sizes are inclusive, times exclusive."""
    name, kind, size, modified_ms = row[3], row[4], row[5], row[8]
    return (
        (query.kind is None or kind == query.kind)
        and (not query.prefix or name.startswith(key_bytes(query.prefix)))
        and (query.min_size is None or size >= query.min_size)
        and (query.max_size is None or size <= query.max_size)
        and (query.modified_after_ms is None or modified_ms > query.modified_after_ms)
        and (query.modified_before_ms is None or modified_ms < query.modified_before_ms)
    )


def mark_of(place: object, query: ItemQuery) -> str:
    """A short mark of a query at a place, so that a cursor is known to be of another one."""
    return f"{crc32(repr((place, query)).encode('utf-8', 'surrogateescape')):08x}"
