"""Addresses by which browsers come and which are not the public one: noted, so that doctor can tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from moorage.model.transaction import Facts, Transaction

NAME: Final = "addresses seen"
AGAIN_MS: Final = 60_000
"""An address is written down at most once in that time."""
SHOWN_MS: Final = 7 * 24 * 3600 * 1000
KEPT: Final = 5
LONGEST: Final = 200
_PORTS: Final = {"http": 80, "https": 443}


class SeenAddresses:
    """Gathers in memory, writes now and then. What browsers send is never believed, only shown, and bounded."""

    def __init__(self, facts: Facts, public_url: str, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._public = origin_of(public_url)
        self._now_ms = now_ms
        self._noted: dict[str, int] = {}
        self._waiting: dict[str, int] = {}

    def note(self, seen: str) -> None:
        """Remember an address that differs from the public one; what is no web address is passed over."""
        address = origin_of(seen)
        now_ms = self._now_ms()
        if not address or address == self._public or now_ms - self._noted.get(address, -AGAIN_MS) < AGAIN_MS:
            return
        if len(self._noted) >= KEPT:
            self._noted = {one: ms for one, ms in self._noted.items() if now_ms - ms < AGAIN_MS}
        if len(self._noted) < KEPT:
            self._noted[address] = self._waiting[address] = now_ms

    async def save(self) -> None:
        """Write down what was noted since the last time."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}

        def write(tx: Transaction) -> None:
            newest = sorted({**_stored(tx), **waiting}.items(), key=lambda one: -one[1])[:KEPT]
            tx.instance.set(NAME, json.dumps(dict(newest)).encode())

        await self._facts.write(write)


def elsewhere(tx: Transaction, public_url: str, now_ms: int) -> list[str]:
    """Addresses other than the public one by which browsers came within a week, the last one first."""
    public = origin_of(public_url)
    return [one for one, ms in _stored(tx).items() if one != public and now_ms - ms < SHOWN_MS]


def origin_of(address: str) -> str:
    """``scheme://host[:port]`` in lower case, without the scheme's own port; empty where it is no web address."""
    if len(address) > LONGEST or not address.isascii() or not address.isprintable():
        return ""
    try:
        parts = urlsplit(address.lower())
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or parts.scheme not in _PORTS or parts.username or any(letter in host for letter in " \"'<>"):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def _stored(tx: Transaction) -> dict[str, int]:
    stored = tx.instance.get(NAME)
    return {} if stored is None else {str(one): int(ms) for one, ms in json.loads(stored).items()}
