"""Declared connections: settings and remote_links.yml -> catalogue, at the start and whenever the file changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from moorage.model.access import SYSTEM, Principal, Role
from moorage.model.errors import Invalid, MoorageError
from moorage.model.transaction import Facts
from moorage.registering.declared import Applied, Declaring, Standing, standing_of, warnings_of
from moorage.registering.register import Registering
from moorage.settings import Settings
from moorage.settings.remote_links import Links, Signature, read_links, signature_of
from moorage.settings.remote_links.connections import ORIGIN as FILE_ORIGIN
from moorage.settings.storages import ORIGIN as SETTINGS_ORIGIN
from moorage.settings.storages import links_file, primary_bucket, primary_storage, storages
from moorage.wiring.primary import NAME, register_declared, unmoved

LOOK_S: Final = 1.0
"""A file counts once it looked the same twice, so that none is read half written."""
log: Final = structlog.get_logger("moorage.declared")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload found and did."""

    file: str
    applied: Applied
    warnings: tuple[str, ...]


class Declared:
    """Keeps the catalogue in line with what is declared. The process that serves does it, and no other."""

    def __init__(
        self,
        settings: Settings,
        facts: Facts,
        declaring: Declaring,
        registering: Registering,
        *,
        changed: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._facts = facts
        self._declaring = declaring
        self._registering = registering
        self._changed = changed
        self._hinted = asyncio.Event()
        self._one = asyncio.Lock()
        self._loaded: Signature | None = None
        self._seen: Signature | None = None
        self._files: tuple[Path, ...] = ()
        self._told: tuple[str, ...] = ()
        self._unmoved = ""
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Apply what is declared now. Raises Invalid for settings that contradict each other, not for the file."""
        storages(self._settings)
        with contextlib.suppress(Invalid):  # noted: the server starts, and says so wherever people look
            await self._load(SYSTEM)
        bucket, connection = primary_bucket(self._settings), primary_storage(self._settings)
        await self._facts.write(lambda tx: register_declared(tx, connection, bucket))
        self._unmoved = await self._facts.read(lambda tx: unmoved(tx, connection, bucket))
        if self._unmoved:
            standing = await self._facts.read(standing_of)
            await self._declaring.note(replace(standing, warnings=(*standing.warnings, self._unmoved)))

    def start(self) -> None:
        """Begin to watch; ``stop`` ends it."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End it; an apply in flight is finished or rolled back."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def hint(self) -> None:
        """Look at the file now, changed or not."""
        self._hinted.set()

    async def reload(self, principal: Principal) -> Reloaded:
        """Look at the file now. Invalid where it is broken: what was declared before counts on."""
        principal.need_everywhere(Role.ADMIN)
        try:
            applied = await self._load(principal)
        finally:
            await self._tell()
        file = await asyncio.to_thread(links_file, self._settings)
        return Reloaded(str(file or ""), applied, tuple(await self._facts.read(warnings_of)))

    async def _load(self, principal: Principal) -> Applied:
        async with self._one:
            path = await asyncio.to_thread(links_file, self._settings)
            before = await asyncio.to_thread(signature_of, self._watched(path))
            wished, sources = storages(self._settings), (SETTINGS_ORIGIN, FILE_ORIGIN)
            links = Links((), (), ())
            try:
                if path is not None:
                    links = await asyncio.to_thread(read_links, path)
            except Invalid as error:
                problem = f"{error} What it declared before still counts."
                standing = Standing(str(path), problem, self._warnings())
                await self._declaring.apply(principal, wished, sources=(SETTINGS_ORIGIN,), standing=standing)
                self._loaded = before
                raise
            self._files = links.files
            after = await asyncio.to_thread(signature_of, self._watched(path))
            applied = await self._declaring.apply(
                principal,
                (*wished, *links.connections),
                sources=sources,
                standing=Standing(str(path or ""), warnings=self._warnings(*links.warnings)),
            )
            # Written to meanwhile: what was read may be half of it, so the next look reads it again.
            self._loaded = after if after == before else None
            if applied:
                log.info("Declared connections were applied.", added=applied.added, changed=applied.changed)
                self._changed()
            return applied

    async def _watch(self) -> None:
        await self._safely(self._tell)
        await self._safely(self._check_primary)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hinted.wait(), LOOK_S)
            asked = self._hinted.is_set()
            self._hinted.clear()
            if asked or await self._settled():
                await self._safely(self._look)

    async def _settled(self) -> bool:
        """True where the files differ from what was read, and are as they were at the look before."""
        path = await asyncio.to_thread(links_file, self._settings)
        now = await asyncio.to_thread(signature_of, self._watched(path))
        settled = now == self._seen
        self._seen = now
        return settled and now != self._loaded

    async def _look(self) -> None:
        with contextlib.suppress(Invalid):
            await self._load(SYSTEM)
        await self._tell()

    async def _tell(self) -> None:
        """Log warnings, each once."""
        warnings = tuple(await self._facts.read(warnings_of))
        for warning in warnings:
            if warning not in self._told:
                log.warning(warning)
        self._told = warnings

    async def _check_primary(self) -> None:
        if primary_storage(self._settings) is None:
            return
        report = await self._registering.check(SYSTEM, NAME)
        if not report.passed:
            line = next(line for line in report.lines if line.refuses)
            log.warning("Uploads cannot be stored: the check of the primary storage failed.", found=line.detail)

    def _warnings(self, *found: str) -> tuple[str, ...]:
        return (*found, self._unmoved) if self._unmoved else found

    def _watched(self, path: Path | None) -> tuple[Path, ...]:
        return (*(() if path is None else (path,)), *(one for one in self._files if one != path))

    async def _safely(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MoorageError as error:
            log.warning("Declared connections could not be looked at; it will be tried again.", why=str(error))
            await asyncio.sleep(LOOK_S)
        except Exception:
            log.exception("Looking at declared connections failed; it will be tried again.")
            await asyncio.sleep(LOOK_S)
