"""The reference is what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_errors_is_current() -> None:
    page = subprocess.run(
        [sys.executable, ROOT / "scripts" / "errors_page.py"], check=True, capture_output=True, text=True
    ).stdout
    assert (ROOT / "docs" / "reference" / "errors.md").read_text() == page, "Run: make docs"


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_command_that_the_pages_name_exists() -> None:
    reference = (ROOT / "docs" / "reference" / "cli.md").read_text()
    pages = [ROOT / "README.md", *(ROOT / "docs" / "how-to").rglob("*.md")]
    named = {
        words
        for page in pages
        for words in re.findall(
            r"moorage ((?:store|mirror|job|user|token|project|config|secrets) [a-z]+)", page.read_text()
        )
    }
    assert named
    assert [words for words in named if f"moorage {words}" not in reference] == []
