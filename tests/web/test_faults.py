"""What goes wrong when a store is connected: each is told with what to do, after few requests, and leaves nothing."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from servers import azurite, ceph, fakegcs
from servers.moorage import Answer
from stores.authorities import holder
from stores.azure_container import container_sas
from stores.counting import Counting, counting
from stores.faulty import Answer as Scripted
from stores.faulty import drops, error, faulty, says
from stores.google_tokens import key_file
from web.armed import EXTERNAL_ID, MEDIA, Armed, armed
from web.clouds import container, google_bucket
from web.handing import random_
from web.hoard import Hoard, files_in, settled
from web.places import Bucket, registered

PROBE, INVALID = (422, "/problems/probe-failed"), (400, "/problems/invalid")
HTML = "<!doctype html><html><title>Sign in</title></html>"
TRIES = 4
"""How often a request that may be repeated is sent."""


async def hangs(request: web.BaseRequest) -> web.StreamResponse:
    """Takes the request and says nothing, as long as anybody waits."""
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.1)
    return web.Response()


@dataclass
class Shore:
    """A server, and the stores that it is to connect, each behind a door that counts."""

    armed: Armed
    bucket: Bucket
    blobs: str
    media: str
    ceph: Counting
    azurite: Counting
    hoard: Hoard = field(default_factory=Hoard)
    before: list[Any] = field(default_factory=list)

    def add(self, provider: str, bucket: str, endpoint: str, credentials: dict[str, Any]) -> Answer:
        wish = {"name": f"x-{secrets.token_hex(5)}", "provider": provider, "bucket": bucket, "endpoint": endpoint}
        return self.armed.face("POST", "/api/v1/stores", {**wish, "credentials": credentials})

    def scripted(self, provider: str, answer: Scripted) -> tuple[Answer, int]:
        """What becomes of a store whose server always answers so, and how often it was asked."""
        server = self.armed.beside.begin(faulty(answer))
        endpoint = f"{server.endpoint}/reefs" if provider == "azure" else server.endpoint
        return self.add(provider, "reef", endpoint, self.credentials(provider)), len(server.asked)

    def credentials(self, provider: str) -> dict[str, Any]:
        """Wrong ones, each a secret of its own."""
        secret = self.hoard.add(provider, random_(provider))
        if provider == "azure":
            return {"kind": "account_key", "account": "reefs", "key": "d3Jvbmctd3Jvbmctd3Jvbmc="}
        if provider == "google":
            return {"kind": "anonymous"}
        return {"kind": "keys", "access_key": "access", "secret_key": secret}

    def certified(self, **changes: Any) -> Answer:
        """What becomes of a store by the certificate of such a holder."""
        leaf = holder("boat", changes.pop("issuer", self.armed.root), **changes)
        self.hoard.add_pem("private key", leaf.key_pem)
        return self.add("s3", self.bucket.name, ceph().endpoint, self.armed.certified(leaf))

    def role(self, external_id: str) -> Answer:
        given = {"kind": "role", "role_arn": MEDIA, "external_id": external_id}
        return self.add("s3", self.bucket.name, ceph().endpoint, given)


@pytest.fixture(scope="module")
def shore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shore]:
    bucket = Bucket(ceph())
    bucket.put("a.jpg")
    home = tmp_path_factory.mktemp("faults")
    try:
        with container(azurite()) as blobs, google_bucket(fakegcs()) as media, armed(home) as running:
            s3, azure = (running.beside.begin(counting(one.endpoint)) for one in (ceph(), azurite()))
            shore = Shore(running, bucket, blobs, media, s3, azure)
            shore.before = kept(shore)
            yield shore
    finally:
        bucket.remove()


@pytest.fixture(scope="module")
def hanging(shore: Shore) -> Iterator[Future[tuple[Answer, int]]]:
    """A store whose server never answers, asked for while the other tests run."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(shore.scripted, "s3", hangs)


def kept(shore: Shore) -> list[Any]:
    """What the server holds of stores: as it tells, and as its catalogue does."""
    with sqlite3.connect(f"file:{shore.armed.face.server.data}/catalogue.db?mode=ro", uri=True) as open_:
        rows = [open_.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("store", "connection")]
        audited = open_.execute("SELECT count(*) FROM audit WHERE action LIKE 'store.%'").fetchone()
    open_.close()
    return [*registered(shore.armed.face), *rows, audited]


