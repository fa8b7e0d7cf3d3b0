"""Alone with the catalogue: nobody else holds the data directory or takes part in its PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from moorage.database.schema import upgrade
from moorage.durable.beats import SILENT_AFTER_S, Beats
from moorage.durable.engine import open_database
from moorage.model.errors import Conflict, NotFound
from moorage.settings import Settings
from moorage.wiring.directory import Directory, Lock, directory_of


@asynccontextmanager
async def alone(settings: Settings) -> AsyncIterator[Directory]:
    """Hold the data directory, with its catalogue brought up to date.

    Raises NotFound where there is no catalogue, Conflict where a process uses it. Nothing was changed then.
    """
    directory = directory_of(settings)
    if not (directory.root.is_dir() if settings.database_url else directory.catalogue.exists()):
        raise NotFound(f"There is no catalogue in {directory.root}. Nothing was changed.", "Name another with --data.")
    with Lock(directory):
        if settings.database_url is not None:
            others = await asyncio.to_thread(_others, settings.catalogue_url)
            if others:
                raise Conflict(
                    f"{others} other processes use the catalogue of MOORAGE_DATABASE_URL. Nothing was changed.",
                    f"Stop them first. One that was killed counts for {SILENT_AFTER_S:.0f} s more.",
                )
        await asyncio.to_thread(upgrade, settings.catalogue_url)
        yield directory


def _others(url: str) -> int:
    database = open_database(url)
    try:
        if not sa.inspect(database).has_table("moorage_executor"):
            return 0
        return len(Beats(database, executor="", version="", takes_work=False).living())
    finally:
        database.dispose()
