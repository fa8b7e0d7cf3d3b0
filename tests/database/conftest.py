"""Databases for tests: each test gets an empty one with the schema in place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.model.errors import SealBroken
from servers import postgres


class TestSealer:
    """Seals so that tests can tell: reversed bytes behind a mark, and the mark is the key."""

    __test__ = False

    def __init__(self, mark: bytes = b"sealed:") -> None:
        self.mark = mark

    def seal(self, plain: bytes) -> bytes:
        return self.mark + plain[::-1]

    def open(self, sealed: bytes) -> bytes:
        if not sealed.startswith(self.mark):
            raise SealBroken("These bytes were sealed with another key.", "Bring the key back.")
        return sealed[len(self.mark) :][::-1]


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[postgres.Cluster]:
    with postgres.running() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a schema, on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    cluster: postgres.Cluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as url:
        yield url


@pytest.fixture
def database_url(empty_url: str) -> str:
    """The address of a database with the schema and no rows, on each engine."""
    upgrade(empty_url)
    return empty_url


@pytest.fixture
async def facts(database_url: str) -> AsyncIterator[Database]:
    """An open database with the schema and no rows, on each engine."""
    database = Database.open(database_url, sealer=TestSealer())
    yield database
    await database.aclose()