def refused(shore: Shore, got: Answer, kind: tuple[int, str], *texts: str) -> None:
    """It is that error, with these texts in message and advice, and nothing was kept."""
    told = f"{got.json['detail']} -> {got.json['advice']}"
    assert (got.status, got.json["type"]) == kind, told
    for text in texts:
        assert text in told, told
    assert got.json["advice"], told
    assert shore.hoard.found_in({"answer": got.body}) == []
    assert kept(shore) == shore.before


@pytest.mark.usefixtures("hanging")
@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_a_wrong_key_of_s3_is_told(shore: Shore, wrong: str) -> None:
    secret = shore.hoard.add("wrong", secrets.token_hex(12))
    asked = shore.ceph.asked
    got = shore.add("s3", shore.bucket.name, shore.ceph.endpoint, shore.bucket.keys(**{wrong: secret})["credentials"])
    refused(shore, got, PROBE, "does not let these keys list", "access key and secret key are whole and belong to this")
    assert shore.ceph.asked - asked <= 15, "each step of the check once"


def test_a_wrong_bucket_is_told(shore: Shore) -> None:
    asked = shore.ceph.asked
    got = shore.add("s3", "there-is-none", shore.ceph.endpoint, shore.bucket.keys()["credentials"])
    refused(shore, got, PROBE, "There is no bucket 'there-is-none'", "Check the bucket's name")
    assert shore.ceph.asked - asked == 1
    key = {"kind": "account_key", "account": azurite().access_key, "key": azurite().secret_key}
    asked = shore.azurite.asked
    got = shore.add("azure", "there-is-none", shore.azurite.endpoint, key)
    refused(shore, got, PROBE, "There is no container 'there-is-none'", "Check the container's name")
    assert shore.azurite.asked - asked == 1
    got = shore.add("google", "there-is-none", fakegcs().endpoint, {"kind": "anonymous"})
    refused(shore, got, PROBE, "There is no bucket 'there-is-none'", "Check the bucket's name")


def test_a_wrong_key_of_azure_and_a_changed_sas_are_told(shore: Shore) -> None:
    server, asked = azurite(), shore.azurite.asked
    wrong = {"kind": "account_key", "account": server.access_key, "key": "d3Jvbmctd3Jvbmctd3Jvbmc="}
    sas = container_sas(server, shore.blobs, "rl").rpartition("sig=")[0]
    changed = {"kind": "sas", "token": f"{sas}sig=d3Jvbmctd3Jvbmctd3Jvbmc%3D"}
    for given in (wrong, changed):
        got = shore.add("azure", shore.blobs, shore.azurite.endpoint, given)
        refused(shore, got, PROBE, "whether the key or token is the right one")
    assert shore.azurite.asked - asked == 2


def test_an_expired_sas_is_told_without_a_request(shore: Shore) -> None:
    asked, token = shore.azurite.asked, container_sas(azurite(), shore.blobs, "rl", minutes=-5)
    shore.hoard.add("SAS", token.rpartition("sig=")[2])
    got = shore.add("azure", shore.blobs, shore.azurite.endpoint, {"kind": "sas", "token": token})
    refused(shore, got, PROBE, "The SAS token has expired: it ended at", "Make a new token")
    assert shore.azurite.asked == asked


def test_a_wrong_key_of_a_service_account_is_told(shore: Shore) -> None:
    text, asked = key_file(shore.armed.google.uri, key="other"), shore.armed.google.asked
    got = shore.add("google", shore.media, fakegcs().endpoint, {"kind": "service_account", "json": text})
    refused(shore, got, PROBE, "the key does not belong to the service account", "Make a new one")
    assert shore.armed.google.asked - asked == 1


