"""The reference pages are written from the code, and current."""

from __future__ import annotations

from pathlib import Path

from cli.conftest import Run
from moorage.cli.reference import reference

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def test_the_page_of_commands_is_what_the_code_says(run: Run) -> None:
    assert (PAGES / "cli.md").read_text("utf-8") == reference(), "run: moorage config docs cli > docs/reference/cli.md"
    assert run("config", "docs", "cli").out == reference()


def test_the_page_of_settings_is_printed(run: Run) -> None:
    assert run("config", "docs").out == (PAGES / "settings.md").read_text("utf-8")
    assert run("config", "docs", "poems").code == 2
