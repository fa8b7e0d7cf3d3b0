"""The schema that the steps make is the one that the code knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, make_url

from moorage.database.postgres import postgres_engine
from moorage.database.schema import _config, is_current, upgrade
from moorage.database.sqlite import sqlite_engine
from moorage.database.tables import METADATA
from moorage.model.errors import Conflict


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        return sqlite_engine(url, writes=True)
    return postgres_engine(url)


def test_the_steps_make_exactly_the_tables_of_the_code(database_url: str) -> None:
    engine = _engine(database_url)
    with engine.begin() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    engine.dispose()
    assert found == []


def test_partial_indexes_are_those_of_the_code(database_url: str) -> None:
    engine = _engine(database_url)
    with engine.begin() as connection:
        indexes = {index["name"] for table in METADATA.tables for index in inspect(connection).get_indexes(table)}
    engine.dispose()
    own = {f"ix_{table}_{column}" for table in ("item", "tombstone") for column in ("store", "owned")}
    assert {"ix_folder_unmarked", "ix_work_open", *own} <= indexes


def test_items_of_an_earlier_release_are_kept_by_an_upgrade(empty_url: str) -> None:
    engine = _engine(empty_url)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "v0003")
        connection.exec_driver_sql(
            "INSERT INTO item (shard, folder, name, id, project, kind, size, etag, generation, modified_ms)"
            " SELECT 0, 1, '', 4096, 1, 0, 7, 'e', '', 1 FROM id_block"
        )
    upgrade(empty_url)
    assert is_current(empty_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT size, owned FROM item").all() == [(7, None)]
    engine.dispose()


def test_an_upgrade_of_a_current_schema_does_nothing(empty_url: str) -> None:
    assert not is_current(empty_url)
    upgrade(empty_url)
    assert is_current(empty_url)
    upgrade(empty_url)
    assert is_current(empty_url)


def test_processes_that_start_together_make_the_tables_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(upgrade, [empty_url] * 3)) == [None] * 3


def test_a_database_of_a_newer_release_is_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    engine = _engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'v9999'")
    with pytest.raises(Conflict, match="newer"):
        upgrade(empty_url)
    assert not is_current(empty_url)
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "v9999"
    engine.dispose()
