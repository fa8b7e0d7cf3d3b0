"""Services: everything that the faces call, in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from moorage.admitting import Door
from moorage.adopting import Adopting, Aliasing
from moorage.cataloguing.browsing import Browsing
from moorage.cataloguing.changing import Changing
from moorage.cataloguing.projects import Projects
from moorage.converting import Conversions
from moorage.costing import Costs
from moorage.inviting import Inviting, Offering
from moorage.jobs import Jobs
from moorage.lending import Lending
from moorage.linking import Links
from moorage.mirroring import Mirrors
from moorage.model.caches import Shelf
from moorage.model.catalogue import Order
from moorage.model.secrecy import UrlSigner
from moorage.model.transaction import Facts
from moorage.reading.content import Content
from moorage.reading.locate import Locator
from moorage.reading.variants import Variants
from moorage.registering.connecting import Connecting
from moorage.registering.cors import Crossing
from moorage.registering.register import Registering
from moorage.registering.replacing import Replacing
from moorage.settings import Settings
from moorage.showing import Showing
from moorage.uploading import Uploads
from moorage.warming import WarmUps
from moorage.wiring.adapters import Adapters
from moorage.wiring.addresses import SeenAddresses
from moorage.wiring.checking import DailyChecks
from moorage.wiring.declared import Declared
from moorage.wiring.directory import Directory
from moorage.wiring.doctor import health, places
from moorage.wiring.ending import note_days
from moorage.wiring.housekeeping import Housekeeping
from moorage.wiring.metrics import note_costs
from moorage.wiring.rotating import Rotation


@dataclass
class Services:
    """The flows with their adapters, for one process."""

    settings: Settings
    directory: Directory
    facts: Facts
    now_ms: Callable[[], int]
    public_url: str
    adapters: Adapters
    signer: UrlSigner
    door: Door
    machine: str = field(repr=False)
    """The bearer by which commands on this machine sign in: see ``Served``."""
    registering: Registering
    replacing: Replacing
    crossing: Crossing
    connecting: Connecting
    declared: Declared
    projects: Projects
    browsing: Browsing
    changing: Changing
    adopting: Adopting
    aliasing: Aliasing
    locator: Locator
    content: Content
    variants: Variants
    conversions: Conversions
    caches: dict[str, Shelf]
    """By the names of ``/cache``."""
    costs: Costs
    warm_ups: WarmUps
    jobs: Jobs
    mirroring: Mirrors
    linking: Links
    showing: Showing
    inviting: Inviting
    offering: Offering
    uploads: Uploads
    lending: Lending
    housekeeping: Housekeeping
    daily_checks: DailyChecks
    rotation: Rotation
    seen: SeenAddresses
    workers: Callable[[], int]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server begins to stop: long streams end then."""

    @property
    def path_prefix(self) -> str:
        """The path of the public address: empty, or ``/moorage``."""
        return urlsplit(self.public_url).path.rstrip("/")

    @property
    def origin(self) -> str:
        """The origin of our own pages."""
        return origin_of(self.public_url)

    def wake_purge(self) -> None:
        """Rows of something that was removed wait to be deleted."""
        self.housekeeping.wake()

    def wake_order(self, order: Order) -> None:
        """A sort order was asked for that has no index yet."""
        self.housekeeping.want_order(order)

    def note_address(self, seen: str) -> None:
        """Remember that a browser came by ``seen``, such as ``https://media.example.org``, for doctor. Cheap."""
        self.seen.note(seen)

    async def health(self) -> list[tuple[str, str, str]]:
        """What doctor prints: (name, ok|warning|failed, sentence)."""
        await self.seen.save()
        return await health(self.settings, self.facts)

    async def note_metrics(self) -> None:
        """Bring what /metrics shows of catalogue, stores and caches up to date."""
        await note_days(self.facts)
        await note_costs(self.costs.tally.totals(), self.caches)

    def places(self) -> dict[str, str]:
        """What ``where`` prints."""
        return places(self.settings)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as browsers tell them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
