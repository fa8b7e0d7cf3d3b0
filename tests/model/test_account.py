"""Credentials of Azure are understood in every form that people have them in, and refused in words."""

from __future__ import annotations

import base64

import pytest

from moorage.model.account import account_of, need_container
from moorage.model.credentials import (
    AccountKey,
    Anonymous,
    ConnectionString,
    Credentials,
    Keys,
    Sas,
    ServicePrincipal,
)
from moorage.model.errors import Invalid
from moorage.model.store import Connection, Provider

KEY = base64.b64encode(b"secret key").decode()
TOKEN = "sv=2022-11-02&sr=c&sp=rl&se=2030-01-02T03:04:05Z&sig=a%2Bb%2Fc%3D"
PUBLIC = "https://reefs.blob.core.windows.net"


def connection(given: Credentials, endpoint: str = "") -> Connection:
    return Connection(Provider.AZURE, endpoint=endpoint, credentials=given)


@pytest.mark.parametrize(
    ("given", "endpoint", "expected"),
    [
        (AccountKey("reefs", KEY), "", PUBLIC),
        (AccountKey("reefs", f" {KEY}\n"), f"{PUBLIC}/", PUBLIC),
        (AccountKey("reefs", KEY), "https://blob.core.chinacloudapi.cn", "https://reefs.blob.core.chinacloudapi.cn"),
        (AccountKey("reefs", KEY), "https://media.example.org", "https://media.example.org"),
        (AccountKey("reefs", KEY), "http://127.0.0.1:10000", "http://127.0.0.1:10000/reefs"),
        (AccountKey("reefs", KEY), "http://azurite:10000/reefs", "http://azurite:10000/reefs"),
        (Sas("reefs", TOKEN), "", PUBLIC),
        (Sas("", f"?{TOKEN}"), PUBLIC, PUBLIC),
        (Sas("", f"{PUBLIC}/dives?{TOKEN}"), "", PUBLIC),
        (Sas("", f"http://127.0.0.1:10000/reefs/dives?{TOKEN}"), "", "http://127.0.0.1:10000/reefs"),
        (Sas("", f"BlobEndpoint={PUBLIC}/;SharedAccessSignature={TOKEN}"), "", PUBLIC),
        (ConnectionString(f"AccountName=reefs;AccountKey={KEY}"), "", PUBLIC),
        (
            ConnectionString(
                f"DefaultEndpointsProtocol=https;AccountName=reefs;AccountKey={KEY};EndpointSuffix=core.usgovcloudapi.net"
            ),
            "",
            "https://reefs.blob.core.usgovcloudapi.net",
        ),
        (
            ConnectionString(f"BlobEndpoint={PUBLIC}/;QueueEndpoint=https://x;SharedAccessSignature={TOKEN}"),
            "",
            PUBLIC,
        ),
        (ServicePrincipal("t", "c", "s"), PUBLIC, PUBLIC),
        (Anonymous(), PUBLIC, PUBLIC),
        (Anonymous(), "https://reefs-secondary.blob.core.windows.net", "https://reefs-secondary.blob.core.windows.net"),
    ],
)
def test_the_account_and_its_endpoint_are_found(given: Credentials, endpoint: str, expected: str) -> None:
    account = account_of(connection(given, endpoint))
    assert (account.name, account.endpoint) == ("reefs", expected)
    assert bool(account.key) + bool(account.sas) + bool(account.principal) == (not isinstance(given, Anonymous))
    if account.sas:
        assert account.sas == TOKEN.replace("03:04:05", "03%3A04%3A05")
    assert "sig" not in repr(account)


def test_the_emulator_has_its_own_connection_string() -> None:
    account = account_of(connection(ConnectionString("UseDevelopmentStorage=true")))
    assert (account.name, account.endpoint) == ("devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1")


def test_a_token_pasted_without_encoding_is_the_same() -> None:
    account = account_of(connection(Sas("reefs", "?sv=2022-11-02&sr=c&sp=rl&se=2030-01-02T03:04:05Z&sig=a+b/c=")))
    assert account.sas == TOKEN.replace("03:04:05", "03%3A04%3A05")


