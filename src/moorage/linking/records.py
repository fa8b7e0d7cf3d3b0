"""Records: the lines of a list, or the rows of a table, read from any place in bounded memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from moorage.model.errors import Invalid
from moorage.model.keys import escape, key_of

LONGEST_LINE: Final = 8192
"""Bytes. No key is longer than 1,024, no URL that servers take longer than this."""
LONGEST_ROW: Final = 65536
"""Bytes of a table's row, its line breaks included."""
COLUMNS: Final = ("address", "name", "folder")
TOLD: Final = ("line", "verdict", "address", "reason")
"""How our own table of lines begins; in one that is mended and sent again nothing but the address counts of these."""
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula; in our own table a quote stands before it."""
MOST_COLUMNS: Final = 64
_BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Record:
    """One line that is not blank. ``fault`` says why it cannot be read; then the rest is empty."""

    line: int
    address: str = ""
    name: str = ""
    folder: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records, and where the next ones begin. ``line`` is the number of the last line that was read."""

    records: list[Record]
    offset: int
    line: int
    ended: bool


def need_readable(start: bytes) -> None:
    """Raise Invalid for text in UTF-16, whose every other byte would be taken for part of a key."""
    if start[:2] in _WIDE:
        raise Invalid(
            "The list is written in UTF-16. Nothing was linked.",
            "Save it as UTF-8 text, then send it again.",
            field="list",
        )


def looks_like_table(start: bytes) -> bool:
    """Whether the list that begins so has a header; a header with a fault counts as well."""
    try:
        return Table.of(io.BytesIO(start.partition(b"\n")[0] + b"\n"), csv=None) is not None
    except Invalid:
        return True


@dataclass(frozen=True, slots=True)
class Table:
    """The header of a table: its columns, what stands between them, and whether it is one of ours.

    A column without a name is not read.
    """

    columns: tuple[str, ...]
    delimiter: str
    offset: int
    """Where the first row begins."""
    ours: bool

    @classmethod
    def of(cls, file: BinaryIO, *, csv: bool | None) -> Table | None:
        """The header at the file's start; None for a plain list. ``csv`` None: it is one if a column says ``address``.

        Raises Invalid for a table without a column of addresses, or with one column twice.
        """
        file.seek(len(_BOM) if file.read(len(_BOM)) == _BOM else 0)
        raw = file.readline(LONGEST_LINE)
        text = key_of(raw).rstrip("\r\n")
        delimiter = max(_DELIMITERS, key=text.count)
        columns = tuple(name.strip() for name in _cells(text, delimiter))
        columns = tuple(name.lower() if name.lower() in COLUMNS else name for name in columns)
        if "://" in text or COLUMNS[0] not in columns:
            if csv:
                raise Invalid(
                    "The table's first line names no column 'address'. Nothing was linked.",
                    "Begin it with a header such as: address,name,folder",
                    field="list",
                )
            return None
        ours = columns[: len(TOLD)] == TOLD
        if ours:
            columns = (*("address" if name == "address" else "" for name in TOLD), *map(_meant, columns[len(TOLD) :]))
        twice = next((name for name in columns if name and columns.count(name) > 1), None)
        if twice is not None or len(columns) > MOST_COLUMNS or not raw.endswith(b"\n"):
            raise Invalid(
                f"The table's header names {escape(twice)!r} twice. Nothing was linked."
                if twice is not None
                else f"The table has no rows, or more than {MOST_COLUMNS} columns. Nothing was linked.",
                "Correct its first line.",
                field="list",
            )
        return cls(columns, delimiter, file.tell(), ours)


class Records:
    """Reads a list from any offset; what is held is one batch, however long the list or its lines are."""

    def __init__(self, file: BinaryIO, *, csv: bool) -> None:
        self._file = file
        self._table = Table.of(file, csv=True) if csv else None

    @property
    def others(self) -> tuple[str, ...]:
        """The columns of a table beside the address."""
        columns = () if self._table is None else self._table.columns
        return tuple(name for name in columns if name and name != COLUMNS[0])

    def read(self, offset: int, line: int, most: int) -> Batch:
        """Up to ``most`` records from ``offset`` on, where line ``line + 1`` begins."""
        if offset == 0:
            offset, line = self._start()
        self._file.seek(offset)
        records: list[Record] = []
        for _ in range(most):
            raw = self._line()
            if not raw:
                return Batch(records, self._file.tell(), line, ended=True)
            line += 1
            if self._table is not None and raw.strip():
                record, more = self._row(line, raw)
                records.append(record)
                line += more
            elif raw.strip():
                records.append(_plain(line, raw))
        return Batch(records, self._file.tell(), line, ended=False)

    def _start(self) -> tuple[int, int]:
        if self._table is not None:
            return self._table.offset, 1
        self._file.seek(0)
        return (len(_BOM) if self._file.read(len(_BOM)) == _BOM else 0), 0

    def _line(self) -> bytes:
        """The next line with its end; of one that is too long no more than shows it."""
        raw = self._file.readline(LONGEST_LINE + 2)
        if raw.endswith(b"\n") or len(raw) <= LONGEST_LINE:
            return raw
        while (rest := self._file.readline(LONGEST_ROW)) and not rest.endswith(b"\n"):
            pass
        return raw

    def _row(self, line: int, raw: bytes) -> tuple[Record, int]:
        """A row, and how many more lines it has: a cell in quotes may hold line breaks."""
        if len(raw) > LONGEST_LINE:
            return Record(line, fault=f"The row has a line of more than {LONGEST_LINE:,} bytes."), 0
        after, whole, more = self._file.tell(), raw, 0
        while whole.count(b'"') % 2 and len(whole) <= LONGEST_ROW and (rest := self._line()):
            whole, more = whole + rest, more + 1
        if whole.count(b'"') % 2:
            self._file.seek(after)  # the quote was meant as a letter: the lines below it stand for themselves
            return Record(line, fault="A quote is opened in this row and never closed."), 0
        return self._record(line, key_of(whole)), more

    def _record(self, line: int, text: str) -> Record:
        assert self._table is not None
        try:
            cells = _cells(text.removesuffix("\n").removesuffix("\r"), self._table.delimiter)
        except csv.Error as error:
            return Record(line, fault=f"The row is no CSV: {error}.")
        if len(cells) > len(self._table.columns):
            return Record(line, fault=f"The row has {len(cells)} cells, the header {len(self._table.columns)}.")
        if self._table.ours:
            cells = [_meant(cell) for cell in cells]
        row = dict(zip(self._table.columns, cells, strict=False))
        address, name, folder = (row.pop(column, "") for column in COLUMNS)
        told = {column: value for column, value in row.items() if column and value}
        if not address.strip():
            return Record(line, fault="The row has no address.")
        return Record(line, address.lstrip(), name, folder, told)


def _plain(line: int, raw: bytes) -> Record:
    text = raw.removesuffix(b"\n").removesuffix(b"\r").lstrip(b" \t")
    if len(text) > LONGEST_LINE:
        return Record(line, fault=f"The line is longer than {LONGEST_LINE:,} bytes; no address is.")
    return Record(line, key_of(text))


def _meant(cell: str) -> str:
    """A cell without the quote that keeps spreadsheets from taking it for a formula."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULAS) else cell


def _cells(text: str, delimiter: str) -> Sequence[str]:
    rows: Iterator[list[str]] = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    return next(rows, [])
