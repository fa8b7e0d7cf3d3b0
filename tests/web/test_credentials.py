"""Every kind of credential by REST, against real servers; what is wrong names its field and registers nothing."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servers import Server, azurite, ceph, fakegcs
from servers.moorage import Answer
from stores.azure_container import account_sas, container_sas
from stores.faulty import ACCESS_KEY, SECRET_KEY
from stores.google_interop import interop
from stores.google_tokens import EMAIL, key_file, token_server
from stores.vault import vault_of
from web.clouds import container, google_bucket
from web.conftest import Face
from web.places import Bucket, bucket, registered

__all__ = ["bucket"]
SECRET = "a+secret/that=no+answer=shows"


@pytest.fixture(scope="module")
def reef() -> Iterator[str]:
    with container(azurite()) as name:
        yield name


@pytest.fixture(scope="module")
def gulf() -> Iterator[str]:
    with google_bucket(fakegcs()) as name:
        yield name


def add(face: Face, provider: str, bucket: str, credentials: dict[str, Any], endpoint: str, **more: Any) -> Answer:
    body = {"name": f"c-{secrets.token_hex(5)}", "provider": provider, "bucket": bucket, "endpoint": endpoint}
    return face("POST", "/api/v1/stores", {**body, "credentials": credentials, **more})


def made(got: Answer, *hidden: str) -> Any:
    """The store that was registered; its answer holds none of the texts."""
    assert got.status == 201, got.body
    for secret in hidden:
        assert secret not in got.body.decode()
    assert got.json["check"]["passed"]
    return got.json


def listed(face: Face, store: Any) -> list[str]:
    return [one["key"] for one in face("GET", f"/api/v1/stores/{store['name']}/objects").json["objects"]]


def test_an_account_key_opens_a_container_with_and_without_the_account_s_name(face: Face, reef: str) -> None:
    server = azurite()
    for account in (server.access_key, ""):
        key = {"kind": "account_key", "account": account, "key": server.secret_key}
        store = made(add(face, "azure", reef, key, server.endpoint), server.secret_key)
        assert store["credentials"] == {"kind": "account_key", "account": server.access_key}
        assert (store["expires"], store["days_left"], store["origin"]) == (None, None, "")
        assert listed(face, store) == ["2021/a.txt", "2021/b c.txt", "2022/a.txt"]


@pytest.mark.parametrize("form", ["plain", "question mark", "url", "connection string", "account"])
def test_a_sas_is_taken_in_every_form_in_which_it_is_pasted(face: Face, reef: str, form: str) -> None:
    server = azurite()
    token = account_sas(server, "rl") if form == "account" else container_sas(server, reef, "rl")
    pasted = {
        "question mark": f"?{token}",
        "url": f"{server.endpoint}/{reef}?{token}",
        "connection string": f"BlobEndpoint={server.endpoint};SharedAccessSignature={token}",
    }.get(form, token)
    endpoint = "" if form in ("url", "connection string") else server.endpoint
    store = made(add(face, "azure", reef, {"kind": "sas", "token": pasted}, endpoint), token.rpartition("sig=")[2])
    assert store["credentials"] == {"kind": "sas", "account": server.access_key, "permissions": "rl"}
    assert (store["expires_what"], store["days_left"]) == ("SAS token", 0)
    assert store["expires"].endswith("Z")


def test_connection_strings_hold_a_key_or_a_sas(face: Face, reef: str) -> None:
    server = azurite()
    name = f"AccountName={server.access_key}"
    whole = f"DefaultEndpointsProtocol=http;{name};AccountKey={server.secret_key};BlobEndpoint={server.endpoint}"
    store = made(add(face, "azure", reef, {"kind": "connection_string", "value": whole}, ""), server.secret_key)
    assert (store["credentials"]["account"], store["expires"]) == (server.access_key, None)
    sas = f"BlobEndpoint={server.endpoint};SharedAccessSignature={container_sas(server, reef, 'rl')}"
    store = made(add(face, "azure", reef, {"kind": "connection_string", "value": sas}, ""))
    assert (store["credentials"]["permissions"], store["expires_what"]) == ("rl", "SAS token")


def test_a_public_container_needs_no_credentials(face: Face) -> None:
    with container(azurite(), public="container") as name:
        store = made(add(face, "azure", name, {"kind": "anonymous"}, azurite().endpoint))
        assert store["credentials"] == {"kind": "anonymous", "account": azurite().access_key}
        assert len(listed(face, store)) == 3


async def test_a_service_account_comes_as_text_as_object_and_by_its_path(face: Face, gulf: str, tmp_path: Path) -> None:
    async with token_server() as tokens:
        text = key_file(tokens.uri)
        (tmp_path / "key.json").write_text(text)
        forms = ({"json": text}, {"json": json.loads(text)}, {"path": str(tmp_path / "key.json")})
        for form in forms:
            key = {"kind": "service_account", **form}
            store = made(await asyncio.to_thread(add, face, "google", gulf, key, fakegcs().endpoint), "PRIVATE KEY")
            assert store["credentials"] == {"kind": "service_account", "email": EMAIL}
        assert tokens.asked == len(forms)
        (tmp_path / "key.json").unlink()
        assert len(await asyncio.to_thread(listed, face, store)) == 3, "the file was read once"


def test_a_public_bucket_at_google_s_custom_endpoint_needs_no_credentials(face: Face, gulf: str) -> None:
    store = made(add(face, "google", gulf, {"kind": "anonymous"}, fakegcs().endpoint))
    assert (store["provider"], store["credentials"]) == ("google", {"kind": "anonymous"})


async def test_hmac_keys_speak_s3_to_google(face: Face, bucket: Bucket) -> None:
    keys = {"kind": "hmac", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
    async with interop(bucket.server) as door:
        store = made(await asyncio.to_thread(add, face, "google", bucket.name, keys, door.endpoint), SECRET_KEY)
        wrong = await asyncio.to_thread(add, face, "google", bucket.name, keys | {"secret_key": SECRET}, door.endpoint)
    assert store["credentials"] == {"kind": "hmac", "access_key": ACCESS_KEY}
    assert (wrong.status, SECRET in wrong.body.decode()) == (422, False)


def test_temporary_keys_of_ceph_come_with_their_session_token(face: Face, bucket: Bucket) -> None:
    with vault_of(bucket.server) as vault:
        given = vault.mint(900)
    keys = {"kind": "keys", "access_key": given.access_key, "secret_key": given.secret_key}
    got = add(face, "s3", bucket.name, keys | {"session_token": given.token}, bucket.server.endpoint)
    store = made(got, given.secret_key, given.token)
    assert store["credentials"] == {"kind": "keys", "access_key": given.access_key}
    assert add(face, "s3", bucket.name, keys, bucket.server.endpoint).status == 422


def test_several_stores_share_one_connection(face: Face, reef: str) -> None:
    server = azurite()
    key = {"kind": "account_key", "account": server.access_key, "key": server.secret_key}
    first = made(add(face, "azure", reef, key, server.endpoint))
    body = {"name": f"{first['name']}-2", "bucket": reef, "prefix": "2021/", "connection": first["connection"]}
    second = made(face("POST", "/api/v1/stores", body))
    assert (second["connection"], second["provider"], second["endpoint"]) == (
        first["connection"],
        "azure",
        server.endpoint,
    )
    for wrong, field in (
        (body | {"endpoint": "https://x.example"}, "connection"),
        (body | {"credentials": key}, "connection"),
        (body | {"provider": "s3"}, "provider"),
    ):
        got = face("POST", "/api/v1/stores", wrong)
        assert (got.status, got.json["field"]) == (400, field)
    assert face("POST", "/api/v1/stores", body | {"connection": "nowhere"}).status == 404


def test_credentials_of_a_store_are_replaced_by_another_kind(face: Face, reef: str) -> None:
    server = azurite()
    key = {"kind": "account_key", "account": server.access_key, "key": server.secret_key}
    path = f"/api/v1/stores/{made(add(face, 'azure', reef, key, server.endpoint))['name']}"
    wrong = face("PATCH", path, {"credentials": {"kind": "sas", "token": container_sas(server, reef, "l")}})
    assert (wrong.status, wrong.json["detail"].endswith("was not changed.")) == (422, True)
    assert face("GET", path).json["credentials"]["kind"] == "account_key"
    changed = face("PATCH", path, {"credentials": {"kind": "sas", "token": container_sas(server, reef, "rl")}})
    assert changed.json["credentials"]["permissions"] == "rl"


def test_a_role_for_loans_is_kept_with_an_s3_store_only(face: Face, bucket: Bucket, reef: str) -> None:
    arn = "arn:aws:iam::111122223333:role/loans"
    keys = bucket.keys()["credentials"]
    store = made(add(face, "s3", bucket.name, keys, bucket.server.endpoint, loan_role_arn=arn))
    assert store["loan_role_arn"] == arn
    path = f"/api/v1/stores/{store['name']}"
    assert face("PATCH", path, {"loan_role_arn": ""}).json["loan_role_arn"] == ""
    assert face("PATCH", path, {"loan_role_arn": "loans"}).json["field"] == "loan_role_arn"
    sas = {"kind": "sas", "token": container_sas(azurite(), reef, "rl")}
    got = add(face, "azure", reef, sas, azurite().endpoint, loan_role_arn=arn)
    assert (got.status, got.json["field"]) == (400, "loan_role_arn")


def wrong_azure(server: Server, name: str) -> list[tuple[dict[str, Any], str, str]]:
    """Credentials, endpoint, and the field that the error names; empty: the check says what is wrong."""
    here = server.endpoint
    sas = container_sas(server, name, "rl")
    return [
        ({"kind": "account_key", "account": server.access_key, "key": "no base64!"}, here, "credentials.key"),
        ({"kind": "account_key", "account": "Wrong", "key": server.secret_key}, here, "credentials.account"),
        ({"kind": "account_key", "key": server.secret_key}, "", "endpoint"),
        ({"kind": "account_key", "account": server.access_key, "key": "d3Jvbmc="}, here, ""),
        ({"kind": "account_key", "account": server.access_key}, here, "credentials.key"),
        ({"kind": "sas", "token": "sp=rl&sv=2022-11-02"}, here, "credentials.token"),
        ({"kind": "sas", "token": ""}, here, "credentials.token"),
        ({"kind": "sas", "token": f"{sas}&spr=https"}, here, "endpoint"),
        ({"kind": "sas", "token": sas.replace("sr=c", "sr=b")}, here, "credentials.token"),
        ({"kind": "sas", "token": container_sas(server, name, "rl", minutes=-5)}, here, ""),
        ({"kind": "sas", "token": account_sas(server, "rl", services="q")}, here, "credentials.token"),
        ({"kind": "connection_string", "value": "AccountName=x;EndpointSuffix=y"}, here, "credentials.value"),
        ({"kind": "keys", "access_key": "AK", "secret_key": SECRET}, here, "credentials"),
        ({"kind": "service_principal", "tenant": "t", "client": "c", "secret": ""}, here, "credentials.secret"),
        ({"kind": "anonymous"}, "https://", "endpoint"),
        ({"kind": "anonymous"}, "", "endpoint"),
        ({"kind": "elsewhere"}, here, "credentials"),
        ({"kind": "sas", "token": sas, "more": "x"}, here, "credentials.more"),
    ]


def test_what_is_wrong_for_azure_names_its_field_and_registers_nothing(face: Face, reef: str) -> None:
    before = registered(face)
    for credentials, endpoint, field in wrong_azure(azurite(), reef):
        got = add(face, "azure", reef, credentials, endpoint)
        assert (got.status, got.json.get("field", "")) == (400 if field else 422, field), (credentials, got.body)
        assert got.json["advice"], credentials
        hidden = [value for name, value in credentials.items() if name in ("key", "token", "value", "secret_key")]
        assert not [one for one in hidden if len(one) > 8 and one in got.body.decode()], got.body
    assert registered(face) == before


@pytest.mark.parametrize(
    "path", ["relative.json", "/absent.json", "/etc/passwd", "/dev/zero", "/tmp", "{pipe}", "{big}"]
)
def test_only_a_key_of_a_service_account_is_read_from_the_server_s_disk(
    face: Face, gulf: str, tmp_path: Path, path: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_text('{"type": "service_account"' + " " * 70_000 + "}")
    named = path.format(pipe=tmp_path / "pipe", big=tmp_path / "big")
    got = add(face, "google", gulf, {"kind": "service_account", "path": named}, fakegcs().endpoint)
    assert (got.status, got.json["field"]) == (400, "credentials.path")
    assert "root:" not in got.body.decode()


def test_a_path_on_the_server_is_for_admins(face: Face, gulf: str) -> None:
    project = face("POST", "/api/v1/projects", {"name": f"p {secrets.token_hex(4)}"}).json["id"]
    body = {"name": f"t {secrets.token_hex(4)}", "role": "manager", "project": project}
    manager = Face(face.server, face("POST", "/api/v1/tokens", body).json["token"])
    got = add(manager, "google", gulf, {"kind": "service_account", "path": "/etc/passwd"}, fakegcs().endpoint)
    assert got.status == 403


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"kind": "service_account"}, "credentials.json"),
        ({"kind": "service_account", "json": "{}", "path": "/x"}, "credentials.json"),
        ({"kind": "service_account", "json": SECRET}, "credentials.json"),
        ({"kind": "service_account", "json": {"type": "authorized_user", "x": SECRET}}, "credentials.json"),
        ({"kind": "hmac", "access_key": "GOOG1 ", "secret_key": SECRET}, "credentials.access_key"),
        ({"kind": "role", "role_arn": "arn:aws:iam::111122223333:role/x"}, "credentials"),
        ({"kind": "keys", "access_key": "AK", "secret_key": SECRET}, "credentials"),
    ],
)
def test_what_is_wrong_for_google_names_its_field(
    face: Face, gulf: str, credentials: dict[str, Any], field: str
) -> None:
    before = registered(face)
    got = add(face, "google", gulf, credentials, fakegcs().endpoint)
    assert (got.status, got.json["field"], SECRET in got.body.decode()) == (400, field, False), got.body
    assert registered(face) == before
    assert SECRET not in face.server.log()


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"kind": "keys", "access_key": "AK"}, "credentials.secret_key"),
        ({"kind": "sas", "token": SECRET}, "credentials"),
        ({"kind": "role", "external_id": "reef"}, "credentials.external_id"),
        (
            {
                "kind": "roles_anywhere",
                "trust_anchor_arn": "x",
                "profile_arn": "x",
                "role_arn": "x",
                "certificate": "x",
            },
            "credentials.trust_anchor_arn",
        ),
    ],
)
def test_what_is_wrong_for_s3_names_its_field(face: Face, credentials: dict[str, Any], field: str) -> None:
    before = registered(face)
    got = add(face, "s3", "reef", credentials, ceph().endpoint)
    assert (got.status, got.json["field"]) == (400, field), got.body
    assert registered(face) == before


def test_a_store_without_provider_and_connection_is_told_what_to_name(face: Face) -> None:
    got = face("POST", "/api/v1/stores", {"name": "x", "bucket": "reef"})
    assert (got.status, got.json["field"]) == (400, "provider")
