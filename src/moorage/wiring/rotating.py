"""A new key in place of the old: add it -> seal everything anew -> prove it -> drop the old ones.

Killed between any two steps, both keys are in the key file and every seal opens; to run it again is to go on.
A running server rotates its own key and serves on: it opens with both until all is sealed anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from moorage.database.engine import Database
from moorage.keyring import KeyRing, RingSealer, add_key, drop_old_keys, new_canary
from moorage.keyring.ring import HOW_TO_MAKE
from moorage.model.access import SYSTEM, Principal, Role
from moorage.model.errors import Conflict, Invalid, SealBroken
from moorage.model.transaction import Transaction
from moorage.settings import Settings
from moorage.wiring.alone import alone
from moorage.wiring.directory import Directory
from moorage.wiring.keys import CANARY, check_key, ring_in_force

_TRIES: Final = 3
"""On PostgreSQL a write that began with the old key may end after all was sealed anew."""


class Keyed(Protocol):
    """What works with the keys in force."""

    def take(self, ring: KeyRing) -> None: ...


@dataclass(frozen=True, slots=True)
class Rotated:
    """``key_file`` holds the new key alone; None: the first key of the setting is in use, the others may go."""

    key_file: Path | None


async def rotate_keys(settings: Settings) -> Rotated:
    """Seal every credential, what loans began, and the canary with a new key; URLs signed with the older keys end.

    Raises Conflict while a process uses the catalogue, SealBroken when a seal does not open (no key is dropped
    then), and Invalid, which says how, when the key comes from a setting that holds one key only.
    """
    async with alone(settings) as directory:
        return await _rotate(settings, directory, (), SYSTEM)


class Rotation:
    """Rotates the key of the server that runs it. ``keyed`` seals and signs; ``workers``: who shares the catalogue."""

    def __init__(
        self, settings: Settings, directory: Directory, keyed: Sequence[Keyed], workers: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._keyed = keyed
        self._workers = workers
        self._one = asyncio.Lock()

    async def rotate(self, principal: Principal) -> Rotated:
        """As ``rotate_keys``, while everything goes on. Conflict where other processes, which have no new key, do."""
        principal.need_everywhere(Role.ADMIN)
        if (others := self._workers() - 1) > 0:
            raise Conflict(
                f"{others} other processes use this catalogue, and would not know the new key. Nothing was changed.",
                "Stop the workers, rotate, copy the key file to their data directories, and start them again.",
            )
        async with self._one:
            return await _rotate(self._settings, self._directory, self._keyed, principal)


async def _rotate(settings: Settings, directory: Directory, keyed: Sequence[Keyed], principal: Principal) -> Rotated:
    ring = await _with_new_key(settings, directory)
    for one in keyed:
        one.take(ring)
    for left in reversed(range(_TRIES)):
        await _seal_again(settings, ring, principal)
        try:
            await _prove(settings, KeyRing((ring.primary,)))
            break
        except SealBroken:
            if not left:
                raise
    if settings.secret_key is not None:
        return Rotated(None)
    ring = await asyncio.to_thread(drop_old_keys, directory.key_file)
    for one in keyed:
        one.take(ring)
    return Rotated(directory.key_file)


async def _with_new_key(settings: Settings, directory: Directory) -> KeyRing:
    ring = await ring_in_force(settings, directory)
    await _prove(settings, ring)
    if settings.secret_key is None:
        return await asyncio.to_thread(add_key, directory.key_file)
    if len(ring.keys) == 1:
        raise Invalid(
            "The key comes from the setting MOORAGE_SECRET_KEY, which holds one key. Nothing was changed.",
            f"Make a new one ({HOW_TO_MAKE}), set MOORAGE_SECRET_KEY to the new key, a blank and the old one, run "
            "this again, then leave the old one out.",
            field="secret_key",
        )
    return ring


async def _seal_again(settings: Settings, ring: KeyRing, principal: Principal) -> None:
    sealer = RingSealer(ring)
    facts = Database.open(settings.catalogue_url, sealer=sealer)
    try:
        done = 0
        while done := await facts.write(lambda tx, after=done: tx.connections.seal_again(after=after)):  # type: ignore[misc]
            continue
        done = 0
        while done := await facts.write(lambda tx, after=done: tx.loans.seal_again(after=after)):  # type: ignore[misc]
            continue

        def conclude(tx: Transaction) -> None:
            tx.instance.set(CANARY, new_canary(sealer))
            tx.audit.add(principal, "secrets.rotate", "installation")

        await facts.write(conclude)
    finally:
        await facts.aclose()


async def _prove(settings: Settings, ring: KeyRing) -> None:
    """Open the canary and every credential with this ring, former ones too. Raises SealBroken."""
    sealer = RingSealer(ring)
    facts = Database.open(settings.catalogue_url, sealer=sealer)
    try:
        await facts.write(lambda tx: check_key(tx, sealer))
        await facts.read(lambda tx: (tx.stores.all(), [tx.connections.former(one.id) for one in tx.connections.all()]))
    finally:
        await facts.aclose()
