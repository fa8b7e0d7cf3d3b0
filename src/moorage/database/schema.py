"""The schema: made and brought up to date."""

from __future__ import annotations

from sqlalchemy import make_url

from moorage.database.postgres import postgres_engine
from moorage.database.sqlite import sqlite_engine
from moorage.database.tables import METADATA


def upgrade(url: str) -> None:
    """Bring the schema of a database to the present state; a repeat does nothing."""
    engine = sqlite_engine(url, writes=True) if make_url(url).get_backend_name() == "sqlite" else postgres_engine(url)
    try:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            connection.exec_driver_sql("INSERT INTO id_block (shard, next_n) VALUES (0, 1) ON CONFLICT DO NOTHING")
    finally:
        engine.dispose()
