"""The key in force: found, made at the first start only, and proved by the catalogue."""

from __future__ import annotations

import asyncio
from typing import Final

from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.keyring import KeyRing, RingSealer, check_canary, new_canary, open_key_ring
from moorage.model.transaction import Transaction
from moorage.settings import Settings
from moorage.wiring.directory import Directory

CANARY: Final = "canary"


async def ring_in_force(settings: Settings, directory: Directory) -> KeyRing:
    """The keys in force. A key is made only where no catalogue was sealed with another one.

    The key is durable before there is a catalogue, so a first start that is killed anywhere may be repeated.
    """
    if settings.secret_key is not None:
        return open_key_ring(directory.key_file, value=settings.secret_key.get_secret_value())
    if directory.key_file.exists():
        return open_key_ring(directory.key_file)
    if settings.database_url is None:
        return open_key_ring(directory.key_file, make=not directory.catalogue.exists())
    return open_key_ring(directory.key_file, make=await _is_fresh(settings))


def check_key(tx: Transaction, sealer: RingSealer) -> None:
    """Prove the key by the catalogue; the first process leaves the proof. SealBroken when it is another key."""
    stored = tx.instance.get(CANARY)
    if stored is None:
        stored = tx.instance.keep(CANARY, new_canary(sealer))
    check_canary(sealer, stored)


async def _is_fresh(settings: Settings) -> bool:
    await asyncio.to_thread(upgrade, settings.catalogue_url)
    facts = Database.open(settings.catalogue_url, sealer=RingSealer(KeyRing.new()))
    try:
        return await facts.read(lambda tx: tx.instance.get(CANARY) is None and not tx.instance.holds_seals())
    finally:
        await facts.aclose()
