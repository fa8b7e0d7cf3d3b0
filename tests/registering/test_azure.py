"""Azure stores are registered after a probe on the real server, and malformed ones before any request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import servers
from moorage.model.access import Principal, Role, UserId
from moorage.model.credentials import AccountKey, ConnectionString, Credentials, Forgotten, Sas
from moorage.model.errors import Invalid, ProbeFailed
from moorage.model.keys import Bucket, Prefix
from moorage.model.store import Connection, Provider, Store
from moorage.registering.register import Registering, sound
from moorage.settings import Settings
from moorage.stores.azure import AzureStore
from moorage.wiring import open_offline
from moorage.wiring.adapters import Openings
from stores.azure_container import container_of, container_sas, store_at


def store(bucket: str, given: Credentials, *, root: str = "") -> Store:
    endpoint = "https://reefs.blob.core.windows.net"
    return Store("reef", Connection(Provider.AZURE, endpoint, credentials=given, root=root), bucket=Bucket(bucket))


@pytest.mark.parametrize(
    ("bucket", "given", "root", "field"),
    [
        ("Dives", AccountKey("reefs", "a2V5"), "", "bucket"),
        ("dives", AccountKey("reefs", "a2V5"), "/data", "root"),
        ("dives", AccountKey("reefs", "key!"), "", "credentials.key"),
        ("dives", Sas("", "sv=2022-11-02&sp=rl"), "", "credentials.token"),
        ("dives", ConnectionString("AccountName=reefs"), "", "credentials.value"),
    ],
)
def test_a_malformed_store_is_refused_and_the_field_named(
    bucket: str, given: Credentials, root: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        sound(store(bucket, given, root=root))
    assert caught.value.field == field


def test_a_sound_store_is_taken() -> None:
    for given in (AccountKey("reefs", "a2V5"), Forgotten()):
        assert sound(replace(store("dives", given), prefix=Prefix("a"))).prefix == "a/"


async def test_a_store_is_registered_after_its_probe_and_not_without(tmp_path: Path) -> None:
    server = servers.azurite()
    settings = Settings.load({"data": tmp_path}, {}, tmp_path)
    admin = Principal(UserId(1), "admin@localhost", Role.ADMIN)
    async with container_of(server) as name, open_offline(settings) as offline:
        registering = Registering(offline.facts, Openings(settings).for_checks, lambda: 1)
        for letters, expired in (("r", 60), ("racwdl", -1)):
            sas = Sas(server.access_key, container_sas(server, name, letters, minutes=expired))
            with pytest.raises(ProbeFailed) as caught:
                await registering.add(admin, store_at(server, name, sas))
            assert ("expired" in caught.value.message) == (expired < 0)
        assert await offline.facts.read(lambda tx: tx.stores.all()) == []
        sas = Sas(server.access_key, f"?{container_sas(server, name, 'rl')}")
        added = await registering.add(admin, store_at(server, name, sas))
        (stored,) = await offline.facts.read(lambda tx: tx.stores.all())
        assert stored.connection.credentials == added.connection.credentials == sas
        opened = Openings(settings).for_readers(stored)
        assert isinstance(opened, AzureStore)
        assert (await opened.list_page()).objects == []
        await opened.aclose()
