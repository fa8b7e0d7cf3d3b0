"""Stores whose endpoint is not trusted connect only where the guard lets through, whatever the name said before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from moorage.model.credentials import AccountKey, Credentials, Hmac, Keys, ServiceAccount, ServicePrincipal
from moorage.model.errors import AddressRefused, Invalid
from moorage.model.keys import Bucket
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.stores.aws.sts import Sts
from moorage.stores.azure import AzureStore
from moorage.stores.google.opening import open_google
from moorage.stores.s3 import S3Store
from moorage.stores.transport import Counters, Guard, Purpose
from stores.faulty import QUICK, Faulty, faulty, says
from stores.lookups import Says

SETTING = "MOORAGE_TRIAL_ENDPOINTS"
STRICT = Guard.of((), setting=SETTING, strict=True)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = RSA.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@pytest.fixture
async def inside() -> AsyncIterator[Faulty]:
    async with faulty(says(200, "inside")) as server:
        yield server


def opened(provider: Provider, credentials: Credentials, guard: Guard, endpoint: str = "") -> ObjectStore:
    store = Store("reef", Connection(provider, endpoint=endpoint, credentials=credentials), bucket=Bucket("media"))
    if provider is Provider.S3:
        return S3Store(store, limits=QUICK, guard=guard)
    if provider is Provider.AZURE:
        return AzureStore(store, limits=QUICK, guard=guard)
    return open_google(store, limits=QUICK, purpose=Purpose.READING, guard=guard)


def ways(port: int) -> list[tuple[Provider, Credentials, str]]:
    """Each provider with its endpoint, or the address that gives its tokens, at a name that may lead anywhere."""
    there = f"https://media.example:{port}"
    account = {"type": "service_account", "client_email": "a@b.example", "private_key": PEM, "token_uri": there}
    return [
        (Provider.S3, Keys("access", "secret"), there),
        (Provider.AZURE, AccountKey("reefmedia", "QUJD"), f"{there}/reefmedia"),
        (Provider.AZURE, ServicePrincipal("tenant", "client", "secret", there), "https://reefmedia.blob.core.windows.net"),
        (Provider.GOOGLE, Hmac("access", "secret"), there),
        (Provider.GOOGLE, ServiceAccount(json.dumps(account)), ""),
    ]  # fmt: skip


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"]])
async def test_no_name_leads_a_guarded_store_inside(inside: Faulty, answers: list[str]) -> None:
    guard = replace(STRICT, resolver=lambda: Says([answers]))
    for provider, credentials, endpoint in ways(inside.port):
        store = opened(provider, credentials, guard, endpoint)
        try:
            with pytest.raises(AddressRefused) as caught:
                await store.list_page(limit=1)
            assert "127.0.0" not in caught.value.message
        finally:
            await store.aclose()
    assert inside.asked == []


async def test_the_token_service_of_a_loan_is_guarded_too(inside: Faulty) -> None:
    service = Sts(inside.endpoint, "us-east-1", guard=STRICT)
    with pytest.raises((AddressRefused, Invalid)):
        await service.assume("arn:aws:iam::111122223333:role/x", "", Keys("access", "secret"), Counters())
    assert inside.asked == []


async def test_one_listed_port_of_a_host_is_reached_and_no_other(inside: Faulty) -> None:
    async with faulty(says(200, "beside")) as beside:
        guard = Guard.of([f"127.0.0.1:{inside.port}"], setting=SETTING, strict=True)
        for server, reached in ((inside, True), (beside, False)):
            store = opened(Provider.S3, Keys("access", "secret"), guard, server.endpoint)
            try:
                with pytest.raises(Exception) as caught:  # noqa: PT011 - it is no S3 server, where it is reached
                    await store.list_page(limit=1)
                assert isinstance(caught.value, AddressRefused) is not reached
            finally:
                await store.aclose()
        assert inside.asked
        assert beside.asked == []


def test_words_of_the_list_may_name_a_port() -> None:
    guard = Guard.of(["minio.lan:9000", "*.lab.example:443", "10.1.0.0/16:9000", "[fd00::5]:9000"], setting=SETTING)
    private = ip_address("10.9.9.9")
    guard.check(private, 9000, "minio.lan")
    guard.check(private, 443, "a.lab.example")
    guard.admit("10.1.2.3", 9000)
    guard.admit("fd00::5", 9000)
    for host, port in (("minio.lan", 443), ("a.lab.example", 9000)):
        with pytest.raises(AddressRefused):
            guard.check(private, port, host)
    for host in ("10.1.2.3", "fd00::5"):
        with pytest.raises(AddressRefused):
            guard.admit(host, 443)
    for word in ("a:0", "a:65536", "a:b", ":9000", "http://a:1"):
        with pytest.raises(Invalid):
            Guard.of([word], setting=SETTING)


@pytest.mark.parametrize("host", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "169.254.170.2"])
def test_the_metadata_of_a_cloud_is_never_let_through_by_a_strict_list(host: str) -> None:
    guard = Guard.of(["169.254.0.0/16", "fd00::/8", host, "meta.lan"], setting=SETTING, strict=True)
    for name in (host, "meta.lan"):
        with pytest.raises(AddressRefused) as caught:
            guard.check(ip_address(host), 80, name)
        assert caught.value.reach == "cloud metadata"
        assert SETTING not in caught.value.advice


def test_plain_http_leads_only_to_what_is_listed() -> None:
    guard = Guard.of(["minio.lan", "10.1.0.0/16"], setting=SETTING, strict=True)
    guard.admit_scheme("http", "minio.lan", 80)
    guard.admit_scheme("http", "10.1.2.3", 80)
    guard.admit_scheme("https", "media.example", 443)
    with pytest.raises(AddressRefused) as caught:
        guard.admit_scheme("http", "media.example", 80)
    assert (caught.value.reach, caught.value.code) == ("plain http", "PlainHttp")
    Guard.of((), setting=SETTING).admit_scheme("http", "media.example", 80)
