"""One catalogue per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registering.catalogue import Catalogue, opened


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    async with opened(tmp_path) as one:
        yield one
