"""Opening: settings -> key -> database -> flows; for the server, and for commands on the data directory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

from moorage.admitting import MACHINE_MARK, Door, SlowPasswords, new_bearer
from moorage.adopting import Adopting, Aliasing
from moorage.adopting.finding import Finder
from moorage.cache import FileChunkCache, FileFilmCache, FileVariantCache, SingleFlight
from moorage.cataloguing.browsing import Browsing
from moorage.cataloguing.changing import Changing
from moorage.cataloguing.projects import Projects
from moorage.converting import Conversions, Making
from moorage.costing import Costs, Prices, Tally
from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.durable.runner import DbosRunner, embedded_url
from moorage.imaging import DecoderPool, Limits
from moorage.inviting import Inviting, Offering
from moorage.jobs import Dispatcher, Jobs
from moorage.keyring import Argon2Passwords, KeyRing, RingSealer, RingSigner
from moorage.lending import Lending, Sweeping
from moorage.linking import Checking, Importing, Links, Spool
from moorage.mirroring import Mirrors, Scanning
from moorage.mirroring.globs import Globs
from moorage.model.clock import now_ms
from moorage.model.costs import UNMETERED
from moorage.model.keys import Bucket
from moorage.model.mirror import Mirror
from moorage.reading.content import Content
from moorage.reading.locate import Locator
from moorage.reading.originals import Originals
from moorage.reading.variants import Variants
from moorage.registering.connecting import Connecting
from moorage.registering.cors import Crossing
from moorage.registering.declared import Declaring
from moorage.registering.register import Registering
from moorage.registering.replacing import Replacing
from moorage.settings import Settings
from moorage.settings.storages import primary_bucket
from moorage.showing import Showing
from moorage.uploading import Discarding, Mirrored, Owning, Uploads
from moorage.warming import Room, Warmer, Warming, WarmUps
from moorage.wiring.adapters import Adapters, Openings
from moorage.wiring.addresses import SeenAddresses
from moorage.wiring.checking import DailyChecks
from moorage.wiring.declared import Declared
from moorage.wiring.directory import Directory, Lock, Served, address_of, prepare
from moorage.wiring.housekeeping import Housekeeping
from moorage.wiring.keys import check_key, ring_in_force
from moorage.wiring.lenders import Lenders
from moorage.wiring.machine import machine_of
from moorage.wiring.once import OnceFacts
from moorage.wiring.primary import PrimaryStore
from moorage.wiring.rotating import Rotation
from moorage.wiring.services import Services, origin_of
from moorage.wiring.web_addresses import WebAddresses, linkable

_CONVERSIONS: Final = 1000
"""Jobs that may wait for the one process that converts videos."""


@dataclass
class Offline:
    """What commands on the data directory need."""

    settings: Settings
    directory: Directory
    facts: Database
    keyring: KeyRing
    sealer: RingSealer
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
        yield Offline(settings, directory, facts, ring, sealer, Door(OnceFacts(facts), passwords))
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
        services, dispatcher = await _compose(stack, offline, public_url, machine, own_port=urlsplit(local_url).port)
        if local_url:
            await services.declared.begin()
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        services.housekeeping.start()
        stack.push_async_callback(services.housekeeping.stop)
        if local_url:  # workers take what is declared from the catalogue
            services.declared.start()
            stack.push_async_callback(services.declared.stop)
            services.daily_checks.start()
            stack.push_async_callback(services.daily_checks.stop)
        stack.callback(services.stopping.set)
        yield services


async def _compose(
    stack: AsyncExitStack, offline: Offline, public_url: str, machine: str, *, own_port: int | None
) -> tuple[Services, Dispatcher]:
    settings, facts = offline.settings, OnceFacts(offline.facts)
    tally = Tally(facts, now_ms=now_ms)
    costs = Costs(facts, tally, Prices.load(settings.prices, server=settings.server_region), now_ms=now_ms)
    stack.push_async_callback(tally.save)  # when all that asks stores is closed
    openings = Openings(settings, own_port=own_port or 0, watch=tally.watch)
    stack.push_async_callback(openings.aclose)
    adapters, jobs_adapters = Adapters(openings.for_readers), Adapters(openings.for_jobs)
    stack.push_async_callback(adapters.aclose)
    stack.push_async_callback(jobs_adapters.aclose)
    imager = DecoderPool(processes=settings.decoder_workers, limits=_limits(settings))
    stack.push_async_callback(imager.aclose)
    locator = Locator(facts)
    cache = FileVariantCache(
        offline.directory.previews, max_bytes=settings.cache_previews_size, max_age=settings.cache_previews_expires
    )
    stack.push_async_callback(cache.aclose)
    converted = FileVariantCache(
        offline.directory.converted,
        max_bytes=settings.cache_image_converter_size,
        max_age=settings.cache_image_converter_expires,
    )
    stack.push_async_callback(converted.aclose)
    chunks = FileChunkCache(
        offline.directory.originals, max_bytes=settings.cache_storage_size, max_age=settings.cache_storage_expires
    )
    stack.push_async_callback(chunks.aclose)
    originals = Originals(
        chunks, expires=settings.cache_storage_expires, stale=settings.cache_storage_stale, meter=tally
    )
    stack.push_async_callback(originals.aclose)
    runner = DbosRunner(_durable_url(offline), version=version("moorage"), places=settings.job_slices)
    registering = Registering(facts, openings.for_checks, now_ms, adapters.forget, origin_of(public_url))
    daily_checks = DailyChecks(facts, registering, now_ms=now_ms)
    content = Content(facts, locator, adapters.of, originals, daily_checks.doubt, tally)
    stack.callback(content.handles.close)
    variants = Variants(facts, content, locator, imager, cache, converted, SingleFlight(), tally)
    spool = Spool(offline.directory.imports, most_bytes=settings.link_list_size)
    importing = Importing(
        facts,
        spool,
        openings.for_jobs,
        open_bucket=registering.open_bucket,
        web_store=WebAddresses(facts),
        plain_http=openings.plain_http,
        measure=imager.measure,
    )
    films = FileFilmCache(converted)
    converter = DecoderPool(processes=1, waiting=_CONVERSIONS, limits=_limits_of_films(settings))
    stack.push_async_callback(converter.aclose)
    for_jobs = replace(content, adapter=jobs_adapters.of)
    making = Making(facts, for_jobs, locator, converter, films, converted, spool.place, now_ms)
    flows = [
        *making.flows,
        Scanning(facts, openings.for_jobs, now_ms=now_ms).flow,
        importing.flow,
        Checking(facts, openings.for_jobs, now_ms=now_ms, changed=locator.forget).flow,
        Warming(
            facts,
            _warmer(settings, replace(content, adapter=jobs_adapters.of), variants) if own_port else None,
            Room(settings.cache_previews_size, settings.cache_storage_size),
        ).flow,
    ]
    dispatcher = Dispatcher(facts, runner, flows, now_ms=now_ms)
    seen = SeenAddresses(facts, public_url, now_ms=now_ms)
    discarding = Discarding(facts, adapters.of, now_ms=now_ms)
    signer = RingSigner(offline.keyring)
    lenders = Lenders(adapters.of, machine_of(settings), signer, public_url)
    sweeping = Sweeping(facts, lenders, now_ms=now_ms)
    linking = Links(facts, spool, hint=dispatcher.hint, now_ms=now_ms)
    warm_ups = WarmUps(facts, hint=dispatcher.hint, now_ms=now_ms)
    housekeeping = Housekeeping(
        facts,
        now_ms=now_ms,
        seen=seen,
        discarding=discarding,
        sweeping=sweeping,
        linking=linking,
        costs=costs,
        warm_ups=warm_ups,
    )
    primary = PrimaryStore(facts, offline.directory, bucket=Bucket(primary_bucket(settings)))
    await primary.follow()
    mirroring = Mirrors(facts, openings.for_jobs, hint=dispatcher.hint, now_ms=now_ms)
    declaring = Declaring(facts, now_ms, adapters.forget)
    services = Services(
        settings=settings,
        directory=offline.directory,
        facts=facts,
        now_ms=now_ms,
        public_url=public_url,
        adapters=adapters,
        signer=signer,
        door=offline.door,
        machine=machine,
        registering=registering,
        replacing=Replacing(facts, registering),
        crossing=Crossing(facts, openings.for_checks),
        connecting=Connecting(facts, openings.for_checks, now_ms, adapters.forget),
        declared=Declared(settings, facts, declaring, registering, changed=locator.forget),
        projects=Projects(facts),
        browsing=Browsing(facts),
        changing=Changing(facts),
        adopting=Adopting(
            facts,
            Finder(facts, adapters.of, WebAddresses(facts), registering.open_bucket, linkable),
            forget=locator.forget,
        ),
        aliasing=Aliasing(facts, now_ms),
        locator=locator,
        content=content,
        caches={"previews": cache, "storage": originals, "converted": converted},
        costs=costs,
        warm_ups=warm_ups,
        variants=variants,
        conversions=Conversions(facts, variants, films, converted, spool.place, dispatcher.hint, now_ms),
        jobs=Jobs(facts, flows, hint=dispatcher.hint, now_ms=now_ms),
        mirroring=mirroring,
        linking=linking,
        showing=Showing(facts, registering, mirroring, open_store=openings.for_checks),
        inviting=Inviting(facts, now_ms),
        offering=Offering(facts, registering, mirroring, openings.for_checks, now_ms),
        uploads=Uploads(
            facts,
            Owning(facts, adapters.of, primary=primary, now_ms=now_ms, wake=housekeeping.wake),
            Mirrored(facts, adapters.of, shows=_shows),
        ),
        lending=Lending(facts, lenders, adapters.of, longest=settings.loan_life, now_ms=now_ms),
        housekeeping=housekeeping,
        daily_checks=daily_checks,
        rotation=Rotation(settings, offline.directory, (offline.sealer, signer), lambda: dispatcher.workers),
        seen=seen,
        workers=lambda: dispatcher.workers,
    )
    return services, dispatcher


def _warmer(settings: Settings, content: Content, variants: Variants) -> Warmer:
    """One decoder process at least is left to readers, where there are several. What nobody reads yet saves nothing."""
    content = replace(content, meter=UNMETERED)
    at_once = max(1, settings.decoder_workers - 1)
    return Warmer(content, replace(variants, content=content, meter=UNMETERED), at_once)


def _shows(mirror: Mirror, relative: str) -> bool:
    return Globs(mirror.include, mirror.exclude).take(relative)


def _durable_url(offline: Offline) -> str:
    if offline.settings.database_url is None:
        return embedded_url(offline.directory.root)
    return offline.settings.database_url.get_secret_value()


def _limits_of_films(settings: Settings) -> Limits:
    """Encoders work on several cores at once."""
    seconds = settings.video_time.total_seconds()
    return replace(_limits(settings), seconds=seconds, cpu_seconds=max(1, round(seconds)) * (os.cpu_count() or 1))


def _limits(settings: Settings) -> Limits:
    seconds = settings.decoder_time.total_seconds()
    return Limits(
        seconds=seconds,
        cpu_seconds=max(1, round(seconds)),
        memory_bytes=settings.decoder_memory,
        pixels=settings.decoder_pixels,
    )
