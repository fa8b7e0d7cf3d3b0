"""IAM Roles Anywhere, by the library against a server that verifies what the real one verifies; keys are Ceph's own."""

from __future__ import annotations

import asyncio
import builtins
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

import servers
from contracts.store_keys import read
from moorage.model.credentials import RolesAnywhere
from moorage.model.errors import Invalid, StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.registering.certified import certified
from moorage.stores.aws import Identities, Machine
from moorage.stores.aws.anywhere import certified_keys
from stores.authorities import Holder, holder, rsa_key
from stores.aws_facing import by_role
from stores.certificates import tls_server
from stores.roles_anywhere_server import ANCHOR, PROFILE, ROLE, roles_anywhere
from stores.roles_anywhere_server import RolesAnywhere as Service
from stores.s3_bucket import kept_bucket
from stores.vault import Vault, vault_of

A = Key("a")


@dataclass
class World:
    """A CA, and the service that trusts it."""

    root: Holder
    service: Service
    machine: Machine

    async def ask(self, leaf: Holder, *above: Holder, key: Holder | None = None, **changes: str) -> str:
        """The access key that is given for the certificate."""
        given = credentials(leaf, *above, key=key, **changes)
        return (await certified_keys(given, self.machine, now_s=time.time())).keys.access_key

    async def refusal(self, leaf: Holder, *above: Holder, key: Holder | None = None, **changes: str) -> StoreDenied:
        with pytest.raises(StoreDenied) as caught:
            await self.ask(leaf, *above, key=key, **changes)
        assert caught.value.advice
        assert "PRIVATE" not in str(caught.value)
        return caught.value


def credentials(leaf: Holder, *above: Holder, key: Holder | None = None, **changes: str) -> RolesAnywhere:
    chain = "".join(one.pem for one in above)
    given = RolesAnywhere(ANCHOR, PROFILE, ROLE, leaf.pem, (key or leaf).key_pem, chain)
    return replace(given, **changes)


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


@pytest.fixture(scope="module")
def root() -> Holder:
    return holder("Reef CA", ca=True)


@asynccontextmanager
async def opened(vault: Vault, root: Holder, folder: Path) -> AsyncIterator[World]:
    tls, authority = tls_server(folder)
    (folder / "ca.pem").write_text(f"# a comment, with ünusual letters\n{authority}")
    async with roles_anywhere(vault, root.certificate, tls) as service:
        yield World(root, service, Machine(roles_anywhere=service.host, ca_file=folder / "ca.pem"))


@pytest.fixture
async def world(vault: Vault, root: Holder, tmp_path: Path) -> AsyncIterator[World]:
    async with opened(vault, root, tmp_path) as world:
        yield world


async def test_a_certificate_opens_the_bucket_and_its_sessions_are_renewed_ahead(world: World) -> None:
    world.service.keys_life_s = 2
    leaf = holder("boat", world.root)
    identities = Identities(world.machine)
    with kept_bucket(servers.ceph()) as bucket:
        given = certified(credentials(leaf))
        async with by_role(given, world.machine, identities=identities, bucket=bucket) as store:
            await store.put(A, b"by certificate")
            ends = time.monotonic() + 3
            while time.monotonic() < ends:
                assert set(await asyncio.gather(*(read(store, A) for _ in range(4)))) == {b"by certificate"}
            assert 2 <= world.service.asked <= 5


async def test_rsa_under_an_intermediate_and_ec_under_the_root_are_taken(world: World) -> None:
    middle = holder("Reef CA 2", world.root, ca=True)
    assert await world.ask(holder("boat", middle, key=rsa_key()), middle)
    assert await world.ask(holder("boat", world.root))


async def test_a_certificate_that_its_ca_signed_with_sha_384_is_taken(world: World) -> None:
    """The library alone names SHA-384 then, and signs with SHA-256."""
    assert await world.ask(holder("boat", world.root, signed_with=hashes.SHA384()))


@pytest.mark.parametrize("seconds", [60, 50_000])
async def test_a_session_of_another_length_is_refused_before_anything_is_asked(world: World, seconds: int) -> None:
    world.machine = replace(world.machine, session_s=seconds)
    fault = await world.refusal(holder("boat", world.root))
    assert (fault.code, world.service.asked) == ("Duration", 0)
    assert "MOORAGE_AWS_SESSION_LIFE" in fault.advice


async def test_what_the_ca_did_not_vouch_for_is_refused(world: World) -> None:
    middle = holder("Reef CA 2", world.root, ca=True)
    fault = await world.refusal(holder("boat", middle))
    assert (fault.code, "intermediate" in fault.advice) == ("Untrusted", True)
    fault = await world.refusal(holder("boat", holder("Reef CA", ca=True)))
    assert (fault.code, "trust anchor" in fault.advice) == ("Untrusted", True)
    no_ca = holder("no CA", world.root)
    assert (await world.refusal(holder("boat", no_ca), no_ca)).code == "Untrusted"
    old = holder("Reef CA 0", world.root, ca=True, begins=timedelta(days=-9), ends=timedelta(days=-1))
    assert (await world.refusal(holder("boat", old), old)).code == "Untrusted"


