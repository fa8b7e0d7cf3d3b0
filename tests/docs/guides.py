"""The tables of the pages for those who come from elsewhere, and the checks of their rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docs.operating import Operator

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGES = ("from-supervisely", "from-valohai", "from-dive")
TITLES = ["Step in the guide", "Here", "State"]
STATE = re.compile(r"works|later|different, because \S.{10,}")
_CELLS = re.compile(r"(?<!\\)\|")
_SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One row of a page: a step of the guide, what to do here, and whether that can be done."""

    page: str
    step: str
    here: str
    state: str

    @property
    def commands(self) -> list[str]:
        """The commands that a reader is told to run."""
        return [span for span in _SPAN.findall(self.here) if span.startswith("moorage ") and " " in span]

    def __str__(self) -> str:
        return f"{self.page}: {self.step}"


Check = Callable[["Operator", Row], None]
CHECKS: dict[tuple[str, str], Check] = {}


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page: their rows, each with its cells."""
    found: list[list[list[str]]] = []
    before = ""
    for line in (HOW_TO / f"{page}.md").read_text("utf-8").splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append([cell.strip().replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]])
        before = line
    return found


def rows(page: str) -> list[Row]:
    """All rows of a page, in order."""
    return [Row(page, *cells) for table in tables(page) for cells in table[2:]]


def working() -> list[Row]:
    """The rows that are marked as working."""
    return [row for page in PAGES for row in rows(page) if row.state == "works"]


def works(page: str, step: str) -> Callable[[Check], Check]:
    """Register the check of the row whose step begins so."""

    def register(check: Check) -> Check:
        assert (page, step) not in CHECKS, step
        CHECKS[page, step] = check
        return check

    return register


def checks_of(row: Row) -> list[Check]:
    """The checks of a row: one, unless something is wrong."""
    return [check for (page, step), check in CHECKS.items() if page == row.page and row.step.startswith(step)]
