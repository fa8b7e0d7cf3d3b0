"""Whose keys a store uses: one source for each role, shared by all stores and purposes of a process."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

from moorage.model.credentials import Credentials, Process, Role, RolesAnywhere
from moorage.model.errors import StoreDenied
from moorage.stores.aws.container import container_keys, read_token
from moorage.stores.aws.machine import Machine
from moorage.stores.aws.metadata import instance_keys
from moorage.stores.aws.minted import Minted
from moorage.stores.aws.process import program_keys
from moorage.stores.aws.renewing import Renewing
from moorage.stores.aws.spelling import domain_of
from moorage.stores.aws.sts import Sts
from moorage.stores.transport import Counters

Temporary = Role | RolesAnywhere | Process
"""Credentials that are no keys, but ways to them."""
_OLD: Final = "ExpiredToken"


@dataclass(frozen=True, slots=True)
class Site:
    """The server that the keys are for: its URL, its region, and the authorities that vouch for it (PEM text)."""

    url: str
    region: str
    aws: bool
    ca: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    credentials: Credentials
    service: Sts | None


class Identities:
    """The sources of keys that are in use. They go with the last store that uses them."""

    def __init__(self, machine: Machine | None = None, *, now: Callable[[], float] = time.time) -> None:
        self.machine = machine or Machine()
        self.counters = Counters()
        """Requests for keys so far."""
        self._now = now
        self._known: WeakValueDictionary[_Key, Renewing] = WeakValueDictionary()

    def of(self, credentials: Temporary, site: Site) -> Renewing:
        """The keys of these credentials, for a server; the same source for whoever asks for the same."""
        if isinstance(credentials, RolesAnywhere):
            return self._shared(_Key(credentials, None), lambda: self._certified(credentials))
        if isinstance(credentials, Process):
            return self._shared(_Key(credentials, None), lambda: program_keys(credentials.name, self.machine.programs))
        own = self._own(site)
        if not credentials.role_arn:
            return own
        service = self._service(site)
        return self._shared(_Key(credentials, service), lambda: self._assumed(credentials, service, own))

    async def aclose(self) -> None:
        """End the requests under way; a repeat does nothing."""
        for source in list(self._known.values()):
            await source.aclose()

    def _shared(self, key: _Key, fetch: Callable[[], Awaitable[Minted]]) -> Renewing:
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Renewing(fetch, now=self._now)
        return known

    def _own(self, site: Site) -> Renewing:
        """The machine's own role, of the first of container, token and instance that it has.

        Where one of them fails, the next is not asked: a pod must not get the rights of its node by accident.
        """
        machine = self.machine
        if machine.container:
            return self._shared(_Key(Role(), None), lambda: container_keys(machine, self.counters))
        if machine.identity_file is None:
            return self._shared(_Key(Role(), None), lambda: instance_keys(machine.metadata, self.counters))
        service = self._service(site)  # alone among the three this one depends on the server
        return self._shared(_Key(Role(), service), lambda: self._by_token(service))

    async def _by_token(self, service: Sts) -> Minted:
        machine = self.machine
        if machine.identity_file is None or not machine.identity_role:
            raise StoreDenied(
                "This machine has an identity token, but no role to take with it. Nothing was asked.",
                "Set AWS_ROLE_ARN beside AWS_WEB_IDENTITY_TOKEN_FILE.",
                code="NoRole",
            )
        token = read_token(machine.identity_file, "AWS_WEB_IDENTITY_TOKEN_FILE")
        return await service.with_token(machine.identity_role, token, self.counters)

    async def _assumed(self, role: Role, service: Sts, own: Renewing) -> Minted:
        """The keys of a role that is taken with the machine's own; where those are refused as old, with new ones."""
        keys = await own.current()
        try:
            return await service.assume(role.role_arn, role.external_id, keys.keys, self.counters)
        except StoreDenied as refused:
            if not refused.code.startswith(_OLD) or not own.drop(keys):
                raise
        fresh = await own.current()
        return await service.assume(role.role_arn, role.external_id, fresh.keys, self.counters)

    async def _certified(self, credentials: RolesAnywhere) -> Minted:
        from moorage.stores.aws.anywhere import certified_keys  # the library and cryptography are extras

        return await certified_keys(credentials, self.machine, now_s=self._now())

    def _service(self, site: Site) -> Sts:
        machine = self.machine
        region = machine.region if machine.region and site.aws else site.region
        if machine.sts:
            return Sts(machine.sts, region, machine.authorities(), machine.session_s)
        if site.aws:
            return Sts(f"https://sts.{region}.{domain_of(region)}", region, machine.authorities(), machine.session_s)
        return Sts(site.url, region, site.ca, machine.session_s)
