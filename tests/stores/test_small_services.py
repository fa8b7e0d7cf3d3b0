"""The small metadata, container and token services refuse what the real ones refuse."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode

import aiohttp
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import servers
from stores.ecs import ecs
from stores.imds import ROLES, imds
from stores.sts import Sts, Trust, identity_token, sts
from stores.vault import Given, Vault, soon, vault_of

MEDIA, POD = "arn:aws:iam::111122223333:role/media", "arn:aws:iam::111122223333:role/pod"
TOKEN, LIFE = "/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds"


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_the_metadata_service_answers_to_a_token_of_its_own_only(
    vault: Vault, http: aiohttp.ClientSession
) -> None:
    async with imds(vault) as service:

        async def status(method: str, path: str, **headers: str) -> int:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            async with http.request(method, f"{service.url}{path}", headers=named) as got:
                return got.status

        assert await status("GET", ROLES) == 401, "version 1 is off"
        assert await status("GET", ROLES, X_aws_ec2_metadata_token="guessed") == 401
        for life in ("", "0", "21601", "soon"):
            assert await status("PUT", TOKEN, **{LIFE: life}) == 400, life
        assert await status("GET", TOKEN, **{LIFE: "60"}) == 405
        assert await status("PUT", TOKEN, X_Forwarded_For="10.0.0.1", **{LIFE: "60"}) == 403, "a proxy asks"
        async with http.put(f"{service.url}{TOKEN}", headers={LIFE: "1"}) as got:
            token = await got.text()
        assert await status("GET", ROLES, X_aws_ec2_metadata_token=token) == 200
        assert await status("PUT", ROLES, X_aws_ec2_metadata_token=token) == 405
        assert await status("GET", f"{ROLES}another", X_aws_ec2_metadata_token=token) == 404
        service.tokens[token] = time.monotonic() - 1
        assert await status("GET", ROLES, X_aws_ec2_metadata_token=token) == 401
    assert not vault.given


async def test_the_container_s_endpoint_gives_keys_to_its_own_token_at_its_own_path(
    vault: Vault, http: aiohttp.ClientSession
) -> None:
    async with ecs(vault, token="right") as service:
        for url, token, expected in (
            (service.url, "", 401),
            (service.url, "wrong", 401),
            (f"{service.url}0", "right", 404),
            (service.url, "right", 200),
        ):
            async with http.get(url, headers={"Authorization": token}) as got:
                assert got.status == expected


def form(**changes: str) -> dict[str, str]:
    whole = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": MEDIA, "RoleSessionName": "under-test"}
    return whole | {"DurationSeconds": "900", "ExternalId": "reef-7"} | changes


async def asked(
    http: aiohttp.ClientSession, service: Sts, given: dict[str, str], keys: Given | None, *, signed: bytes = b""
) -> str:
    """The code of the refusal, or the action that was done."""
    body = urlencode(given).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if keys is not None:
        request = AWSRequest("POST", f"{service.url}/", data=signed or body, headers=headers)
        SigV4Auth(Credentials(keys.access_key, keys.secret_key, keys.token), "sts", "eu-west-1").add_auth(request)
        headers = dict(request.headers.items())
    async with http.post(f"{service.url}/", data=body, headers=headers) as got:
        text = await got.text()
    return text.partition("<Code>")[2].partition("</Code>")[0] if got.status >= 400 else given["Action"]


async def test_the_token_service_gives_a_role_to_whom_its_trust_names(
    vault: Vault, http: aiohttp.ClientSession
) -> None:
    keys = vault.mint(900)
    roles = {MEDIA: Trust((vault.role,), "reef-7"), POD: Trust(subject="system:serviceaccount:reef:moorage")}
    stranger = Given("AKSTRANGER", "secret", "token", soon(900), "arn:aws:iam::999922223333:role/other")
    late = Given(keys.access_key, keys.secret_key, keys.token, soon(-60), vault.role)
    async with sts(vault, roles=roles) as service:
        for given, signer, expected in (
            (form(), keys, "AssumeRole"),
            (form(), None, "MissingAuthenticationToken"),
            (form(), stranger, "InvalidClientTokenId"),
            (form(), Given(keys.access_key, "wrong", keys.token, keys.ends, vault.role), "SignatureDoesNotMatch"),
            (form(), Given(keys.access_key, keys.secret_key, "wrong", keys.ends, vault.role), "InvalidClientTokenId"),
            (form(ExternalId="reef-8"), keys, "AccessDenied"),
            (form(RoleArn=f"{MEDIA}-2"), keys, "AccessDenied"),
            (form(RoleSessionName="a b"), keys, "ValidationError"),
            (form(DurationSeconds="60"), keys, "ValidationError"),
            (form(DurationSeconds="7200"), keys, "ValidationError"),
            (form(Version="2020-01-01"), keys, "InvalidAction"),
            (form(Action="GetFederationToken"), keys, "InvalidAction"),
        ):
            assert await asked(http, service, given, signer) == expected, given
        other = urlencode(form(DurationSeconds="1000")).encode()
        assert await asked(http, service, form(), keys, signed=other) == "SignatureDoesNotMatch"
        vault.given[stranger.access_key] = stranger
        assert await asked(http, service, form(), stranger) == "AccessDenied", "its own keys, and not trusted"
        vault.given[keys.access_key] = late
        assert await asked(http, service, form(), keys) == "ExpiredToken"
        service.ahead_s = 3600
        assert await asked(http, service, form(), keys) == "SignatureDoesNotMatch", "an hour late"


async def test_a_web_identity_is_taken_with_its_issuer_s_signature_only(
    vault: Vault, http: aiohttp.ClientSession
) -> None:
    async with sts(vault, roles={POD: Trust(subject="system:serviceaccount:reef:moorage")}) as service:
        good = identity_token()
        head, claims, signature = good.split(".")
        forged = f"{head}.{identity_token(subject='system:serviceaccount:other:pod').split('.')[1]}.{signature}"
        for token, expected in (
            (good, "AssumeRoleWithWebIdentity"),
            (forged, "InvalidIdentityToken"),
            (f"{head}.{claims}.", "InvalidIdentityToken"),
            (identity_token(life_s=-1), "ExpiredTokenException"),
            (identity_token(audience="other"), "InvalidIdentityToken"),
            (identity_token(issuer="https://other.example"), "InvalidIdentityToken"),
            (identity_token(subject="system:serviceaccount:other:pod"), "AccessDenied"),
        ):
            given = form(Action="AssumeRoleWithWebIdentity", RoleArn=POD, WebIdentityToken=token)
            assert await asked(http, service, given, None) == expected
