"""One pier per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from linking.pier import Pier, opened


@pytest.fixture
async def pier(tmp_path: Path) -> AsyncIterator[Pier]:
    async with opened(tmp_path) as one:
        yield one
