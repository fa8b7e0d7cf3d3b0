"""Databases for tests: each test gets an empty one with the schema in place."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from moorage.database.engine import Database
from moorage.database.postgres import postgres_engine
from moorage.database.schema import upgrade
from moorage.database.tables import METADATA
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


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema and no rows, to be copied."""
    path = tmp_path_factory.mktemp("template") / "catalogue.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_shared(postgres_cluster: postgres.Cluster) -> Iterator[str]:
    """A database with the schema, emptied after each test: to make one takes a hundred times as long."""
    with postgres_cluster.database() as url:
        upgrade(url)
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with the schema and no rows, on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "catalogue.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("postgres_shared")
    yield url
    engine = postgres_engine(url)
    with engine.begin() as connection:
        for table in reversed(METADATA.sorted_tables):
            if table.name != "id_block":
                connection.execute(table.delete())
        for column in ("size", "modified_ms"):
            connection.exec_driver_sql(f"DROP INDEX IF EXISTS ix_item_{column}")
    engine.dispose()


@pytest.fixture
async def facts(database_url: str) -> AsyncIterator[Database]:
    """An open database with the schema and no rows, on each engine."""
    database = Database.open(database_url, sealer=TestSealer())
    yield database
    await database.aclose()