async def test_a_key_of_another_certificate_is_refused(world: World) -> None:
    leaf, other = holder("boat", world.root), holder("boat", world.root)
    fault = await world.refusal(leaf, key=other)
    assert (fault.code, "private key" in fault.advice) == ("Signature", True)
    assert (await world.refusal(leaf, key=holder("boat", world.root, key=rsa_key()))).code == "Signature"


async def test_a_ca_certificate_as_leaf_is_refused_with_the_way_out(world: World) -> None:
    fault = await world.refusal(holder("boat", world.root, ca=True))
    assert (fault.code, "belongs in the trust anchor" in fault.advice) == ("CertificateOfCa", True)


async def test_an_expired_certificate_is_named_without_a_request(world: World) -> None:
    fault = await world.refusal(holder("boat", world.root, begins=timedelta(days=-9), ends=timedelta(days=-1)))
    assert (fault.code, world.service.asked) == ("CertificateExpired", 0)
    assert "has expired: it ended on" in fault.message
    assert "moorage cert leaf" in fault.advice
    fault = await world.refusal(holder("boat", world.root, begins=timedelta(days=1)))
    assert "not valid yet" in fault.message


async def test_the_role_profile_and_anchor_that_do_not_fit_are_named(world: World) -> None:
    leaf = holder("boat", world.root)
    fault = await world.refusal(leaf, role_arn=ROLE.replace("reader", "writer"))
    assert (fault.code, "update-profile" in fault.advice) == ("RoleNotInProfile", True)
    assert (await world.refusal(leaf, trust_anchor_arn=ANCHOR.replace("0000", "9999"))).code == "TrustAnchor"
    assert (await world.refusal(leaf, profile_arn=PROFILE.replace("5555", "9999"))).code == "Profile"
    world.service.untrusting = {ROLE}
    fault = await world.refusal(leaf)
    assert (fault.code, "sts:SetSourceIdentity" in fault.advice) == ("RoleRefused", True)
    world.service.revoked = {leaf.certificate.serial_number}
    assert (await world.refusal(leaf)).code == "CertificateRevoked"


async def test_a_clock_that_is_an_hour_wrong_is_named(world: World) -> None:
    world.service.now = lambda: datetime.now(UTC) + timedelta(hours=1)
    fault = await world.refusal(holder("boat", world.root))
    assert (fault.code, "NTP" in fault.advice) == ("Clock", True)


async def test_a_service_that_fails_is_not_there_or_not_trusted_says_which(world: World) -> None:
    leaf = holder("boat", world.root)
    world.service.faults = [500]
    with pytest.raises(StoreUnreachable, match="status 500"):
        await world.ask(leaf)
    machine = world.machine
    world.machine = replace(machine, ca_file=None)
    with pytest.raises(StoreUnreachable, match="not trusted") as caught:
        await world.ask(leaf)
    assert "MOORAGE_AWS_CA_BUNDLE" in caught.value.advice
    world.machine = replace(machine, roles_anywhere="127.0.0.1:9")
    with pytest.raises(StoreUnreachable, match="cannot be reached"):
        await world.ask(leaf)
    world.machine = replace(machine, ca_file=Path("/no/such/file"))
    with pytest.raises(Invalid, match="cannot be read"):
        await world.ask(leaf)


async def test_a_refusal_is_no_storm(world: World) -> None:
    given = credentials(holder("boat", holder("Another CA", ca=True)))
    async with by_role(given, world.machine) as store:
        told = await asyncio.gather(*(store.list_page() for _ in range(40)), return_exceptions=True)
        assert {getattr(one, "code", "") for one in told} == {"Untrusted"}
        assert {getattr(one, "store", "") for one in told} == {"under-test"}
        assert world.service.asked == 1


async def test_without_the_library_the_extra_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "iam_rolesanywhere_session":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Invalid) as caught:
        await world.ask(holder("boat", world.root))
    assert "rolesanywhere" in caught.value.advice
    assert world.service.asked == 0


async def test_no_key_or_token_stands_in_logs(world: World, vault: Vault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    leaf = holder("boat", world.root)
    given = credentials(leaf)
    await certified_keys(given, world.machine, now_s=time.time())
    # The vault's own client stands for the provider, and logs what it is told.
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith(("botocore.", "boto3", "urllib3"))]
    ours += [one.getMessage() for one in caplog.records if one.name == "botocore.auth"]
    told = f"{ours} {given!r}"
    assert not [secret for secret in (*vault.secrets(), given.private_key[60:120]) if secret in told]
