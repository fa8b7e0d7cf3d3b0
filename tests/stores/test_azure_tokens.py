"""Service principals: tokens that are asked for once and renewed in time, against Azurite over https too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from contracts.store_keys import read
from moorage.model.credentials import ServicePrincipal
from moorage.model.errors import Invalid, StoreDenied, StoreUnreachable
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, Provider, Store
from moorage.stores.azure import AzureStore
from moorage.stores.azure.tokens import Tokens
from moorage.stores.transport import Counters, Limits
from servers import Server
from stores.azure_container import container_of
from stores.azure_facing import error, facing, listing
from stores.azurite_https import secure, trusting
from stores.faulty import QUICK, says
from stores.oauth import CLIENT, SECRET, TENANT, SignIn, sign_in

__all__ = ["secure"]

A = Key("a")


@pytest.fixture
async def service() -> AsyncIterator[SignIn]:
    async with sign_in() as running:
        yield running


def principal(service: SignIn, *, tenant: str = TENANT, client: str = CLIENT, secret: str = SECRET) -> ServicePrincipal:
    return ServicePrincipal(tenant, client, secret, authority=service.authority)


def tokens(given: ServicePrincipal, tick: Callable[[], float] = time.monotonic) -> Tokens:
    return Tokens(given, "https://reefs.blob.core.windows.net", limits=QUICK, counters=Counters(), tick=tick)


async def test_one_request_serves_all_who_wait(service: SignIn) -> None:
    source = tokens(principal(service))
    got = await asyncio.gather(*(source.current() for _ in range(20)))
    assert set(got) == set(service.given)
    assert await source.current() == got[0]
    assert service.asked == 1
    await source.aclose()


async def test_a_token_is_renewed_before_it_ends_and_nobody_waits() -> None:
    now = [1000.0]
    async with sign_in(life_s=1000) as service:
        source = tokens(principal(service), lambda: now[0])
        first = await source.current()
        now[0] += 799
        assert (await source.current(), service.asked) == (first, 1)
        now[0] += 2
        assert await source.current() == first
        await asyncio.wait_for(asyncio.shield(source._renewing), 10)  # type: ignore[arg-type]
        assert (await source.current(), service.asked) == (service.given[1], 2)
        now[0] += 805
        service.faults = [500] * 4
        assert await source.current() == service.given[1]
        with pytest.raises(StoreUnreachable):
            await asyncio.wait_for(asyncio.shield(source._renewing), 10)  # type: ignore[arg-type]
        assert await source.current() == service.given[1], "good until its end, whatever the service says"
        now[0] += 200
        assert await source.current() == service.given[2]
        await source.aclose()


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"tenant": "nobody.example"}, "AADSTS90002", "tenant does not exist"),
        ({"client": "99999999-2222-4333-8444-555555555555"}, "AADSTS700016", "not known in this tenant"),
        ({"secret": "wrong"}, "AADSTS7000215", "client secret is wrong"),
    ],
)
async def test_a_refusal_says_what_is_wrong(service: SignIn, changes: dict[str, str], code: str, words: str) -> None:
    async with facing(says(200, listing()), credentials=principal(service, **changes)) as (server, store):
        with pytest.raises(StoreDenied) as caught:
            await store.list_page()
        assert caught.value.code == code
        assert words in caught.value.message
        assert SECRET not in str(caught.value)
        assert (server.asked, service.asked) == ([], 1)


async def test_an_expired_secret_is_named() -> None:
    async with sign_in(secret_expired=True) as service:
        source = tokens(principal(service))
        with pytest.raises(StoreDenied, match="secret has expired"):
            await source.current()
        await source.aclose()


async def test_a_sign_in_service_that_is_none_is_unreachable(service: SignIn) -> None:
    service.faults = [404]
    source = tokens(principal(service))
    with pytest.raises(StoreUnreachable) as caught:
        await source.current()
    assert caught.value.cause == "not oauth"
    await source.aclose()


def test_a_secret_is_sent_over_https_only_and_to_the_cloud_of_the_endpoint() -> None:
    def at(endpoint: str, authority: str = "") -> str:
        given = ServicePrincipal(TENANT, CLIENT, SECRET, authority)
        return Tokens(given, endpoint, limits=Limits(), counters=Counters()).authority

    assert at("https://reefs.blob.core.windows.net") == "https://login.microsoftonline.com"
    assert at("https://reefs.blob.core.usgovcloudapi.net") == "https://login.microsoftonline.us"
    assert at("https://reefs.blob.core.chinacloudapi.cn") == "https://login.partner.microsoftonline.cn"
    assert at("https://reefs.example.org", "https://sign-in.example.org/") == "https://sign-in.example.org"
    with pytest.raises(Invalid):
        at("https://reefs.blob.core.windows.net", "http://sign-in.example.org")


async def test_a_token_that_the_store_refuses_is_replaced_once(service: SignIn) -> None:
    refusal = error(401, "InvalidAuthenticationInfo")
    async with facing(refusal, says(200, listing("a")), credentials=principal(service)) as (server, store):
        assert len((await store.list_page()).objects) == 1
        sent = [asked.headers["authorization"] for asked in server.asked]
        assert sent == [f"Bearer {token}" for token in service.given]
        assert len(sent) == 2
    async with facing(refusal, credentials=principal(service)) as (server, store):
        with pytest.raises(StoreDenied):
            await store.list_page()
        assert len(server.asked) == 2


# Azurite takes tokens over https only, and checks their audience, issuer and times.


async def test_a_service_principal_works_and_lends_urls(
    service: SignIn, secure: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, authority = secure
    opener = trusting(authority, monkeypatch)
    async with container_of(server) as name:
        connection = Connection(Provider.AZURE, endpoint=server.endpoint, ca=authority, credentials=principal(service))
        store = AzureStore(Store("under-test", connection, bucket=Bucket(name), read_only=False))
        await store.put(A, b"by token", media_type="text/x", metadata={"one": "1"})
        assert await read(store, A) == b"by token"
        copied = await store.copy(A, Key("b c/é#%20.jpg"))
        assert dict(copied.metadata) == {"one": "1"}
        url = await store.presign(copied.key, expires_s=60, disposition="attachment; filename=x.jpg")
        assert "skoid=" in url
        assert "Bearer" not in url
        with await asyncio.to_thread(opener.open, url) as answer:
            assert answer.read() == b"by token"
            assert answer.headers["Content-Disposition"] == "attachment; filename=x.jpg"
        await store.presign(A, expires_s=600)
        assert store.counters.requests["delegate"] == 1, "the delegated key is kept"
        assert store.counters.requests["token"] == service.asked == 1
        await store.aclose()