@pytest.mark.parametrize(
    ("given", "endpoint", "field", "words"),
    [
        (AccountKey("reefs", "not base64!"), "", "credentials.key", "not base64"),
        (AccountKey("reefs", ""), "", "credentials.key", "not base64"),
        (AccountKey("Reefs", KEY), "", "credentials.account", "small letters"),
        (AccountKey("", KEY), "", "endpoint", "not named"),
        (AccountKey("reefs", KEY), "https://others.blob.core.windows.net", "credentials.account", "not the storage"),
        (AccountKey("reefs", KEY), "reefs.blob.core.windows.net", "endpoint", "http or https"),
        (AccountKey("reefs", KEY), "https://reefs:pass@example.org", "endpoint", "http or https"),
        (AccountKey("reefs", KEY), "https://example.org:port", "endpoint", "http or https"),
        (Sas("reefs", "sv=2022-11-02&sr=c&sp=rl&se=2030-01-01"), "", "credentials.token", "no sig"),
        (Sas("reefs", "hello"), "", "credentials.token", "no sig"),
        (Sas("reefs", f"{TOKEN}<paste here>"), "", "credentials.token", "no sig"),
        (Sas("reefs", TOKEN.replace("sr=c", "sr=b")), "", "credentials.token", "one blob only"),
        (Sas("reefs", TOKEN.replace("sr=c", "ss=qt&srt=co")), "", "credentials.token", "not for blobs"),
        (Sas("reefs", f"{TOKEN}&spr=https"), "http://127.0.0.1:10000", "endpoint", "https only"),
        (Sas("", TOKEN), "", "endpoint", "not named"),
        (ConnectionString("hello"), "", "credentials.value", "no connection string"),
        (ConnectionString("AccountName=reefs"), "", "credentials.value", "no connection string"),
        (ConnectionString("AccountName=reefs;AccountKey=!"), "", "credentials.key", "not base64"),
        (ServicePrincipal("t", "c", ""), PUBLIC, "credentials.secret", "missing"),
        (ServicePrincipal("t", "c", "s"), "", "endpoint", "not named"),
        (Keys("a", "s"), PUBLIC, "credentials", "kind keys"),
    ],
)
def test_what_no_request_could_be_made_with_is_refused(
    given: Credentials, endpoint: str, field: str, words: str
) -> None:
    with pytest.raises(Invalid) as caught:
        account_of(connection(given, endpoint))
    assert caught.value.field == field
    assert words in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (TOKEN, 1893553445000),
        ("se=2030-01-02&sig=x", 1893542400000),
        ("?se=2030-01-02T03%3A04Z&sig=x", 1893553440000),
        ("se=2030-01-02T03:04:05.0000000Z&sig=x", 1893553445000),
        (f"BlobEndpoint={PUBLIC};SharedAccessSignature={TOKEN}", 1893553445000),
        (f"{PUBLIC}/dives?{TOKEN}", 1893553445000),
        ("si=policy&sig=x", None),
        ("se=soon&sig=x", None),
        ("", None),
    ],
)
def test_a_signature_says_when_it_ends(token: str, expected: int | None) -> None:
    assert Sas("reefs", token).expires_ms == ConnectionString(token).expires_ms == expected


def test_a_connection_string_with_a_key_does_not_end() -> None:
    assert ConnectionString(f"AccountName=reefs;AccountKey={KEY}").expires_ms is None


@pytest.mark.parametrize(
    "given", [AccountKey("reefs", KEY), Sas("reefs", KEY), ConnectionString(KEY), ServicePrincipal("t", "c", KEY)]
)
def test_no_secret_stands_in_a_repr(given: Credentials) -> None:
    assert KEY not in repr(given)
    assert KEY not in repr(connection(given))


def test_names_of_containers() -> None:
    for name in ("abc", "a-b-c", "0" * 63, "$root", "$web"):
        need_container(name)
    for name in ("", "ab", "Abc", "a--b", "-ab", "ab-", "a_b", "a.b", "0" * 64, "$other"):
        with pytest.raises(Invalid) as caught:
            need_container(name)
        assert caught.value.field == "bucket"
