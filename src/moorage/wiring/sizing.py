"""Sizing: what an index of so many objects takes here. trial index -> listings of the stores -> figures."""

from __future__ import annotations

import asyncio
import resource
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from moorage.model.credentials import Forgotten
from moorage.model.errors import Invalid, MoorageError
from moorage.model.store import Store
from moorage.model.transaction import Facts
from moorage.settings import Settings
from moorage.wiring.adapters import Openings
from moorage.wiring.directory import directory_of
from moorage.wiring.opening import open_offline
from moorage.wiring.trial import Trial, nearest, run_trial

MOST: Final = 100_000_000_000
PAGE: Final = 1_000
PAGES: Final = 5
LISTING_S: Final = 10.0
STORES: Final = 5
PREVIEW_BYTES: Final = 16_000
"""A WebP of 384 pixels, as the grid asks for; photographs were measured at 8 to 25 kB."""
FACES_BYTES: Final = 60 << 20
"""Of the HTTP faces and the job engine, which this command does not load."""
DECODER_BYTES: Final = 120 << 20
"""One decoder process at work on camera pictures; larger images take more, up to the setting."""
SQLITE_OBJECTS: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """How quickly one registered store lists; without a figure, why that is not known."""

    store: str
    keys: int
    keys_per_second: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sizing:
    """The figures for ``objects`` objects, and what they were reckoned from."""

    objects: int
    trial: Trial
    listed: tuple[Listed, ...]
    free_bytes: int
    process_bytes: int
    """This process at its peak: all that the server has but its faces and the job engine."""
    decoders: int
    preview_cache_bytes: int
    postgres: bool
    took_s: float

    @property
    def catalogue_bytes(self) -> int:
        """What the rows take on the disk, with the orders by date and size."""
        return round(self.objects * self.trial.bytes_per_row)

    @property
    def preview_bytes(self) -> int:
        """What previews would take if every object were a picture that somebody looked at."""
        return self.objects * PREVIEW_BYTES

    @property
    def server_bytes(self) -> int:
        """Memory of the server's process. It does not grow with the number of objects."""
        return self.process_bytes + FACES_BYTES

    @property
    def preview_each(self) -> int:
        """What one preview is taken to have."""
        return PREVIEW_BYTES

    @property
    def decoder_bytes(self) -> int:
        """Memory of the processes that open images and video, all at work."""
        return self.decoders * DECODER_BYTES

    @property
    def seconds(self) -> float:
        """How long the first index takes where the store lists quicker than rows are written."""
        return self.objects / self.trial.rows_per_second

    def seconds_from(self, one: Listed) -> float | None:
        """The same for a registered store, by whichever is slower."""
        if one.keys_per_second is None:
            return None
        return self.objects / min(self.trial.rows_per_second, one.keys_per_second)

    def limit(self, one: Listed) -> str:
        """Which part of an index of that store takes longer."""
        return "listing" if (one.keys_per_second or 0) < self.trial.rows_per_second else "writing rows"

    @property
    def notes(self) -> tuple[str, ...]:
        """What to mind."""
        found = []
        if self.catalogue_bytes + self.preview_cache_bytes > self.free_bytes:
            found.append("The disk of the data directory is too small for catalogue and previews.")
        if self.postgres:
            found.append("Rows were timed on SQLite in the data directory, not on your PostgreSQL.")
        elif self.objects > SQLITE_OBJECTS:
            found.append(f"Above some {SQLITE_OBJECTS:,} objects use PostgreSQL: see MOORAGE_DATABASE_URL.")
        return tuple(found)


def check_objects(objects: int) -> None:
    """Raise Invalid for a number that is none of objects."""
    if not 1 <= objects <= MOST:
        raise Invalid(
            f"{objects:,} is no number of objects to plan for. Nothing was measured.",
            f"Write a whole number from 1 to {MOST:,}, such as --sizing 5000000.",
            field="sizing",
        )


async def size_here(settings: Settings, objects: int) -> Sizing:
    """Measure here and reckon, before there is a catalogue or beside a running server.

    Stores are read only; all that is written lies in a directory of its own and is removed.
    """
    check_objects(objects)
    began = time.monotonic()
    trial = await run_trial(settings.data)
    listed: list[Listed] = []
    directory = directory_of(settings)
    if directory.root.is_dir() if settings.database_url else directory.catalogue.exists():
        async with open_offline(settings) as offline:
            listed = [one async for one in _listings(settings, offline.facts)]
    return Sizing(
        objects=objects,
        trial=trial,
        listed=tuple(listed),
        free_bytes=shutil.disk_usage(nearest(settings.data)).free,
        process_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        decoders=settings.decoder_workers,
        preview_cache_bytes=settings.cache_previews_size,
        postgres=settings.database_url is not None,
        took_s=time.monotonic() - began,
    )


async def _listings(settings: Settings, facts: Facts) -> AsyncIterator[Listed]:
    openings = Openings(settings)
    for store in (await facts.read(lambda tx: tx.stores.all()))[:STORES]:
        if isinstance(store.connection.credentials, Forgotten):
            yield Listed(store.name, 0, None, "its credentials were forgotten")
            continue
        try:
            async with asyncio.timeout(LISTING_S):
                yield await _time(openings, store)
        except TimeoutError:
            yield Listed(store.name, 0, None, f"it did not list {PAGES} pages within {LISTING_S:.0f} s")
        except MoorageError as error:
            yield Listed(store.name, 0, None, error.message)


async def _time(openings: Openings, store: Store) -> Listed:
    """Ask for a few pages, one after the other."""
    opened = openings.for_jobs(store)
    try:
        keys, after = 0, None
        began = time.perf_counter()
        for _ in range(PAGES):
            page = await opened.list_page(store.prefix, after=after, limit=PAGE)
            keys += len(page.objects)
            after = page.next_after
            if after is None:
                break
        took = time.perf_counter() - began
    finally:
        await opened.aclose()
    if keys < PAGE:
        return Listed(store.name, keys, None, f"{keys} objects are too few to time")
    return Listed(store.name, keys, keys / took)
