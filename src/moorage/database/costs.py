"""Costs by store and day: added to, never overwritten, because several processes count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from moorage.database.statements import Statements
from moorage.model.costs import Counts, StoreDay
from moorage.model.store import StoreId

_COUNTS: Final = ("gets", "puts", "received", "sent", "served", "saved", "hits")
_COLUMNS: Final = ", ".join(_COUNTS)
_ADDED: Final = ", ".join(f"{one} = store_day.{one} + excluded.{one}" for one in _COUNTS)
_ADD: Final = (
    f"INSERT INTO store_day (day, store, {_COLUMNS}) VALUES ({', '.join('?' * (2 + len(_COUNTS)))})"
    f" ON CONFLICT (day, store) DO UPDATE SET {_ADDED}"
)
_FIRST: Final = date(1970, 1, 1).toordinal()


class Costs:
    """Implements ``moorage.model.transaction.Costs``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, day: date, counts: Mapping[StoreId, Counts]) -> None:
        """Add to what the day has already."""
        # In one order, so that two processes never wait for each other's rows.
        self._statements.change_many(_ADD, [(_number(day), store, *counts[store].values()) for store in sorted(counts)])

    def days(self, first: date, last: date, store: StoreId | None = None) -> list[StoreDay]:
        """By day and store."""
        only, parameters = ("", ()) if store is None else (" AND store = ?", (store,))
        rows = self._statements.rows(
            f"SELECT day, store, {_COLUMNS} FROM store_day WHERE day BETWEEN ? AND ?{only} ORDER BY day, store",
            (_number(first), _number(last), *parameters),
        )
        return [StoreDay(row[1], date.fromordinal(row[0] + _FIRST), Counts(*row[2:])) for row in rows]

    def remove_old(self, before: date) -> int:
        """Forget the days before that one."""
        return self._statements.change("DELETE FROM store_day WHERE day < ?", (_number(before),))


def _number(day: date) -> int:
    return day.toordinal() - _FIRST
