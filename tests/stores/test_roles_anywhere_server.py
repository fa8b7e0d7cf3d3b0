"""The small Roles Anywhere refuses each step that is not as it should be: else what passes there proves nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

import servers
from stores.authorities import KEY_ENCIPHERMENT, Holder, holder, rsa_key
from stores.certificates import tls_server
from stores.roles_anywhere_server import ANCHOR, PROFILE, REGION, ROLE, RolesAnywhere, roles_anywhere
from stores.vault import Vault, vault_of

ROOT = holder("Reef CA", ca=True)
LEAF = holder("boat", ROOT)
WHOLE = {"profileArn": PROFILE, "roleArn": ROLE, "trustAnchorArn": ANCHOR, "durationSeconds": 900}


@dataclass
class Ask:
    """One request, signed by the documented rules; a test changes what it likes before or after."""

    leaf: Holder = LEAF
    above: list[Holder] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=lambda: dict(WHOLE))
    away: timedelta = timedelta()
    """From now, when it is sent."""
    algorithm: str = ""
    digest: Callable[[], hashes.HashAlgorithm] = hashes.SHA256
    serial: int = 0
    unsigned: str = ""
    scope_day: str = ""
    key: Holder | None = None
    afterwards: dict[str, str] = field(default_factory=dict)
    sent: bytes = b""

    def headers(self, host: str, data: bytes) -> dict[str, str]:
        stamp = f"{datetime.now(UTC) + self.away:%Y%m%dT%H%M%SZ}"
        named = {
            "content-type": "application/json",
            "host": host,
            "x-amz-date": stamp,
            "x-amz-x509": base64.b64encode(self.leaf.der).decode(),
        }
        if self.above:
            named["x-amz-x509-chain"] = ",".join(base64.b64encode(one.der).decode() for one in self.above)
        signed = [name for name in sorted(named) if name != self.unsigned]
        canonical = "\n".join(
            [
                "POST",
                "/sessions",
                "",
                *(f"{name}:{named[name]}" for name in signed),
                "",
                ";".join(signed),
                hashlib.sha256(data).hexdigest(),
            ]
        )
        key = (self.key or self.leaf).key
        algorithm = self.algorithm or f"AWS4-X509-{'RSA' if isinstance(key, rsa.RSAPrivateKey) else 'ECDSA'}-SHA256"
        scope = f"{self.scope_day or stamp[:8]}/{REGION}/rolesanywhere/aws4_request"
        text = f"{algorithm}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}".encode()
        if isinstance(key, rsa.RSAPrivateKey):
            signature = key.sign(text, PKCS1v15(), self.digest())
        else:
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            signature = key.sign(text, ec.ECDSA(self.digest()))
        serial = self.serial or self.leaf.certificate.serial_number
        named["Authorization"] = (
            f"{algorithm} Credential={serial}/{scope}, SignedHeaders={';'.join(signed)}, Signature={signature.hex()}"
        )
        return named | self.afterwards


@dataclass
class World:
    service: RolesAnywhere
    trusted: ssl.SSLContext

    async def answer(self, ask: Ask) -> tuple[int, str]:
        """Status, and the message or the access key."""
        data = json.dumps(ask.body).encode()
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"https://{self.service.host}/sessions",
                data=ask.sent or data,
                headers=ask.headers(self.service.host, data),
                ssl=self.trusted,
            ) as got,
        ):
            told = await got.json(content_type=None)
        return got.status, told.get("message") or told["credentialSet"][0]["credentials"]["accessKeyId"]


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


@pytest.fixture
async def world(vault: Vault, tmp_path: Path) -> AsyncIterator[World]:
    tls, authority = tls_server(tmp_path)
    async with roles_anywhere(vault, ROOT.certificate, tls) as service:
        yield World(service, ssl.create_default_context(cadata=authority))


async def test_what_is_right_is_given_keys(world: World) -> None:
    middle = holder("Reef CA 2", ROOT, ca=True)
    for ask in (
        Ask(),
        Ask(holder("boat", ROOT, key=rsa_key())),
        Ask(holder("boat", middle), [middle]),
        Ask(body=WHOLE | {"durationSeconds": 43200}),
    ):
        status, told = await world.answer(ask)
        assert (status, told in world.service.vault.given) == (201, True), told


def below(depth: int) -> Ask:
    """A leaf under so many intermediates."""
    above = [holder("Reef CA 1", ROOT, ca=True)]
    for number in range(2, depth + 1):
        above.insert(0, holder(f"Reef CA {number}", above[0], ca=True))
    return Ask(holder("boat", above[0]), above)


RSA_LEAF = holder("boat", ROOT, key=rsa_key())
OLD = holder("boat", ROOT, begins=timedelta(days=-9), ends=timedelta(days=-1))
WRONG: dict[str, tuple[Ask, str]] = {
    "no signature": (Ask(afterwards={"Authorization": "Bearer x"}), "Malformed Authorization"),
    "another algorithm": (Ask(algorithm="AWS4-X509-ECDSA-SHA384", digest=hashes.SHA384), "Malformed Authorization"),
    "no certificate": (Ask(afterwards={"x-amz-x509": "AAAA"}), "Malformed X-Amz-X509"),
    "serial": (Ask(serial=7), "Serial number mismatch"),
    "host unsigned": (Ask(unsigned="host"), "Unsigned header"),
    "date unsigned": (Ask(unsigned="x-amz-date"), "Unsigned header"),
    "certificate unsigned": (Ask(unsigned="x-amz-x509"), "Unsigned header"),
    "chain unsigned": (Ask(above=[ROOT], unsigned="x-amz-x509-chain"), "Unsigned header"),
    "an hour ago": (Ask(away=timedelta(hours=-1)), "Clock skew"),
    "in an hour": (Ask(away=timedelta(hours=1)), "Clock skew"),
    "another day in the scope": (Ask(scope_day="20200101"), "Clock skew"),
    "key of another": (Ask(key=holder("boat", ROOT)), "Invalid signature"),
    "algorithm of another key": (Ask(RSA_LEAF, algorithm="AWS4-X509-ECDSA-SHA256"), "does not match the key"),
    "another hash": (Ask(digest=hashes.SHA384), "Invalid signature"),
    "another body": (Ask(sent=json.dumps(WHOLE | {"durationSeconds": 1000}).encode()), "Invalid signature"),
    "another type": (Ask(afterwards={"content-type": "text/plain"}), "Invalid signature"),
    "trust anchor": (Ask(body=WHOLE | {"trustAnchorArn": ANCHOR[:-1]}), "Trust anchor not found"),
    "profile": (Ask(body=WHOLE | {"profileArn": PROFILE[:-1]}), "Profile not found"),
    "role": (Ask(body=WHOLE | {"roleArn": f"{ROLE}-2"}), "Role is not allowed for profile"),
    "session name": (Ask(body=WHOLE | {"roleSessionName": "me"}), "roleSessionName"),
    "expired": (Ask(OLD), "expired"),
    "not yet": (Ask(holder("boat", ROOT, begins=timedelta(days=1))), "not yet valid"),
    "CA": (Ask(holder("boat", ROOT, ca=True)), "must not be a CA"),
    "the CA itself": (Ask(ROOT), "must not be a CA"),
    "usage": (Ask(holder("boat", ROOT, usage=(KEY_ENCIPHERMENT,))), "Key usage"),
    "no intermediate": (Ask(below(1).leaf), "Untrusted certificate"),
    "another CA": (Ask(holder("boat", holder("Reef CA", ca=True))), "Untrusted certificate"),
    "intermediate that is no CA": (Ask(holder("x", LEAF), [LEAF]), "Untrusted signing certificate"),
    "too many intermediates": (below(6), "Untrusted certificate"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_what_is_wrong_is_refused_and_gives_no_keys(world: World, what: str) -> None:
    ask, message = WRONG[what]
    given = len(world.service.vault.given)
    status, told = await world.answer(ask)
    assert (status, message in told) == (403, True), told
    assert len(world.service.vault.given) == given


async def test_lengths_serials_and_roles_that_it_does_not_take_are_refused(world: World) -> None:
    for seconds in (60, 899, 43201):
        assert await world.answer(Ask(body=WHOLE | {"durationSeconds": seconds})) == (400, "Invalid durationSeconds")
    world.service.revoked = {LEAF.certificate.serial_number}
    assert await world.answer(Ask()) == (403, "Certificate is revoked")
    world.service.revoked, world.service.untrusting = set(), {ROLE}
    assert (await world.answer(Ask()))[0] == 403


async def test_a_session_is_no_longer_than_the_profile_allows(world: World) -> None:
    _, told = await world.answer(Ask(body=WHOLE | {"durationSeconds": 43200}))
    left = world.service.vault.given[told].ends - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
