"""One quay per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from showing.quay import Quay, opened


@pytest.fixture
async def quay(tmp_path: Path) -> AsyncIterator[Quay]:
    data = tmp_path / "catalogue"
    data.mkdir()
    async with opened(data) as one:
        yield one
