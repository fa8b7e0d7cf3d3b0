"""Adapters of stores: opened from what is registered, shared by all who read, closed at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from moorage.model.credentials import Forgotten
from moorage.model.errors import Invalid, StoreDenied
from moorage.model.store import ObjectStore, Provider, Store, StoreId, StoreOpener
from moorage.registering.owning import need_guardable
from moorage.settings import Settings
from moorage.stores.aws import Identities
from moorage.stores.azure import AzureStore
from moorage.stores.disk import DiskStore
from moorage.stores.google import open_google
from moorage.stores.https import HttpsLimits, HttpsStore
from moorage.stores.s3 import Limits, Purpose, S3Store
from moorage.stores.transport import Counters, Guard
from moorage.wiring.machine import machine_of

HTTPS_PER_HOST: Final = 8
"""Connections to one web server: it is not ours, and a slow one must not take the places of all others."""


class Openings:
    """Makes adapters with the limits of the settings."""

    def __init__(
        self, settings: Settings, *, own_port: int = 0, watch: Callable[[StoreId, Counters], None] | None = None
    ) -> None:
        """``own_port``: this server listens there, where no web address may lead.

        ``watch`` is told once of each store that is opened, and of what counts all that is sent to it from then on.
        """
        self._watch = watch
        self._counters: dict[StoreId, Counters] = {}
        self._limits = Limits(
            reading=settings.connections_reading, jobs=settings.connections_jobs, admin=settings.connections_admin
        )
        self._metadata_host = settings.google_metadata_host
        self._identities = Identities(machine_of(settings))
        self._guard = Guard.of(settings.link_hosts_allow, setting="MOORAGE_LINK_HOSTS_ALLOW", own_port=own_port)
        self._strict = Guard.of(
            settings.store_endpoints, setting="MOORAGE_STORE_ENDPOINTS", strict=True, own_port=own_port
        )
        self._bounds = HttpsLimits(
            max_bytes=settings.link_size,
            time_s=settings.link_time.total_seconds(),
            redirects=settings.link_redirects,
        )

    def for_readers(self, store: Store) -> ObjectStore:
        """An adapter for readers."""
        return self._open(store, Purpose.READING)

    def for_jobs(self, store: Store) -> ObjectStore:
        """An adapter for jobs, with connections of its own: a job never takes a reader's place."""
        return self._open(store, Purpose.JOBS)

    def for_checks(self, store: Store) -> ObjectStore:
        """An adapter for a probe."""
        return self._open(store, Purpose.ADMIN)

    def plain_http(self, host: str) -> bool:
        """Whether web addresses of this host may do without TLS."""
        return self._guard.names(host)

    async def aclose(self) -> None:
        """End what asks for the keys of roles."""
        await self._identities.aclose()

    def _open(self, store: Store, purpose: Purpose) -> ObjectStore:
        if isinstance(store.connection.credentials, Forgotten):
            raise StoreDenied(
                f"The store {store.name} cannot be used: its credentials were forgotten by secrets reset.",
                f"Fill them in: moorage store change {store.name}, or PATCH /api/v1/stores/{store.name}.",
                store=store.name,
                bucket=store.bucket,
                code="CredentialsForgotten",
            )
        if store.connection.guarded:
            need_guardable(store.connection)  # whatever was written down before a rule was added
        guard = self._strict if store.connection.guarded else None
        provider = store.connection.provider
        if provider is Provider.DISK:
            return DiskStore(store)
        counters = self._counters_of(store.id)
        if provider is Provider.S3:
            identities = self._identities
            return S3Store(
                store, limits=self._limits, purpose=purpose, identities=identities, counters=counters, guard=guard
            )
        if provider is Provider.GOOGLE:
            host = self._metadata_host
            return open_google(
                store, limits=self._limits, purpose=purpose, metadata_host=host, counters=counters, guard=guard
            )
        if provider is Provider.AZURE:
            return AzureStore(store, limits=self._limits, purpose=purpose, counters=counters, guard=guard)
        if provider is Provider.HTTPS:
            limits = replace(self._limits, per_host=HTTPS_PER_HOST)
            return HttpsStore(
                store, guard=self._guard, limits=limits, bounds=self._bounds, purpose=purpose, counters=counters
            )
        raise Invalid(
            f"The provider {provider} is not built yet.", "Use azure, disk, google, https or s3.", field="provider"
        )

    def _counters_of(self, store: StoreId) -> Counters:
        """One for all adapters of a store; one that is not registered yet is nobody's."""
        found = self._counters.get(store)
        if found is None:
            found = Counters()
            if store and self._watch is not None:
                self._counters[store] = found
                self._watch(store, found)
        return found


class Adapters:
    """Open adapters by store, as long as nothing about the store changes."""

    def __init__(self, open_store: StoreOpener) -> None:
        self._open_store = open_store
        self._open: dict[StoreId, tuple[Store, ObjectStore]] = {}
        self._dropped: list[ObjectStore] = []

    def of(self, store: Store) -> ObjectStore:
        """The shared adapter; a store that changed meanwhile gets a new one."""
        known = self._open.get(store.id)
        if known is not None and known[0] == store:
            return known[1]
        self.forget(store.id)
        opened = self._open_store(store)
        self._open[store.id] = (store, opened)
        return opened

    def forget(self, store: StoreId) -> None:
        """Open anew next time; who still reads through the old one may finish."""
        known = self._open.pop(store, None)
        if known is not None:
            self._dropped.append(known[1])

    async def aclose(self) -> None:
        """Close all of them."""
        for opened in [*self._dropped, *(one for _, one in self._open.values())]:
            await opened.aclose()
        self._open.clear()
        self._dropped.clear()
