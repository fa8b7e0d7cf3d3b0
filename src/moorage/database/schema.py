"""The schema: made and brought up to date by numbered steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url

from moorage.database.postgres import postgres_engine
from moorage.database.sqlite import sqlite_engine

_LOCK: Final = -2
"""Advisory lock of an upgrade, so that processes that start together do not both make the tables."""


def upgrade(url: str) -> None:
    """Bring the schema of a database to the present step, all of it or nothing; a repeat does nothing."""
    with _connected(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(url: str) -> bool:
    """True where ``upgrade`` would do nothing."""
    with _connected(url) as connection:
        step = MigrationContext.configure(connection).get_current_revision()
    return step == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "moorage.database:migrations")
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = sqlite_engine(url, writes=True) if make_url(url).get_backend_name() == "sqlite" else postgres_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
