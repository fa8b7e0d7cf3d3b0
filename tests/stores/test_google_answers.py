"""What the Google adapter makes of servers that say no, or are none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from contracts.store_keys import read
from moorage.model.errors import (
    BodyBroken,
    Invalid,
    MoorageError,
    ObjectNotFound,
    StoreDenied,
    StoreUnreachable,
    Unstorable,
)
from moorage.model.keys import Bucket, Key
from moorage.model.store import Condition, Connection, Provider, Store
from moorage.stores.google import GoogleStore
from stores.faulty import QUICK, Answer, faulty, says
from stores.google_bucket import store_at
from stores.google_facing import Behind, behind_gate, facing
from stores.google_tokens import EMAIL, key_file

A, B = Key("a"), Key("b")


def refusal(status: int, reason: str, message: str) -> Answer:
    """An error document of the JSON dialect."""
    errors = [{"domain": "global", "reason": reason, "message": message}]
    return says(status, json.dumps({"error": {"code": status, "message": message, "errors": errors}}))


def xml_refusal(status: int, code: str, details: str = "") -> Answer:
    """An error document of the XML dialect."""
    return says(
        status,
        f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>So.</Message><Details>{details}</Details></Error>",
    )


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    async with behind_gate() as ready:
        yield ready


# Errors in our words


@pytest.mark.parametrize(
    ("status", "reason", "message", "kind", "words"),
    [
        (403, "forbidden", f"{EMAIL} does not have storage.objects.list access.", StoreDenied, "storage.objects.list"),
        (401, "required", "Anonymous caller does not have storage.objects.list access.", StoreDenied, "allUsers"),
        (403, "forbidden", "Caller does not have serviceusage.services.use access.", StoreDenied, "Service Usage"),
        (403, "forbidden", "Request had insufficient authentication scopes.", StoreDenied, "storage-rw"),
        (403, "accountDisabled", "The project's billing account is disabled.", StoreDenied, "billing"),
        (403, "vpcServiceControls", "Request is prohibited by organization's policy.", StoreDenied, "administrators"),
        (400, "required", "Bucket is a requester pays bucket but no user project provided.", StoreDenied, "who ask"),
        (404, "notFound", "The specified bucket does not exist.", StoreUnreachable, "no bucket 'reef'"),
        (403, "userRateLimitExceeded", "Too many.", StoreUnreachable, "slower"),
        (429, "rateLimitExceeded", "Too many.", StoreUnreachable, "slower"),
        (503, "backendError", "Backend.", StoreUnreachable, "slower"),
        (500, "internalError", "Backend.", StoreUnreachable, "fault of its own"),
        (400, "invalidArgument", "What is that?", StoreUnreachable, "What is that?"),
    ],
)
async def test_an_error_says_what_to_do(
    status: int, reason: str, message: str, kind: type[MoorageError], words: str
) -> None:
    async with facing(refusal(status, reason, message)) as (_, store):
        with pytest.raises(kind) as caught:
            await store.list_page()
        assert words in str(caught.value)
        assert caught.value.advice


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NoSuchKey", ObjectNotFound),
        (404, "NoSuchBucket", StoreUnreachable),
        (403, "AccessDenied", StoreDenied),
        (400, "UserProjectMissing", StoreDenied),
        (503, "SlowDown", StoreUnreachable),
    ],
)
async def test_an_error_of_a_read_says_what_to_do(status: int, code: str, kind: type[MoorageError]) -> None:
    async with facing(xml_refusal(status, code), says(200, "{}")) as (_, store):
        with pytest.raises(kind):
            await store.get(A)


async def test_errors_of_writes_are_told_apart() -> None:
    md5 = 'Provided MD5 hash "a" doesn\'t match calculated MD5 hash "b".'
    cases: list[tuple[Answer, type[MoorageError]]] = [
        (refusal(400, "invalid", md5), BodyBroken),
        (refusal(400, "invalid", "Invalid object name."), Unstorable),
        (refusal(403, "forbidden", "Object is under active Event-Based hold."), StoreDenied),
        (refusal(404, "notFound", "Not Found"), StoreUnreachable),
    ]
    for answer, kind in cases:
        async with facing(answer) as (_, store):
            with pytest.raises(kind):
                await store.put(A, b"x")


@pytest.mark.parametrize(
    "answer",
    [says(200, "<html>Welcome</html>"), says(404, "<html>no</html>"), says(302, Location="https://x/login"), says(400)],
)
async def test_an_answer_of_a_web_page_is_no_store(answer: Answer) -> None:
    async with facing(answer) as (_, store):
        for verb in (store.list_page(), store.put(A, b"x")):
            with pytest.raises(StoreUnreachable):
                await verb


async def test_a_redirect_is_not_followed_and_its_query_is_not_told() -> None:
    async with (
        faulty(says(200, "{}")) as other,
        facing(says(307, Location=f"{other.endpoint}/x?token=s3cr3t")) as (_, store),
    ):
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == "redirect"
        assert "s3cr3t" not in str(caught.value)
        assert other.asked == []


async def test_an_error_body_is_read_to_a_limit() -> None:
    async with facing(says(403, "x" * (8 << 20))) as (_, store):
        with pytest.raises(StoreDenied):
            await store.list_page()
        assert store.counters.bytes_received < 1 << 20


async def test_a_vanished_bucket_is_not_a_vanished_object() -> None:
    gone = refusal(404, "notFound", "Not Found")
    for verb in ("stat", "get", "delete"):
        async with facing(gone) as (_, store):
            with pytest.raises(StoreUnreachable) as caught:
                await getattr(store, verb)(A)
            assert caught.value.cause == "no bucket"
    async with facing(gone, says(200, "{}"), gone) as (server, store):
        for _ in range(3):
            with pytest.raises(ObjectNotFound):
                await store.stat(A)
        assert len(server.asked) == 4, "the bucket is looked for once a minute"


async def test_nothing_listens_and_a_name_that_does_not_exist() -> None:
    async with faulty(says(200)) as server:
        pass
    for endpoint, cause in ((server.endpoint, "refused"), ("http://no-such-host.invalid", "dns")):
        store = GoogleStore(store_at(endpoint, "reef"), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        assert caught.value.cause == cause
        await store.aclose()


@pytest.mark.parametrize("endpoint", ["storage.example", "ftp://x", "https://", "http://host:port", "http://u:p@host"])
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(Invalid):
        GoogleStore(Store("s", Connection(Provider.GOOGLE, endpoint=endpoint), bucket=Bucket("reef")))


# Behind the gate, which refuses as Google does


async def test_a_missing_permission_is_named(behind: Behind) -> None:
    await behind.store.put(A, b"before")
    store = behind.store
    cases: dict[str, list[Callable[[], Awaitable[object]]]] = {
        "storage.objects.list": [store.list_page],
        "storage.objects.get": [lambda: store.stat(A), lambda: store.get(A)],
        "storage.objects.create": [
            lambda: store.put(B, b"x"),
            lambda: store.copy(A, B),
            lambda: store.try_multipart(B),
            lambda: store.put(B, b"x" * (65 << 20)),
        ],
        "storage.objects.delete": [lambda: store.delete(A)],
    }
    for permission, verbs in cases.items():
        behind.gate.denied = {permission}
        for verb in verbs:
            with pytest.raises(StoreDenied) as caught:
                await verb()
            assert (caught.value.permission, caught.value.code) == (permission, "AccessDenied")
            assert permission in caught.value.advice
    behind.gate.denied = set()
    assert await read(store, A) == b"before"


async def test_a_bucket_whose_readers_pay_is_told_who_pays(behind: Behind) -> None:
    behind.gate.payer = "reef"
    await behind.store.put(A, b"x" * (9 << 20))
    assert await read(behind.store, A) == b"x" * (9 << 20)
    assert [one.key for one in (await behind.store.list_page()).objects] == [A]
    assert behind.gate.refused == [400]
    assert "userProject=reef" in await behind.store.presign(A, expires_s=60)
    without = behind.keyed(key_file(behind.tokens.uri, project_id=""))
    with pytest.raises(StoreDenied, match="requester pays"):
        await without.get(A)
    await without.aclose()


async def test_a_missing_bucket_is_no_missing_object(behind: Behind) -> None:
    store = behind.opened(bucket=Bucket("no-such-bucket-here"))
    verbs = (
        store.list_page(),
        store.stat(A),
        store.get(A),
        store.put(A, b"x"),
        store.put(A, b"x", condition=Condition(if_absent=True)),
        store.copy(A, B),
        store.delete(A),
        store.try_multipart(A),
    )
    for verb in verbs:
        with pytest.raises(StoreUnreachable) as caught:
            await verb
        assert caught.value.cause == "no bucket"
    await store.aclose()


async def test_bytes_that_arrive_otherwise_make_no_object(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    from moorage.stores.google import writing

    async def wrong(_: bytes) -> str:
        return "A" * 22 + "=="

    monkeypatch.setattr(writing, "md5_of", wrong)
    with pytest.raises(BodyBroken):
        await behind.store.put(A, b"x")
    assert (await behind.store.list_page()).objects == []


async def test_a_read_only_store_sends_no_request_to_write(behind: Behind) -> None:
    store = behind.opened(read_only=True)
    for verb in (store.put(A, b"x"), store.copy(A, B), store.delete(A), store.try_multipart(A)):
        with pytest.raises(MoorageError):
            await verb
    assert not store.counters.requests
    await store.aclose()


async def test_no_secret_reaches_a_log_or_an_error(behind: Behind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    behind.gate.denied = {"storage.objects.list"}
    with pytest.raises(StoreDenied) as caught:
        await behind.store.list_page()
    secrets = [*behind.tokens.issued, "PRIVATE KEY"]
    for text in (caplog.text, repr(caught.value), repr(behind.registered), repr(replace(behind.registered))):
        assert not any(secret in text for secret in secrets)
