"""A data directory with a catalogue, keyed stores among others, and no server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moorage.keyring import KeyRing
from moorage.model.credentials import Credentials, Keys
from moorage.model.store import Connection, Provider, Store
from moorage.settings import Settings
from moorage.wiring import open_offline
from moorage.wiring.directory import Directory

SECRETS = {"coast": "s3cr3t-one", "reef": "s3cr3t-two", "shelf": "s3cr3t-three"}


@dataclass(frozen=True)
class Installation:
    """Its settings, and what tests ask about it."""

    settings: Settings

    @property
    def directory(self) -> Directory:
        return Directory(self.settings.data)

    def ring(self) -> KeyRing:
        return KeyRing.parse(self.directory.key_file.read_text(), source="the test")

    async def credentials(self) -> dict[str, Credentials]:
        """The credentials of every store, opened with the key in force."""
        async with open_offline(self.settings) as offline:
            stores = await offline.facts.read(lambda tx: tx.stores.all())
        return {store.name: store.connection.credentials for store in stores}

    async def audited(self) -> list[str]:
        async with open_offline(self.settings) as offline:
            return [row.action for row in await offline.facts.read(lambda tx: tx.audit.all())]


KEYED = {name: Keys("access", secret) for name, secret in SECRETS.items()}


async def make(data: Path, **flags: object) -> Installation:
    """A new one with three keyed stores and a disk."""
    settings = Settings.load({"data": data, **flags}, {}, data.parent)
    async with open_offline(settings) as offline:
        for name, keys in KEYED.items():
            store = Store(name, Connection(Provider.S3, "http://127.0.0.1:9", credentials=keys))
            await offline.facts.write(lambda tx, store=store: tx.stores.add(store))  # type: ignore[misc]
        disk = Store("disk", Connection(Provider.DISK, root=str(data)))
        await offline.facts.write(lambda tx: tx.stores.add(disk))
    return Installation(settings)
