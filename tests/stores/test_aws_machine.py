"""Roles of the machine: instance, container and pod. Their keys are Ceph's own, so that the bucket really opens."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

import servers
from contracts.store_keys import read
from moorage.model.credentials import Role
from moorage.model.errors import Invalid, StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.stores.aws import Identities, Machine
from moorage.stores.aws import metadata as metadata_service
from moorage.stores.s3 import Purpose
from moorage.stores.transport import Limits
from stores.aws_facing import by_role
from stores.ecs import ecs
from stores.faulty import drops, error, faulty, listing, says
from stores.imds import imds
from stores.s3_bucket import kept_bucket
from stores.sts import Sts, Trust, identity_token, sts
from stores.vault import Vault, vault_of

A = Key("a")
ROLE = "arn:aws:iam::111122223333:role/reef-reader"
HASTY = Limits(connect_s=1, first_byte_s=0.3, idle_s=0.3, tries=1)


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with kept_bucket(servers.ceph()) as name:
        yield name


# EC2


async def test_the_role_of_an_instance_opens_the_bucket(vault: Vault, bucket: str) -> None:
    async with imds(vault) as service, by_role(Role(), Machine(metadata=service.url), bucket=bucket) as store:
        await store.put(A, b"of the instance")
        assert await read(store, A) == b"of the instance"
        assert service.asked == {"PUT token": 1, "GET roles": 1, "GET reef-reader": 1}


async def test_all_stores_and_purposes_of_a_process_ask_once(vault: Vault, bucket: str) -> None:
    async with imds(vault, pause_s=0.1) as service:
        identities = Identities(Machine(metadata=service.url))
        async with (
            by_role(Role(), identities.machine, identities=identities, bucket=bucket) as one,
            by_role(Role(), identities.machine, identities=identities, bucket=bucket) as other,
        ):
            jobs = other.serving(Purpose.JOBS)
            await asyncio.gather(*(store.list_page() for store in (one, other, jobs) for _ in range(10)))
            assert service.asked["GET reef-reader"] == 1


async def test_short_sessions_are_renewed_without_a_failed_request_in_between(vault: Vault, bucket: str) -> None:
    async with imds(vault, life_s=2) as service, by_role(Role(), Machine(metadata=service.url), bucket=bucket) as store:
        await store.put(A, b"x")
        first = next(reversed(vault.given.values()))
        ends = time.monotonic() + 4
        reads = 0

        async def go_on() -> None:
            nonlocal reads
            while time.monotonic() < ends:
                assert await read(store, A) == b"x"
                reads += 1

        await asyncio.gather(*(go_on() for _ in range(8)))
        assert store.counters.faults == 0
        assert not store.counters.requests["get"] - reads, "no read was sent twice"
        assert 3 <= service.asked["GET reef-reader"] <= 8
        assert await status_with(store, first.access_key, first.secret_key, first.token) == 403


async def status_with(store: object, access_key: str, secret_key: str, token: str) -> int:
    """What Ceph says to these keys by now."""
    from moorage.model.credentials import Keys
    from moorage.stores.s3.signing import Signer

    place = store._client.place  # type: ignore[attr-defined]
    signer = Signer(Keys(access_key, secret_key, token))
    url = signer.presign(place.url(A), region=place.region, expires_s=60, now_s=time.time())
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_keys_that_are_refused_as_ended_are_replaced_and_the_request_is_sent_again(vault: Vault) -> None:
    """Ceph says AccessDenied then, so another server has to say it as AWS does."""
    clock = [time.time()]
    ended, good = error(400, "ExpiredToken"), says(200, listing("a"))
    async with imds(vault) as service, faulty(good, ended, good, ended, ended) as server:
        identities = Identities(Machine(metadata=service.url), now=lambda: clock[0])
        async with by_role(Role(), identities.machine, identities=identities, endpoint=server.endpoint) as store:
            await store.list_page()
            clock[0] += 60
            await store.list_page()
            used = [asked.headers["authorization"].split("=")[1].split("/")[0] for asked in server.asked]
            assert used[0] == used[1] != used[2]
            with pytest.raises(StoreDenied) as caught:
                await store.list_page()
            assert (caught.value.code, len(server.asked)) == ("ExpiredToken", 4), "keys that are new are not replaced"
            assert "clocks" in caught.value.advice
            assert service.asked["GET reef-reader"] == 2


async def test_a_presigned_url_ends_with_the_session(vault: Vault, bucket: str) -> None:
    async with imds(vault) as service, by_role(Role(), Machine(metadata=service.url), bucket=bucket) as store:
        await store.put(A, b"x")
        url = await store.presign(A, expires_s=7 * 24 * 3600)
        life = re.search(r"X-Amz-Expires=(\d+)", url)
        assert life
        assert 800 < int(life[1]) <= 900
        assert "X-Amz-Expires=60&" in await store.presign(A, expires_s=60)
        assert await asyncio.to_thread(lambda: urllib.request.urlopen(url).read()) == b"x"


async def refusal(store: object) -> StoreDenied | StoreUnreachable:
    with pytest.raises((StoreDenied, StoreUnreachable)) as caught:
        await store.list_page()  # type: ignore[attr-defined]
    assert caught.value.store == "under-test"
    assert caught.value.advice
    return caught.value  # type: ignore[return-value]


async def test_a_machine_without_a_role_is_told_so(vault: Vault) -> None:
    async with by_role(Role(), Machine(metadata="http://127.0.0.1:9")) as store:
        assert "This machine has no role: nothing answers" in str(await refusal(store))
    async with imds(vault, role="") as service, by_role(Role(), Machine(metadata=service.url)) as store:
        assert "no instance profile is attached" in str(await refusal(store))


async def test_an_instance_whose_role_is_gone_or_whose_service_is_off_says_which(vault: Vault) -> None:
    gone = imds(vault, code="AssumeRoleUnauthorizedAccess")
    async with gone as service, by_role(Role(), Machine(metadata=service.url)) as store:
        assert "AssumeRoleUnauthorizedAccess" in str(fault := await refusal(store))
        assert "ec2.amazonaws.com" in fault.advice
    async with imds(vault, enabled=False) as service, by_role(Role(), Machine(metadata=service.url)) as store:
        assert "--http-endpoint enabled" in (await refusal(store)).advice


async def test_a_hop_too_few_is_told_by_its_name(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_service, "LOCAL", HASTY)
    async with imds(vault, hops=1) as service, by_role(Role(), Machine(metadata=service.url)) as store:
        fault = await refusal(store)
        assert "--http-put-response-hop-limit 2" in fault.advice
        assert service.asked == {"PUT token": 1}


async def test_what_is_no_metadata_service_is_told_so() -> None:
    for answer in (says(200, ""), says(404), says(200, "<html>\nsign in"), drops()):
        async with faulty(answer) as server, by_role(Role(), Machine(metadata=server.endpoint)) as store:
            fault = await refusal(store)
            assert isinstance(fault, StoreUnreachable)
            assert len(server.asked) <= 2


async def test_a_metadata_service_that_fails_is_no_storm_and_the_old_keys_serve_on(vault: Vault, bucket: str) -> None:
    clock = [time.time()]
    async with imds(vault) as service:
        identities = Identities(Machine(metadata=service.url), now=lambda: clock[0])
        async with by_role(Role(), identities.machine, identities=identities, bucket=bucket) as store:
            await store.list_page()
            clock[0] += 800
            service.faults = [500] * 10_000
            for _ in range(90):
                clock[0] += 1
                await store.list_page()
            assert sum(service.asked.values()) < 3 + 2 * 20, "a renewal is tried after pauses only"
            clock[0] += 60
            for _ in range(50):
                with pytest.raises(StoreUnreachable):
                    await store.list_page()
            assert sum(service.asked.values()) < 3 + 2 * 25


async def test_no_secret_stands_in_errors_or_logs(vault: Vault, bucket: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with imds(vault) as service, by_role(Role(), Machine(metadata=service.url), bucket=bucket) as store:
        await store.put(A, b"x")
        # The vault's own client stands for the provider, and logs what it is told.
        ours = [
            one.getMessage() for one in caplog.records if one.name.startswith(("moorage", "aiohttp", "botocore.auth"))
        ]
        told = f"{ours} {store._client.__dict__} {store._client.access.__dict__}"
        assert not [secret for secret in vault.secrets() if secret in told]


# ECS and EKS


async def test_the_role_of_a_task_opens_the_bucket(vault: Vault, bucket: str) -> None:
    async with ecs(vault) as service, by_role(Role(), Machine(container=service.url), bucket=bucket) as store:
        await store.put(A, b"of the task")
        assert await read(store, A) == b"of the task"
        assert service.asked == 1


async def test_a_container_shows_the_token_of_the_moment(vault: Vault, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    clock, before = [time.time()], len(vault.given)
    async with ecs(vault, token="first") as service:
        machine = Machine(container=service.url, container_token="old", container_token_file=file)
        identities = Identities(machine, now=lambda: clock[0])
        async with by_role(Role(), machine, identities=identities, bucket=bucket) as store:
            with pytest.raises(Invalid, match="cannot be read"):
                await store.list_page()
            file.write_text("first\n")
            clock[0] += 20
            await store.list_page()
            file.write_text("second\n")
            service.token = "second"
            clock[0] += 800
            await store.list_page()
            async with asyncio.timeout(10):
                while len(vault.given) == before + 1:
                    await asyncio.sleep(0.01)
            assert service.asked == 2


async def test_a_container_that_gets_no_keys_does_not_take_the_role_of_its_machine(vault: Vault) -> None:
    async with imds(vault) as instance, ecs(vault, token="right") as service:
        machine = Machine(metadata=instance.url, container=service.url, container_token="wrong")
        async with by_role(Role(), machine) as store:
            fault = await refusal(store)
            assert (fault.code, "401" in fault.message) == ("NoRole", True)  # type: ignore[union-attr]
        assert not instance.asked


async def test_a_token_goes_to_no_foreign_address_in_plain_http() -> None:
    async with by_role(Role(), Machine(container="http://192.0.2.1/keys", container_token="secret")) as store:
        with pytest.raises(Invalid, match=r"no address of ECS or EKS"):
            await store.list_page()


# Pods with a web identity


def pod(service: Sts, file: Path, **changes: object) -> Machine:
    return replace(Machine(sts=service.url, identity_file=file, identity_role=ROLE), **changes)  # type: ignore[arg-type]


async def test_a_pod_takes_its_role_with_the_token_of_the_moment(vault: Vault, bucket: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(identity_token())
    roles = {ROLE: Trust(subject="system:serviceaccount:reef:moorage")}
    async with sts(vault, roles=roles, shortest_s=1) as service:
        async with by_role(Role(), pod(service, file, session_s=2), bucket=bucket) as store:
            await store.put(A, b"of the pod")
            file.write_text(identity_token(life_s=3000))
            await asyncio.sleep(2.5)
            assert await read(store, A) == b"of the pod"
        assert service.asked == {"AssumeRoleWithWebIdentity": 2}


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [
        ({"life_s": -60}, "ExpiredIdentity", "still replaced"),
        ({"audience": "somebody.else"}, "InvalidIdentityToken", "audience sts.amazonaws.com"),
        ({"issuer": "https://oidc.example.org/id/OTHER"}, "InvalidIdentityToken", "OIDC provider"),
        ({"subject": "system:serviceaccount:other:pod"}, "RoleRefused", "trust policy"),
    ],
)
async def test_a_pod_whose_token_is_not_taken_is_told_why(
    vault: Vault, tmp_path: Path, token: dict[str, object], code: str, words: str
) -> None:
    file = tmp_path / "token"
    file.write_text(text := identity_token(**token))  # type: ignore[arg-type]
    roles = {ROLE: Trust(subject="system:serviceaccount:reef:moorage")}
    async with sts(vault, roles=roles) as service, by_role(Role(), pod(service, file)) as store:
        fault = await refusal(store)
        assert (fault.code, words in fault.advice) == (code, True)  # type: ignore[union-attr]
        assert text not in str(fault)


async def test_a_pod_without_a_file_or_a_role_is_told_so(vault: Vault, tmp_path: Path) -> None:
    async with sts(vault) as service:
        async with by_role(Role(), pod(service, tmp_path / "absent")) as store:
            with pytest.raises(Invalid, match="AWS_WEB_IDENTITY_TOKEN_FILE"):
                await store.list_page()
        async with by_role(Role(), pod(service, tmp_path / "absent", identity_role="")) as store:
            assert "AWS_ROLE_ARN" in (await refusal(store)).advice
        assert not service.asked
