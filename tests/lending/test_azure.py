"""Signatures that a service principal lends, on an Azurite that takes its tokens; and directories."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from moorage.model.credentials import ServicePrincipal
from moorage.model.errors import Refused
from moorage.model.keys import Bucket, Key
from moorage.model.lending import Action, Area, Ask, Method
from moorage.model.store import Connection, Provider, Store
from moorage.stores.azure import AzureStore
from moorage.stores.lending import AzureLender
from servers import Server
from stores.azure_container import container_of
from stores.azure_facing import CREDENTIALS, azure_on, facing
from stores.azurite_https import secure, trusting
from stores.faulty import says
from stores.oauth import CLIENT, SECRET, TENANT, SignIn, sign_in

__all__ = ["secure"]


@pytest.fixture
async def service() -> AsyncIterator[SignIn]:
    async with sign_in() as found:
        yield found


async def test_a_service_principal_lends_signatures_by_a_delegated_key(
    service: SignIn, secure: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, authority = secure
    opener = trusting(authority, monkeypatch)

    def send(method: str, url: str, data: bytes | None = None) -> int:
        request = urllib.request.Request(url, data, {"x-ms-blob-type": "BlockBlob"}, method=method)
        try:
            with opener.open(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    async with container_of(server) as name:
        principal = ServicePrincipal(TENANT, CLIENT, SECRET, service.authority)
        connection = Connection(Provider.AZURE, endpoint=server.endpoint, ca=authority, credentials=principal)
        store = Store("under-test", connection, bucket=Bucket(name), read_only=False)
        opened = AzureStore(store)
        lender = AzureLender(store, opened.client)
        keys = (Key("in/a b.jpg"), Key("in/b.jpg"))
        lent = await lender.lend(Ask(Area(Key("in/")), Action.WRITE, 600, keys=keys))
        query = {name: values[0] for name, values in parse_qs(urlsplit(lent.urls[0].url).query).items()}
        assert (lent.method, query["sr"], query["sp"], query["spr"]) == (Method.SAS, "b", "cw", "https")
        assert query["skoid"]
        for one in lent.urls:
            assert await asyncio.to_thread(send, "PUT", one.url, b"by loan") == 201
            assert await asyncio.to_thread(send, "GET", one.url) == 403
            assert await asyncio.to_thread(send, "DELETE", one.url) == 403
            assert await asyncio.to_thread(send, "PUT", one.url.replace("/in/", "/out/"), b"x") == 403
        read = await lender.lend(Ask(Area(keys[0]), Action.READ, 600, keys=keys[:1]))
        assert read.sas
        assert await asyncio.to_thread(send, "GET", read.sas.url) == 200
        assert await asyncio.to_thread(send, "PUT", read.sas.url, b"x") == 403
        assert SECRET not in repr(lent)
        assert query["sig"] not in repr(lent)
        with pytest.raises(Refused, match="hierarchical namespace"):
            await lender.lend(Ask(Area(Key("in/")), Action.READ, 600))
        await opened.aclose()


async def test_an_account_with_directories_lends_one(service: SignIn) -> None:
    """No server here has a hierarchical namespace: the answer of one that has, and what is signed then."""
    del service
    async with facing(says(200, "", x_ms_is_hns_enabled="true")) as (server, store):
        lender = AzureLender(azure_on(server, CREDENTIALS), store.client)
        lent = await lender.lend(Ask(Area(Key("in/ada/")), Action.WRITE, 600))
        assert server.asked[0].target.endswith("/reef?comp=properties&restype=account")
    assert lent.sas
    query = {name: values[0] for name, values in parse_qs(lent.sas.token).items()}
    assert (query["sr"], query["sdd"], query["sp"]) == ("d", "2", "cwl")
    assert lent.sas.url.partition("?")[0].endswith("/reef/in/ada")
