"""A quay per test, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mirroring.harbour import PlainSealer, empty_catalogue
from moorage.database.engine import Database
from moorage.database.schema import upgrade
from servers import postgres
from uploading.quay import Quay, quay_on


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture
async def quay(tmp_path: Path) -> AsyncIterator[Quay]:
    catalogue = tmp_path / "catalogue.db"
    catalogue.write_bytes(empty_catalogue())
    database = Database.open(f"sqlite:///{catalogue}", sealer=PlainSealer())
    yield await quay_on(database)
    await database.aclose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        catalogue = tmp_path / "any.db"
        catalogue.write_bytes(empty_catalogue())
        yield f"sqlite:///{catalogue}"
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as url:
        upgrade(url)
        yield url


@pytest.fixture
async def any_quay(database_url: str) -> AsyncIterator[Quay]:
    """One on each database."""
    database = Database.open(database_url, sealer=PlainSealer())
    yield await quay_on(database)
    await database.aclose()
