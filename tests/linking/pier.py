"""A catalogue on SQLite, stores on disk and a dispatcher that runs imports and checks, wired as the server does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mirroring.harbour import PlainSealer, TaskRunner, empty_catalogue, now_ms
from moorage.database.engine import Database
from moorage.jobs.dispatcher import Dispatcher, Pace
from moorage.jobs.verbs import Jobs
from moorage.linking import Checking, Importing, Links, Spool, Wanted
from moorage.model.access import SYSTEM, Principal
from moorage.model.catalogue import FolderId, Item, Project
from moorage.model.errors import NotFound, Refused
from moorage.model.jobs import Job, JobId
from moorage.model.keys import Bucket, Prefix
from moorage.model.links import LineVerdict, LinkImport
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import ItemQuery, Transaction
from moorage.settings import Settings
from moorage.wiring.adapters import Openings

PLAIN = Wanted()
QUICK = Pace(every_s=0.05, backoff_s=0.005)


async def blocks(data: bytes, size: int = 1 << 16) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@dataclass
class Pier:
    """Everything that links need, and what tests ask of it."""

    facts: Database
    root: Path
    project: Project
    disk: Store
    spool: Spool
    openings: Openings
    asked: list[str] = field(default_factory=list)
    """Buckets whose stores were asked for."""
    dispatcher: Dispatcher = field(init=False)
    links: Links = field(init=False)
    jobs: Jobs = field(init=False)

    def wire(self) -> None:
        importing = Importing(
            self.facts,
            self.spool,
            self.openings.for_jobs,
            open_bucket=self.open_bucket,
            web_store=self.web_store,
            plain_http=lambda host: host == "media.lan",
        )
        flows = [importing.flow, Checking(self.facts, self.openings.for_jobs, now_ms=now_ms).flow]
        self.dispatcher = Dispatcher(self.facts, TaskRunner(), flows, now_ms=now_ms, pace=QUICK)
        self.links = Links(self.facts, self.spool, hint=self.dispatcher.hint, now_ms=now_ms)
        self.jobs = Jobs(self.facts, flows, hint=self.dispatcher.hint, now_ms=now_ms)

    async def open_bucket(self, principal: Principal, connection: Connection, bucket: str, *, key: str) -> Store:
        """The port as the product fills it, without a probe; the bucket ``locked`` cannot be opened."""
        del principal, key
        self.asked.append(bucket)
        if bucket == "locked":
            raise Refused("The keys do not open the bucket locked. Nothing was made.", "Ask for better keys.")
        prefix = Prefix("2020/" if bucket == "wells" else "")
        wanted = Store(f"made-{bucket}", connection, bucket=Bucket(bucket), prefix=prefix)
        return await self.facts.write(lambda tx: tx.stores.add(wanted))

    async def web_store(self) -> Store:
        return await self.facts.write(lambda tx: tx.stores.add(Store("https", Connection(Provider.HTTPS))))

    async def add_store(self, name: str, bucket: str, endpoint: str = "https://s3.example.org", **more: str) -> Store:
        connection = Connection(Provider.S3, endpoint=endpoint)
        wanted = Store(name, connection, bucket=Bucket(bucket), **more)  # type: ignore[arg-type]
        return await self.facts.write(lambda tx: tx.stores.add(wanted))

    async def begin(self, text: str | bytes, wanted: Wanted = PLAIN, *, asker: Principal = SYSTEM) -> LinkImport:
        data = text if isinstance(text, bytes) else text.encode()
        return await self.links.begin(asker, self.project.id, blocks(data), wanted)

    async def imported(
        self, text: str | bytes, wanted: Wanted = PLAIN, *, asker: Principal = SYSTEM
    ) -> tuple[LinkImport, Job]:
        begun = await self.begin(text, wanted, asker=asker)
        return await self.done(begun)

    async def done(self, begun: LinkImport) -> tuple[LinkImport, Job]:
        job = await self.ended(begun.job)
        return (await self.links.get(SYSTEM, begun.id))[0], job

    async def ended(self, job: JobId) -> Job:
        async with asyncio.timeout(30):
            while True:
                found = await self.facts.read(lambda tx: tx.jobs.get(job))
                if found.state.final:
                    return found
                await asyncio.sleep(0.005)

    async def lines(self, of: LinkImport) -> list[LineVerdict]:
        return await self.links.lines(SYSTEM, of.id, limit=1000)

    async def items(self, path: str = "") -> dict[str, Item]:
        """Items of a folder of the project by name."""

        def read(tx: Transaction) -> list[Item]:
            folder = tx.folders.get(self.project.root)
            for name in filter(None, path.split("/")):
                child = tx.folders.child(FolderId(folder.id), name)
                if child is None:
                    raise NotFound(f"no folder {name}")
                folder = child
            return tx.items.page(folder.id, ItemQuery(), limit=1000).rows

        return {item.name: item for item in await self.facts.read(read)}

    def put(self, keys: Iterable[str]) -> None:
        for key in keys:
            place = self.root / "media" / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(key.encode())


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[Pier]:
    """A pier on ``root``; a second one on the same place goes on with what the first left."""
    catalogue = root / "catalogue.db"
    if not catalogue.exists():
        catalogue.write_bytes(empty_catalogue())
        (root / "media").mkdir()
    facts = Database.open(f"sqlite:///{catalogue}", sealer=PlainSealer())
    projects = await facts.read(lambda tx: tx.projects.all())
    project = projects[0] if projects else await facts.write(lambda tx: tx.projects.add("survey"))
    disk = Store("dk", Connection(Provider.DISK, root=str(root / "media")))
    stores = [one for one in await facts.read(lambda tx: tx.stores.all()) if one.name == "dk"]
    disk = stores[0] if stores else await facts.write(lambda tx: tx.stores.add(disk))
    openings = Openings(Settings.load({"data": root}, {}, root))
    pier = Pier(facts, root, project, disk, Spool(root / "imports", most_bytes=1 << 26), openings)
    pier.wire()
    await pier.dispatcher.start()
    try:
        yield pier
    finally:
        await pier.dispatcher.stop()
        await openings.aclose()
        await facts.aclose()
