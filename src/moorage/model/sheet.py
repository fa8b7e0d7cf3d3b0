"""A contact sheet: the pages of a document or the frames of an animation, small, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.variant import SIZES, Format, Recipe, Words, snapped, wish_name

MOST_CELLS: Final = 144
MOST_SIDE: Final = SIZES[-1]
"""Pixels of a sheet's width and height at most."""
_REVISION: Final = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a contact sheet shall be: at most ``columns`` x ``rows`` pictures in squares of ``cell`` pixels.

    Where there are more, some are left out at even distances; the first is always there.
    """

    columns: int
    rows: int
    cell: int
    format: Format

    @classmethod
    def asked(cls, columns: int | None, rows: int | None, cell: int | None, format_: str) -> Sheet:
        """The sheet for what a request asks. Raises Invalid for what none can be."""
        form = Recipe.asked(None, None, format_=format_).format
        made = cls(
            4 if columns is None else columns,
            4 if rows is None else rows,
            snapped(256 if cell is None else cell, "cell"),
            form,
        )
        if made.columns < 1 or made.rows < 1 or made.columns * made.rows > MOST_CELLS:
            raise Invalid(
                f"{made.columns} x {made.rows} pictures fit on no sheet.",
                f"Ask for 1 to {MOST_CELLS} pictures in all.",
                field="columns",
            )
        if max(made.columns, made.rows) * made.cell > MOST_SIDE:
            raise Invalid(
                f"{made.columns} x {made.rows} pictures of {made.cell} pixels are more than a sheet has.",
                f"A sheet is up to {MOST_SIDE} pixels wide and high: ask for smaller pictures, or fewer.",
                field="cell",
            )
        return made

    @property
    def media_type(self) -> str:
        """Of the finished sheet."""
        return self.format.media_type

    @property
    def count(self) -> int:
        """Pictures at most."""
        return self.columns * self.rows

    def name(self, version: str) -> str:
        """The cache name of the sheet of the source ``version``."""
        return wish_name(version, "sheet", _REVISION, self.columns, self.rows, self.cell, self.format)

    def words(self) -> Words:
        """For the decoder process."""
        return {"columns": self.columns, "rows": self.rows, "cell": self.cell, "format": self.format}

    @classmethod
    def of(cls, words: Words) -> Sheet:
        """The inverse of ``words``."""
        columns, rows, cell = (int(words[name] or 0) for name in ("columns", "rows", "cell"))
        return cls(columns, rows, cell, Format(str(words["format"])))

    def chosen(self, pages: int) -> range:
        """The numbers of the pages that are shown, from 0."""
        return range(0, pages, -(-pages // self.count))


@dataclass(frozen=True, slots=True)
class Mosaic:
    """A contact sheet of finished previews, which lie one behind the other; one of length 0 leaves its place empty."""

    sheet: Sheet
    lengths: tuple[int, ...]

    @property
    def media_type(self) -> str:
        """Of the finished sheet."""
        return self.sheet.media_type

    def name(self, version: str) -> str:
        """Of the sheet of previews in that ``version``."""
        return self.sheet.name(version)

    def words(self) -> Words:
        """For the decoder process."""
        return {**self.sheet.words(), "lengths": " ".join(map(str, self.lengths))}

    @classmethod
    def of(cls, words: Words) -> Mosaic:
        """The inverse of ``words``."""
        return cls(Sheet.of(words), tuple(map(int, str(words["lengths"]).split())))
