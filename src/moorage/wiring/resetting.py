"""The way out when the key is lost: a new key, and the credentials that the old one sealed are forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moorage.database.engine import Database
from moorage.keyring import KeyRing, RingSealer, check_canary, new_canary, open_key_ring, replace_key_file
from moorage.model.access import SYSTEM
from moorage.model.errors import Conflict, Invalid, SealBroken
from moorage.model.transaction import Transaction
from moorage.settings import Settings
from moorage.wiring.alone import alone
from moorage.wiring.directory import Directory
from moorage.wiring.keys import CANARY


@dataclass(frozen=True, slots=True)
class Reset:
    """``stores`` wait to be filled in again. ``kept`` is where the key file lies that was there before, if any."""

    stores: list[str]
    key_file: Path | None
    """None: the key is that of the setting."""
    kept: Path | None


async def reset_secrets(settings: Settings) -> Reset:
    """Forget the sealed credentials of connections, only those, and begin a new key.

    Stores, mirrors, items, users and tokens stay. Killed half-way it is run again. Raises Conflict while a
    process uses the catalogue, and when the key at hand opens everything, so that there is nothing to reset.
    """
    async with alone(settings) as directory:
        if await _opens_all(settings, directory):
            raise Conflict(
                "The key at hand opens every credential. Nothing was changed.",
                "Just start the server; for another key, run moorage secrets rotate.",
            )
        if settings.secret_key is not None:
            ring, kept = KeyRing.parse(settings.secret_key.get_secret_value(), source="MOORAGE_SECRET_KEY"), None
        else:
            ring, kept = replace_key_file(directory.key_file)
        stores = await _forget(settings, RingSealer(ring))
        return Reset(stores, None if settings.secret_key is not None else directory.key_file, kept)


async def _opens_all(settings: Settings, directory: Directory) -> bool:
    try:
        ring = _at_hand(settings, directory)
    except SealBroken:
        return False
    if ring is None:
        return False
    sealer = RingSealer(ring)
    facts = Database.open(settings.catalogue_url, sealer=sealer)

    def look(tx: Transaction) -> bool:
        check_canary(sealer, tx.instance.get(CANARY))
        tx.stores.all()
        return True

    try:
        return await facts.read(look)
    except SealBroken:
        return False
    finally:
        await facts.aclose()


def _at_hand(settings: Settings, directory: Directory) -> KeyRing | None:
    """The present keys; None where the key file is not one. Raises SealBroken where there is none."""
    if settings.secret_key is not None:
        return KeyRing.parse(settings.secret_key.get_secret_value(), source="MOORAGE_SECRET_KEY")
    try:
        return open_key_ring(directory.key_file)
    except Invalid:
        return None


async def _forget(settings: Settings, sealer: RingSealer) -> list[str]:
    facts = Database.open(settings.catalogue_url, sealer=sealer)

    def write(tx: Transaction) -> list[str]:
        stores = tx.connections.forget_credentials()
        tx.loans.forget_uploads()
        tx.instance.set(CANARY, new_canary(sealer))
        tx.audit.add(SYSTEM, "secrets.reset", "installation", stores=stores)
        return stores

    try:
        return await facts.write(write)
    finally:
        await facts.aclose()
