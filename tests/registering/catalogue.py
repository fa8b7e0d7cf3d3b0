"""A catalogue on SQLite and the verbs on stores and connections, with real adapters."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirroring.harbour import PlainSealer, empty_catalogue
from moorage.database.engine import Database
from moorage.model.clock import now_ms
from moorage.model.store import Connection
from moorage.registering.connecting import Connecting
from moorage.registering.declared import Applied, Declaring, Standing, warnings_of
from moorage.registering.register import Registering
from moorage.settings import Settings
from moorage.wiring.adapters import Openings
from showing.quay import BOSS

SOURCES = ("remote_links.yml: ", "settings: ")


@dataclass
class Catalogue:
    """What tests of registering use."""

    facts: Database
    registering: Registering
    connecting: Connecting
    declaring: Declaring

    async def apply(self, *wished: Connection) -> Applied:
        return await self.declaring.apply(BOSS, wished, sources=SOURCES, standing=Standing("remote_links.yml"))

    async def connections(self) -> dict[str, Connection]:
        return {one.name: one for one in await self.facts.read(lambda tx: tx.connections.all())}

    async def warnings(self) -> list[str]:
        return await self.facts.read(warnings_of)

    async def audit(self) -> list[tuple[str, str]]:
        rows = await self.facts.read(lambda tx: tx.audit.all())
        return [(row.action, row.subject) for row in reversed(rows)]


@asynccontextmanager
async def opened(data: Path) -> AsyncIterator[Catalogue]:
    openings = Openings(Settings.load({"data": data}, {}, data))
    (data / "catalogue.db").write_bytes(empty_catalogue())
    facts = Database.open(f"sqlite:///{data / 'catalogue.db'}", sealer=PlainSealer())
    try:
        yield Catalogue(
            facts,
            Registering(facts, openings.for_checks, now_ms),
            Connecting(facts, openings.for_checks, now_ms),
            Declaring(facts, now_ms),
        )
    finally:
        await facts.aclose()
