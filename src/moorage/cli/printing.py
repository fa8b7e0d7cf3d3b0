"""How results look: tables for people, tab-separated lines for pipes, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from moorage.model.keys import escape
from moorage.model.probe import CORE

if TYPE_CHECKING:
    from moorage.client import Report
    from moorage.model.probe import ProbeReport

T = TypeVar("T")
Column = tuple[str, Callable[[T], object]]
"""A title and what stands below it."""


class Told(str):
    """A sentence of the server: the odd names in it are escaped already."""

    __slots__ = ()


def say(text: str) -> None:
    """A line on stderr: progress, advice, what was done."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line's own voice


def put(text: str, end: str = "\n") -> None:
    """A line of data on stdout."""
    print(text, end=end)  # noqa: T201 - the command line's own voice


def put_json(value: object) -> None:
    """One JSON document on one line of stdout, as the REST API writes it."""
    from moorage.client.codec import encode

    put(json.dumps(encode(value), ensure_ascii=False))


def put_rows(rows: Iterable[T], columns: Sequence[Column[T]], *, as_json: bool) -> None:
    """Rows as NDJSON, as a table on a terminal, else as tab-separated lines; each as it comes but in the table."""
    if as_json:
        for row in rows:
            put_json(row)
    elif sys.stdout.isatty():
        _put_table(rows, columns)
    else:
        for row in rows:
            put("\t".join(text(of(row)) for _, of in columns))


def put_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Names and values, one pair a line."""
    pairs = [(name, text(value)) for name, value in fields if value is not None]
    width = max((len(name) for name, _ in pairs), default=0) if sys.stdout.isatty() else 0
    for name, value in pairs:
        put(f"{name:<{width}}\t{value}" if not width else f"{name:<{width}}  {value}")


def print_report_lines(report: Report | ProbeReport, *, whole: bool = False) -> None:
    """A check's lines on stderr: one per permission, with what to do where something is missing.

    Lines that nothing hangs on are told in one, by their names, unless ``whole``.
    """
    shown = [line for line in report.lines if whole or line.required or line.permission in CORE]
    rows = [
        (str(line.permission), str(line.finding), Told(" ".join(filter(None, (line.detail, line.advice)))))
        for line in shown
    ]
    if sys.stderr.isatty():
        _report_table(rows)
    else:
        for permission, finding, sentence in rows:
            say(f"{permission:<12}  {finding:<7}  {text(sentence)}")
    folded: dict[str, list[str]] = {}
    for line in report.lines:
        if line not in shown:
            folded.setdefault(str(line.finding), []).append(str(line.permission))
    if folded:
        told = "; ".join(f"{finding}: {', '.join(names)}" for finding, names in folded.items())
        say(f"Not needed    {told} (--all tells more)")
    for warning in report.warnings:
        say(f"Note: {text(Told(warning))}")
    if report.left_behind:
        say(f"Left behind: {text(report.left_behind)}")


def _report_table(rows: Iterable[tuple[str, str, str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("permission", "finding", "what was found, and what to do", box=None, pad_edge=False, show_edge=False)
    colours = {"ok": "green", "missing": "red", "unknown": "yellow", "skipped": "dim"}
    for permission, finding, sentence in rows:
        table.add_row(permission, Text(finding, colours.get(finding, "")), Text(text(sentence)))
    Console(stderr=True, highlight=False).print(table)


def text(value: object) -> str:
    r"""A value on one line: times in UTC to the second, names with ``\xNN`` for what cannot be printed."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Told):
        return "".join(letter if letter.isprintable() else escape(letter) for letter in value)
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(text, value))
    return str(value)


def _put_table(rows: Iterable[T], columns: Sequence[Column[T]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    lines = [[of(row) for _, of in columns] for row in rows]
    for place, (title, _) in enumerate(columns):
        numbers = all(_is_number(line[place]) for line in lines)
        table.add_column(title, overflow="fold", justify="right" if numbers else "left")
    for line in lines:
        table.add_row(*(Text(f"{value:,}" if _is_number(value) and value else text(value)) for value in line))
    Console(highlight=False).print(table)


def _is_number(value: object) -> bool:
    """True for what stands at the right of its column: numbers, and what is not known of them."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
