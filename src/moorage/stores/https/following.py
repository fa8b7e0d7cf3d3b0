"""Asking a web server, and following where it sends us: each hop checked anew, and none told who we are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from moorage import __version__
from moorage.model.errors import AddressRefused, Invalid, StoreUnreachable
from moorage.model.keys import Key
from moorage.stores.https.errors import Names
from moorage.stores.https.limits import HttpsLimits
from moorage.stores.https.place import Place
from moorage.stores.transport import Answer, Guard, Purpose, Request, Transport

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ALWAYS: Final = {"Accept": "*/*", "User-Agent": f"Moorage/{__version__}"}
"""Some large hosts of pictures answer nobody who does not say what it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer, and the place that gave it in the end."""

    answer: Answer
    place: Place


@dataclass(frozen=True, slots=True)
class Following:
    """Sends GET and HEAD without credentials, cookies or referrer."""

    transport: Transport
    guard: Guard
    names: Names
    limits: HttpsLimits
    purpose: Purpose

    def on(self, purpose: Purpose) -> Following:
        """The same on the connections of another purpose."""
        return replace(self, purpose=purpose)

    async def ask(self, method: str, key: Key, place: Place, headers: Mapping[str, str]) -> Found:
        """The answer that is no redirect; its body is open where it is a success.

        Raises AddressRefused for places that the guard bars and for plain http, StoreUnreachable.
        """
        try:
            async with asyncio.timeout(self.limits.time_s):
                return await self._follow(method, key, place, headers)
        except TimeoutError as exc:
            raise self.names.too_slow(key, place, self.limits.time_s) from exc
        except (AddressRefused, StoreUnreachable) as fault:
            fault.store, fault.key = self.names.store, key
            raise

    async def _follow(self, method: str, key: Key, place: Place, headers: Mapping[str, str]) -> Found:
        if place.scheme == "http" and not self.guard.names(place.host):
            raise self.names.downgraded(key, place, setting=self.guard.setting, redirected=False)
        here = place
        for _ in range(self.limits.redirects + 1):
            answer = await self._once(method, here, headers)
            location = answer.headers.get("Location", "")
            if answer.status not in _REDIRECTS or not location:
                return Found(answer, here)
            answer.close()
            here = self._next(key, here, location)
        raise self.names.lost(key, place, f"redirects more than {self.limits.redirects} times")

    def _next(self, key: Key, here: Place, location: str) -> Place:
        try:
            there = here.joined(location)
        except ValueError as exc:
            raise self.names.lost(key, here, "redirects to what is no web address") from exc
        if there.scheme == "http" and (here.scheme == "https" or not self.guard.names(there.host)):
            raise self.names.downgraded(key, here, setting=self.guard.setting, redirected=True)
        return there

    async def _once(self, method: str, place: Place, headers: Mapping[str, str]) -> Answer:
        operation = "stat" if method == "HEAD" else "get"

        def make() -> Request:
            return Request(operation, method, place.url, _ALWAYS | dict(headers))

        try:
            return await self.transport.send(make, purpose=self.purpose)
        except Invalid as exc:
            # A place that a server names is no mistake of who asks.
            raise AddressRefused(exc.message, exc.advice, code="AddressRefused", host=place.host) from exc
