"""Roles that are taken with the machine's own: on Ceph itself, and with an external id on a small token service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

import servers
from contracts.store_keys import read
from moorage.model.credentials import Role
from moorage.model.errors import StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.stores.aws import Identities, Machine
from moorage.stores.aws.identities import Site
from stores.aws_facing import by_role
from stores.faulty import faulty, says
from stores.imds import imds
from stores.s3_bucket import kept_bucket
from stores.sts import Trust, sts
from stores.vault import Vault, vault_of

A = Key("a")
MEDIA = "arn:aws:iam::111122223333:role/media"


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with kept_bucket(servers.ceph()) as name:
        yield name


async def test_on_ceph_a_role_is_taken_at_the_stores_own_endpoint_and_renewed(vault: Vault, bucket: str) -> None:
    async with imds(vault) as service:
        machine = Machine(metadata=service.url, session_s=2)
        identities = Identities(machine)
        async with by_role(Role(vault.role), machine, identities=identities, bucket=bucket) as store:
            await store.put(A, b"by a role")
            ends = time.monotonic() + 3.5
            while time.monotonic() < ends:
                assert set(await asyncio.gather(*(read(store, A) for _ in range(4)))) == {b"by a role"}
            assert service.asked["GET vault"] == 0
            assert sum(service.asked.values()) == 3, "the machine's own keys last"
            assert 5 <= identities.counters.requests["credentials"] <= 8


async def test_ceph_has_no_such_role_or_takes_no_such_session(vault: Vault) -> None:
    async with imds(vault) as service:
        async with by_role(Role(f"{vault.role}-absent"), Machine(metadata=service.url)) as store:
            with pytest.raises(StoreDenied, match="there is no such role"):
                await store.list_page()
        async with by_role(Role(vault.role), Machine(metadata=service.url, session_s=50_000)) as store:
            with pytest.raises(StoreDenied, match="no session of 50000 s") as caught:
                await store.list_page()
            assert "MOORAGE_AWS_SESSION_LIFE" in caught.value.advice


async def test_a_role_of_another_account_is_taken_with_its_external_id(vault: Vault, bucket: str) -> None:
    """On the small service: Ceph 16 denies every role whose trust asks for an external id."""
    trust = Trust(principals=(vault.role,), external_id="reef-7")
    async with imds(vault) as service, sts(vault, roles={MEDIA: trust}) as tokens:
        machine = Machine(metadata=service.url, sts=tokens.url)
        async with by_role(Role(MEDIA, "reef-7"), machine, bucket=bucket) as store:
            await store.put(A, b"from outside")
            assert await read(store, A) == b"from outside"
        for wrong in ("", "reef-8"):
            async with by_role(Role(MEDIA, wrong), machine) as store:
                with pytest.raises(StoreDenied) as caught:
                    await store.list_page()
                assert caught.value.code == "RoleRefused"
                assert "trust policy" in caught.value.advice
                assert "sts:ExternalId" in caught.value.advice
                assert "reef" not in str(caught.value)
        assert tokens.asked == {"AssumeRole": 3}


async def test_a_session_that_is_too_short_or_too_long_is_named(vault: Vault) -> None:
    async with imds(vault) as service, sts(vault, roles={MEDIA: Trust((vault.role,))}) as tokens:
        for seconds in (60, 7200):
            machine = Machine(metadata=service.url, sts=tokens.url, session_s=seconds)
            async with by_role(Role(MEDIA), machine) as store:
                with pytest.raises(StoreDenied, match=f"no session of {seconds} s") as caught:
                    await store.list_page()
                assert caught.value.code == "Duration"


async def test_a_clock_that_is_an_hour_wrong_is_made_up_for(vault: Vault, bucket: str) -> None:
    async with imds(vault) as service:
        async with sts(vault, roles={MEDIA: Trust((vault.role,))}, ahead_s=400) as tokens:
            machine = Machine(metadata=service.url, sts=tokens.url)
            async with by_role(Role(MEDIA), machine, bucket=bucket) as store:
                await store.list_page()
            assert tokens.asked == {"AssumeRole": 2}
        async with sts(vault, roles={MEDIA: Trust((vault.role,))}, ahead_s=3600) as tokens:
            machine = Machine(metadata=service.url, sts=tokens.url)
            async with by_role(Role(MEDIA), machine) as store:
                with pytest.raises(StoreDenied):  # by its clock the machine's keys have ended as well
                    await store.list_page()
            assert tokens.asked["AssumeRole"] <= 4


async def test_keys_of_the_machine_that_are_not_known_there_are_named(vault: Vault) -> None:
    async with (
        imds(vault) as service,
        sts(Vault(vault.client, vault.role)) as tokens,
        by_role(Role(MEDIA), Machine(metadata=service.url, sts=tokens.url)) as store,
    ):
        with pytest.raises(StoreDenied, match="does not know the keys of this machine"):
            await store.list_page()


async def test_a_token_service_that_fails_or_is_none_is_no_storm(vault: Vault) -> None:
    async with imds(vault) as service, sts(vault, faults=[503] * 100) as tokens:
        async with by_role(Role(MEDIA), Machine(metadata=service.url, sts=tokens.url)) as store:
            told = await asyncio.gather(*(store.list_page() for _ in range(40)), return_exceptions=True)
            assert {type(one) for one in told} == {StoreUnreachable}
            assert tokens.asked["AssumeRole"] <= 3
        async with (
            faulty(says(200, "<html>sign in</html>")) as server,
            by_role(Role(MEDIA), Machine(metadata=service.url, sts=server.endpoint)) as store,
        ):
            with pytest.raises(StoreUnreachable, match="no temporary keys"):
                await store.list_page()
        async with by_role(Role(MEDIA), Machine(metadata=service.url, sts="http://127.0.0.1:9")) as store:
            with pytest.raises(StoreUnreachable, match="Nothing listens"):
                await store.list_page()


def test_the_token_service_of_aws_is_that_of_the_region() -> None:
    def url(at: str, **machine: str) -> str:
        site = Site(f"https://s3.{at}.amazonaws.com", at, aws=True)
        return Identities(Machine(**machine))._service(site).url  # type: ignore[arg-type]

    assert url("eu-west-1") == "https://sts.eu-west-1.amazonaws.com"
    assert url("cn-north-1") == "https://sts.cn-north-1.amazonaws.com.cn"
    assert url("eu-west-1", region="us-west-2") == "https://sts.us-west-2.amazonaws.com"
    assert url("eu-west-1", sts="https://sts.example.org") == "https://sts.example.org"
    elsewhere = Site("https://minio.example.org:9000", "us-east-1", aws=False)
    assert Identities(Machine(region="us-west-2"))._service(elsewhere).url == "https://minio.example.org:9000"
