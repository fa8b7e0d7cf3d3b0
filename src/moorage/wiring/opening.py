"""Opening: settings -> key -> database -> flows; for the server, and for commands on the data directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from moorage.admitting import MACHINE_MARK, Door, SlowPasswords, new_bearer
from moorage.cache import FileVariantCache, SingleFlight
from moorage.cataloguing.browsing import Browsing
from moorage.cataloguing.changing import Changing
from moorage.cataloguing.projects import Projects
from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.durable.runner import DbosRunner, embedded_url
from moorage.imaging import DecoderPool, Limits
from moorage.jobs import Dispatcher, Jobs
from moorage.keyring import Argon2Passwords, KeyRing, RingSealer, RingSigner
from moorage.mirroring import Mirrors, Scanning
from moorage.mirroring.globs import Globs
from moorage.model.clock import now_ms
from moorage.model.mirror import Mirror
from moorage.reading.content import Content
from moorage.reading.locate import Locator
from moorage.reading.variants import Variants
from moorage.registering.register import Registering
from moorage.settings import Settings
from moorage.showing import Showing
from moorage.uploading import Discarding, Mirrored, Owning, Uploads
from moorage.wiring.adapters import Adapters, Openings
from moorage.wiring.addresses import SeenAddresses
from moorage.wiring.directory import Directory, Lock, Served, address_of, prepare
from moorage.wiring.housekeeping import Housekeeping
from moorage.wiring.keys import check_key, ring_in_force
from moorage.wiring.once import OnceFacts
from moorage.wiring.primary import PrimaryStore
from moorage.wiring.services import Services


@dataclass
class Offline:
    """What commands on the data directory need."""

    settings: Settings
    directory: Directory
    facts: Database
    keyring: KeyRing
    door: Door

    @property
    def public_address(self) -> str:
        """What links begin with: the running server's own public address, else that of the settings."""
        return address_of(self.settings)


@asynccontextmanager
async def open_offline(settings: Settings) -> AsyncIterator[Offline]:
    """The catalogue of the data directory, beside a server that may be running.

    Makes directory, key and catalogue at the first start. Raises SealBroken when the key is missing or another.
    """
    directory = prepare(settings)
    ring = await ring_in_force(settings, directory)
    sealer = RingSealer(ring)
    await asyncio.to_thread(upgrade, settings.catalogue_url)
    facts = Database.open(settings.catalogue_url, sealer=sealer, pool=settings.database_pool)
    passwords = SlowPasswords(Argon2Passwords())
    try:
        await facts.write(lambda tx: check_key(tx, sealer))
        yield Offline(settings, directory, facts, ring, Door(OnceFacts(facts), passwords))
    finally:
        await passwords.aclose()
        await facts.aclose()


@asynccontextmanager
async def open_server(settings: Settings, public_url: str, *, local_url: str = "") -> AsyncIterator[Services]:
    """Everything that a serving process needs; holds the data directory's lock meanwhile.

    ``local_url``: it answers there, which commands on this machine learn from the lock; empty for a worker.
    """
    async with AsyncExitStack() as stack:
        machine = new_bearer(MACHINE_MARK)
        served = Served(public_url, local_url, machine) if local_url else None
        stack.enter_context(Lock(prepare(settings), served))
        offline = await stack.enter_async_context(open_offline(settings))
        services, dispatcher = await _compose(stack, offline, public_url, machine)
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        services.housekeeping.start()
        stack.push_async_callback(services.housekeeping.stop)
        stack.callback(services.stopping.set)
        yield services


async def _compose(
    stack: AsyncExitStack, offline: Offline, public_url: str, machine: str
) -> tuple[Services, Dispatcher]:
    settings, facts = offline.settings, OnceFacts(offline.facts)
    openings = Openings(settings)
    adapters = Adapters(openings)
    stack.push_async_callback(adapters.aclose)
    imager = DecoderPool(processes=settings.decoder_workers, limits=_limits(settings))
    stack.push_async_callback(imager.aclose)
    locator = Locator(facts)
    content = Content(facts, locator, adapters.of)
    cache = FileVariantCache(
        offline.directory.previews, max_bytes=settings.cache_previews_size, max_age=settings.cache_previews_expires
    )
    stack.push_async_callback(cache.aclose)
    runner = DbosRunner(_durable_url(offline), version=version("moorage"), places=settings.job_slices)
    flows = [Scanning(facts, openings.for_jobs, now_ms=now_ms).flow]
    dispatcher = Dispatcher(facts, runner, flows, now_ms=now_ms)
    seen = SeenAddresses(facts, public_url, now_ms=now_ms)
    discarding = Discarding(facts, adapters.of, now_ms=now_ms)
    housekeeping = Housekeeping(facts, now_ms=now_ms, seen=seen, discarding=discarding)
    primary = PrimaryStore(facts, offline.directory)
    await primary.follow()
    registering = Registering(facts, openings.for_checks, now_ms, adapters.forget)
    mirroring = Mirrors(facts, openings.for_jobs, hint=dispatcher.hint, now_ms=now_ms)
    services = Services(
        settings=settings,
        directory=offline.directory,
        facts=facts,
        now_ms=now_ms,
        public_url=public_url,
        adapters=adapters,
        signer=RingSigner(offline.keyring),
        door=offline.door,
        machine=machine,
        registering=registering,
        projects=Projects(facts),
        browsing=Browsing(facts),
        changing=Changing(facts),
        locator=locator,
        content=content,
        variants=Variants(facts, content, locator, imager, cache, SingleFlight()),
        jobs=Jobs(facts, flows, hint=dispatcher.hint, now_ms=now_ms),
        mirroring=mirroring,
        showing=Showing(facts, registering, mirroring, open_store=openings.for_checks),
        uploads=Uploads(
            facts,
            Owning(facts, adapters.of, primary=primary, now_ms=now_ms, wake=housekeeping.wake),
            Mirrored(facts, adapters.of, shows=_shows),
        ),
        housekeeping=housekeeping,
        seen=seen,
        workers=lambda: dispatcher.workers,
    )
    return services, dispatcher


def _shows(mirror: Mirror, relative: str) -> bool:
    return Globs(mirror.include, mirror.exclude).take(relative)


def _durable_url(offline: Offline) -> str:
    if offline.settings.database_url is None:
        return embedded_url(offline.directory.root)
    return offline.settings.database_url.get_secret_value()


def _limits(settings: Settings) -> Limits:
    seconds = settings.decoder_time.total_seconds()
    return Limits(
        seconds=seconds,
        cpu_seconds=max(1, round(seconds)),
        memory_bytes=settings.decoder_memory,
        pixels=settings.decoder_pixels,
    )
