"""The schema: made and brought up to date by numbered steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, make_url

from moorage.database.faults import translated
from moorage.database.postgres import postgres_engine
from moorage.database.sqlite import sqlite_engine
from moorage.model.errors import Conflict

_LOCK: Final = -2
"""Advisory lock of an upgrade, so that processes that start together do not both make the tables."""


def upgrade(url: str | URL) -> None:
    """Bring the schema of a database to the present step, all of it or nothing; a repeat does nothing.

    Raises Conflict for a database that a newer release has upgraded, Busy for one that cannot be reached.
    """
    with _connected(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        config = _config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Conflict(
                "The database was made by a newer release of Moorage. Nothing was changed.",
                "Start that release, or bring back a copy of the database from before its upgrade.",
            ) from error


def is_current(url: str | URL) -> bool:
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
def _connected(url: str | URL) -> Iterator[Connection]:
    engine = sqlite_engine(url, writes=True) if make_url(url).get_backend_name() == "sqlite" else postgres_engine(url)
    try:
        with translated(), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
