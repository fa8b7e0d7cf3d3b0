"""Tokens: what is asked for them, how long they are kept, and what a refusal says."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from contracts.store_keys import read
from moorage.model.credentials import Credentials, Hmac, Keys, Role, ServiceAccount
from moorage.model.errors import Invalid, MoorageError, Refused, StoreDenied, StoreUnreachable
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, Provider, Store
from moorage.stores.google import GoogleStore
from stores.faulty import QUICK, faulty, says
from stores.google_bucket import store_at
from stores.google_facing import Behind, behind_gate, facing
from stores.google_tokens import EMAIL, key_file, private_key, token_server

A = Key("a")
HTTPS = "https://oauth2.googleapis.com/token"


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    async with behind_gate() as ready:
        yield ready


# How long they are kept


async def test_one_token_is_asked_for_however_many_wait(behind: Behind) -> None:
    behind.tokens.delay_s = 0.1
    await asyncio.gather(*(behind.store.list_page() for _ in range(20)))
    assert behind.tokens.asked == 1
    assert behind.store.counters.requests["token"] == 1
    assert behind.gate.refused == []


async def test_who_gives_up_waiting_takes_the_token_from_nobody(behind: Behind) -> None:
    behind.tokens.delay_s = 0.2
    waiting = [asyncio.create_task(behind.store.list_page()) for _ in range(3)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    pages = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(pages[0], asyncio.CancelledError)
    assert not any(isinstance(page, BaseException) for page in pages[1:])
    assert behind.tokens.asked == 1


async def test_a_token_is_renewed_before_it_ends_and_no_request_fails_meanwhile(behind: Behind) -> None:
    behind.tokens.life_s = 2
    while behind.tokens.asked < 3:
        await behind.store.list_page()
        await asyncio.sleep(0.02)
    assert behind.gate.refused == []


async def test_a_token_server_that_fails_costs_nothing_while_the_old_token_lasts(behind: Behind) -> None:
    behind.tokens.life_s = 4
    await behind.store.list_page()
    behind.tokens.faults = 1000
    while behind.tokens.faults == 1000:
        await behind.store.list_page()
        await asyncio.sleep(0.02)
    await behind.store.list_page()

    async def until_it_ends() -> None:
        while True:
            await behind.store.list_page()
            await asyncio.sleep(0.05)

    with pytest.raises(StoreUnreachable) as caught:
        await until_it_ends()
    assert caught.value.cause == "server fault"
    assert behind.gate.refused == []


async def test_a_token_that_is_revoked_in_the_middle_is_replaced_once(behind: Behind) -> None:
    await behind.store.put(A, b"bytes")
    behind.tokens.revoke()
    assert await read(behind.store, A) == b"bytes"
    assert (behind.gate.refused, behind.tokens.asked) == ([401], 2)
    behind.tokens.revoke()
    await behind.store.put(Key("large"), b"x" * (9 << 20))
    assert behind.tokens.asked == 3


async def test_an_expired_token_in_the_middle_of_an_upload_is_replaced(behind: Behind) -> None:
    async def stream() -> AsyncIterator[bytes]:
        yield b"x" * (9 << 20)
        behind.tokens.revoke()
        yield b"y" * (9 << 20)

    await behind.store.put(A, stream())
    assert await read(behind.store, A) == b"x" * (9 << 20) + b"y" * (9 << 20)


async def test_a_token_that_is_refused_twice_is_denied_in_words() -> None:
    async with token_server() as tokens:
        account = ServiceAccount(key_file(tokens.uri))
        error = json.dumps(
            {"error": {"code": 401, "message": "Invalid Credentials", "errors": [{"reason": "authError"}]}}
        )
        async with facing(says(401, error), credentials=account) as (server, store):
            with pytest.raises(StoreDenied) as caught:
                await store.list_page()
            assert (caught.value.code, len(server.asked), tokens.asked) == ("InvalidToken", 2, 2)


# What is asked


async def test_a_store_that_is_only_read_asks_for_no_more(behind: Behind) -> None:
    reader = behind.opened(read_only=True)
    await reader.list_page()
    await reader.aclose()
    await behind.store.list_page()
    assert [claims["scope"].rpartition(".")[2] for claims in behind.tokens.claims] == ["read_only", "read_write"]
    assert all(claims["iss"] == claims["sub"] == EMAIL for claims in behind.tokens.claims)


async def test_a_clock_that_is_wrong_is_corrected_by_the_token_servers(behind: Behind) -> None:
    for ahead_s in (2 * 3600, -2 * 3600):
        behind.tokens.ahead_s = ahead_s
        store = behind.opened()
        await store.list_page()
        await store.aclose()
        assert abs(behind.tokens.claims[-1]["iat"] - time.time() - ahead_s) < 60


async def test_another_universe_takes_the_assertion_itself() -> None:
    """There is no exchange of tokens there; so none is asked for, whatever the file names."""
    text = key_file("http://127.0.0.1:1/token", universe_domain="example.cloud")
    async with facing(says(200, "{}"), credentials=ServiceAccount(text)) as (server, store):
        await store.list_page()
        token = server.asked[0].headers["authorization"].removeprefix("Bearer ")
    signed, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    private_key("own").public_key().verify(raw, signed.encode(), PKCS1v15(), hashes.SHA256())
    claims = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    assert (claims["iss"], "aud" in claims) == (EMAIL, False)
    registered = Store("s", Connection(Provider.GOOGLE, credentials=ServiceAccount(text.replace("http:", "https:"))))
    opened = GoogleStore(replace(registered, bucket=Bucket("reef")))
    assert (await opened.presign(A, expires_s=9)).startswith("https://storage.example.cloud/reef/a?")
    await opened.aclose()


# Refusals


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"key": "another"}, "InvalidKey", "deleted or replaced"),
        ({"client_email": "nobody@reef.iam.gserviceaccount.com"}, "AccountNotFound", "no such service account"),
    ],
)
async def test_a_key_that_google_does_not_know_is_denied_in_words(
    behind: Behind, change: dict[str, str], code: str, words: str
) -> None:
    text = key_file(behind.tokens.uri, **change)
    store = behind.keyed(text)
    for verb in (store.list_page(), store.stat(A), store.get(A), store.put(A, b"x"), store.delete(A)):
        with pytest.raises(StoreDenied) as caught:
            await verb
        assert caught.value.code == code
        assert words in str(caught.value)
        assert "PRIVATE" not in repr(caught.value)
    await store.aclose()
    assert behind.gate.asked == []


async def test_an_account_that_is_disabled_is_told_so(behind: Behind) -> None:
    behind.tokens.disabled = True
    with pytest.raises(StoreDenied, match="disabled") as caught:
        await behind.store.list_page()
    assert caught.value.code == "AccountDisabled"
    behind.tokens.disabled = False
    behind.tokens.deleted = True
    with pytest.raises(StoreDenied, match="Was it deleted"):
        await behind.store.list_page()


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (says(200, "<html>Sign in</html>"), StoreUnreachable, "not google"),
        (says(200, '{"access_token": "a\\nb", "expires_in": 3600}'), StoreUnreachable, "not google"),
        (says(200, '{"expires_in": 3600}'), StoreUnreachable, "not google"),
        (says(302, Location="https://elsewhere.example/"), StoreUnreachable, "not google"),
        (says(404, "nothing here"), StoreUnreachable, "not google"),
        (says(503), StoreUnreachable, "server fault"),
        (says(400, '{"error": "invalid_scope", "error_description": "No."}'), StoreDenied, ""),
    ],
)
async def test_a_token_server_that_is_none_is_told_from_a_refusal(
    answer: object, kind: type[MoorageError], cause: str
) -> None:
    async with faulty(answer) as server:  # type: ignore[arg-type]
        registered = store_at(server.endpoint, "reef", ServiceAccount(key_file(f"{server.endpoint}/token")))
        store = GoogleStore(registered, limits=QUICK)
        with pytest.raises(kind) as caught:
            await store.list_page()
        await store.aclose()
        assert getattr(caught.value, "cause", "") == cause
        assert all(asked.method == "POST" for asked in server.asked)


# Credentials that cannot be used, refused before any request


def pem(kind: str) -> str:
    if kind == "elliptic":
        key = ec.generate_private_key(ec.SECP256R1())
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    locked = BestAvailableEncryption(b"secret")
    return private_key("own").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("/etc/keys/reef.json", "name of a file"),
        ("[]", "not a JSON object"),
        ("{}", "not the key of a service account"),
        ('{"type": "authorized_user", "refresh_token": "s3cr3t"}', "credentials of a person"),
        ('{"type": "external_account"}', "workload identity"),
        ('{"type": "service_account"}', "client_email and private_key missing"),
        (key_file(HTTPS, private_key="s3cr3t"), "no PEM key"),
        (key_file(HTTPS, private_key=pem("elliptic")), "no RSA key"),
        (key_file(HTTPS, private_key=pem("locked")), "no PEM key"),
        (key_file("http://oauth2.googleapis.com/token"), "not an https address"),
        (key_file("https://user:s3cr3t@host/token"), "not an https address"),
        (key_file("file:///etc/passwd"), "not an https address"),
    ],
)
def test_a_key_file_that_is_none_is_refused_in_words(text: str, words: str) -> None:
    connection = Connection(Provider.GOOGLE, credentials=ServiceAccount(text))
    with pytest.raises(Invalid) as caught:
        GoogleStore(Store("s", connection, bucket=Bucket("reef")))
    assert words in caught.value.message
    assert caught.value.field == "credentials.json"
    assert "s3cr3t" not in str(caught.value)
    assert "s3cr3t" not in repr(connection)


def test_a_key_whose_line_breaks_were_escaped_twice_is_taken() -> None:
    text = key_file(HTTPS)
    twice = text.replace("\\n", "\\\\n")
    assert twice != text
    GoogleStore(Store("s", Connection(Provider.GOOGLE, credentials=ServiceAccount(twice)), bucket=Bucket("reef")))


@pytest.mark.parametrize("credentials", [Keys("a", "b"), Hmac("a", "b"), Role("arn:aws:iam::1:role/x")])
def test_credentials_of_another_kind_are_refused_and_never_taken_for_none(credentials: Credentials) -> None:
    with pytest.raises(Invalid):
        GoogleStore(Store("s", Connection(Provider.GOOGLE, credentials=credentials), bucket=Bucket("reef")))


# The machine's own account


async def test_a_machine_of_google_cloud_uses_its_own_account(behind: Behind) -> None:
    registered = replace(behind.registered, connection=replace(behind.registered.connection, credentials=Role()))
    store = GoogleStore(registered, limits=QUICK, metadata_host=f"127.0.0.1:{behind.tokens.port}")
    await store.put(A, b"bytes")
    behind.tokens.revoke()
    assert await read(store, A) == b"bytes"
    with pytest.raises(Refused):
        await store.presign(A, expires_s=60)
    await store.aclose()
    assert behind.tokens.asked == 2


async def test_a_machine_without_an_account_says_what_to_do() -> None:
    async with token_server() as tokens, faulty(says(200, '{"access_token": "x", "expires_in": 9}')) as lying:
        tokens.has_account = False
        for host, words in (
            (f"127.0.0.1:{tokens.port}", "Attach one to the machine"),
            (f"127.0.0.1:{lying.port}", "not Google's metadata server"),
            ("no-such-host.invalid", "Is this a machine of Google Cloud?"),
        ):
            store = GoogleStore(store_at("http://127.0.0.1:1", "reef", Role()), limits=QUICK, metadata_host=host)
            with pytest.raises(MoorageError, match=words.replace("?", "[?]")):
                await store.list_page()
            await store.aclose()
