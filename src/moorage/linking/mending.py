"""Mending: the rows of a table as they were sent, to stand beside what became of them and be sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from moorage.linking.records import FORMULAS, Record, Records
from moorage.linking.spool import Spool
from moorage.model.errors import NotFound
from moorage.model.links import LinkImport

_BATCH: Final = 1000


class Sent:
    """The other cells of rows, in the order of their lines. A plain list, or one that is gone, has no ``columns``."""

    def __init__(self, records: Records | None) -> None:
        self._records = records
        self.columns = () if records is None else records.others
        self._offset = self._line = 0
        self._read: dict[int, Record] = {}
        self._ended = records is None

    async def cells(self, lines: Sequence[int]) -> list[tuple[str, ...]]:
        """The cells of each of these ascending lines below ``columns``; a later call asks for later lines."""
        while lines and not self._ended and self._line < lines[-1]:
            await asyncio.to_thread(self._go_on, set(lines))
        found = [self._cells(self._read.pop(line, None)) for line in lines]
        self._read = {line: record for line, record in self._read.items() if lines and line > lines[-1]}
        return found

    def _go_on(self, wanted: set[int]) -> None:
        assert self._records is not None
        batch = self._records.read(self._offset, self._line, _BATCH)
        self._offset, self._line, self._ended = batch.offset, batch.line, batch.ended
        last = max(wanted)
        self._read |= {one.line: one for one in batch.records if one.line in wanted or one.line > last}

    def _cells(self, record: Record | None) -> tuple[str, ...]:
        if record is None:
            return ("",) * len(self.columns)
        told = {"name": record.name, "folder": record.folder, **record.metadata}
        return tuple(told.get(column, "") for column in self.columns)


@asynccontextmanager
async def sent(spool: Spool, of: LinkImport) -> AsyncIterator[Sent]:
    """The rows of an import's list; of one that is no table, or lies elsewhere by now, none."""
    try:
        path = await spool.path(of.source)
    except NotFound:
        yield Sent(None)
        return
    with await asyncio.to_thread(path.open, "rb") as file:
        yield Sent(await asyncio.to_thread(Records, file, csv=True) if of.csv else None)


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; a table that is sent again means what it was before."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULAS) else cell
