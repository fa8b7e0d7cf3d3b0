"""A catalogue of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mirroring.harbour import PlainSealer, empty_catalogue
from moorage.database.engine import Database


@pytest.fixture
async def facts(tmp_path: Path) -> AsyncIterator[Database]:
    catalogue = tmp_path / "catalogue.db"
    catalogue.write_bytes(empty_catalogue())
    database = Database.open(f"sqlite:///{catalogue}", sealer=PlainSealer())
    yield database
    await database.aclose()