def test_a_certificate_that_is_expired_a_ca_s_or_not_trusted_is_told(shore: Shore) -> None:
    asked = shore.armed.anywhere.asked
    got = shore.certified(begins=timedelta(days=-9), ends=timedelta(days=-1))
    refused(shore, got, INVALID, "has expired: it ended on", "moorage cert leaf")
    got = shore.certified(ca=True)
    refused(shore, got, INVALID, "This is the CA certificate", "belongs in the trust anchor", "Give the issued")
    assert shore.armed.anywhere.asked == asked, "nobody was asked"
    got = shore.certified(issuer=holder("Another CA", ca=True))
    refused(shore, got, PROBE, "it does not trust the certificate", "The trust anchor must hold the CA")
    assert shore.armed.anywhere.asked - asked == 1


def test_an_external_id_that_is_wrong_is_told(shore: Shore) -> None:
    asked = shore.armed.sts.asked["AssumeRole"]
    got = shore.role(f"{EXTERNAL_ID}-other")
    refused(shore, got, PROBE, "it is not allowed", "sts:ExternalId must be the external id that was given")
    assert shore.armed.sts.asked["AssumeRole"] - asked == 1


def late() -> str:
    return formatdate(time.time() + 3600, usegmt=True)


def test_a_clock_that_is_an_hour_wrong_is_told(shore: Shore) -> None:
    got, asked = shore.scripted("s3", error(403, "RequestTimeTooSkewed", Date=late()))
    refused(shore, got, PROBE, "This machine's clock differs too much", "Set the clock (NTP)")
    assert asked == 2, "once more by the server's own clock"
    anywhere, tokens = shore.armed.anywhere, shore.armed.sts
    now, before = anywhere.now, anywhere.asked
    anywhere.now, tokens.ahead_s = (lambda: datetime.now(UTC) + timedelta(hours=1)), 3600
    try:
        refused(shore, shore.certified(), PROBE, "this machine's clock differs too much", "Set the clock (NTP)")
        assert anywhere.asked - before == 1
        refused(shore, shore.role(EXTERNAL_ID), PROBE, "check the clock")
    finally:
        anywhere.now, tokens.ahead_s = now, 0


@pytest.mark.parametrize(
    ("provider", "answer", "most", "texts"),
    [
        ("s3", error(400, "AuthorizationHeaderMalformed"), 1, ["signed for another region", "such as eu-west-1"]),
        (
            "s3",
            error(301, "PermanentRedirect", "<Endpoint>s3.eu-west-1.example</Endpoint>"),
            1,
            ["at another place: s3.eu-west-1.example", "the region of the bucket"],
        ),
        ("s3", says(200, HTML), 1, ["does not answer as S3", "may be a web page"]),
        ("s3", says(404, HTML), 1, ["does not answer as S3", "may be a web page"]),
        ("azure", says(200, HTML), 1, ["does not answer as Azure Blob Storage", "may be a web page"]),
        ("azure", says(404, HTML), 1, ["does not answer as Azure Blob Storage", "may be a web page"]),
        ("google", says(200, HTML), 1, ["does not answer as Google Cloud Storage", "may be a web page"]),
        ("s3", says(503, HTML), TRIES, ["Try again later"]),
        ("azure", says(503, HTML), TRIES, ["Try again later"]),
        ("google", says(503, HTML), TRIES, ["Try again later"]),
        ("s3", drops(), TRIES, ["closed the connection before it answered", "https"]),
    ],
)
def test_a_server_that_answers_otherwise_is_told_after_few_requests(
    shore: Shore, provider: str, answer: Scripted, most: int, texts: list[str]
) -> None:
    got, asked = shore.scripted(provider, answer)
    refused(shore, got, PROBE, *texts)
    assert asked <= most


def test_a_server_that_hangs_is_told_after_the_time_of_one_step(
    shore: Shore, hanging: Future[tuple[Answer, int]]
) -> None:
    got, asked = hanging.result(60)
    refused(shore, got, PROBE, "No answer within 10 s", "any firewall between")
    assert asked == 1, "no other step is tried"
    assert [line["finding"] for line in got.json["report"]["lines"]][1:] == ["unknown"] * 3


def test_nothing_of_all_this_stays(shore: Shore) -> None:
    data = shore.armed.face.server.data
    settled(data / "catalogue.db")
    held = files_in(data, "secret.key", "moorage.lock") | {"log": shore.armed.face.server.log().encode()}
    assert shore.hoard.found_in(held) == []
    assert kept(shore) == shore.before
