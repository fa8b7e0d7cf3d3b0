"""The order of the tests: files that take long begin first, so that no worker is left alone with one at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent
LONG: Final = ("demo", "packaging", "docs", "wiring", "durable", "cli")
"""Folders whose tests start programs, in order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the order within a file as it is."""
    items.sort(key=lambda item: _turn(item.path.relative_to(TESTS).parts[0]))


def _turn(folder: str) -> int:
    return LONG.index(folder) if folder in LONG else len(LONG)
