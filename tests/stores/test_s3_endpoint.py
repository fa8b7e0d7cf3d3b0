"""Endpoints: styles, TLS with an authority of one's own, and the wrong scheme."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from contracts.store_keys import ODD_KEYS
from moorage.model.credentials import Anonymous, Keys
from moorage.model.errors import Invalid, StoreDenied, StoreUnreachable
from moorage.model.keys import Bucket, Key, key_bytes
from moorage.model.store import Connection, Provider, Store
from moorage.stores.s3 import S3Store
from moorage.stores.s3.place import place_of
from stores.certificates import tls_server
from stores.faulty import QUICK, SECRET_KEY, error, faulty, listing, says, store_on


@pytest.fixture
def names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names such as reef.localhost mean this machine, as RFC 6761 says; and so do those of Amazon, for once."""
    ask = socket.getaddrinfo

    def loopback(host: Any, *rest: Any, **named: Any) -> Any:
        return ask("127.0.0.1" if str(host).endswith((".localhost", ".amazonaws.com")) else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", loopback)


@pytest.mark.usefixtures("names_of_this_machine")
async def test_virtual_host_style_over_tls_with_an_authority_of_ones_own(tmp_path: Path) -> None:
    tls, authority = tls_server(tmp_path, "localhost", "*.localhost", "reef.localhost")
    async with faulty(says(200, listing("a"), ETag='"e"'), tls=tls) as server:
        endpoint = f"https://localhost:{server.port}"
        store = S3Store(store_on(server, endpoint=endpoint, path_style=False, ca=authority), limits=QUICK)
        await store.list_page()
        await store.put(Key("x"), b"bytes")
        await store.aclose()
        assert [asked.headers["host"] for asked in server.asked] == [f"reef.localhost:{server.port}"] * 2
        assert [asked.target.partition("?")[0] for asked in server.asked] == ["/", "/x"]
        assert all(asked.signed for asked in server.asked)
        put = server.asked[1].headers
        md5 = base64.b64encode(hashlib.md5(b"bytes").digest()).decode()
        assert (put["x-amz-content-sha256"], put["content-md5"]) == ("UNSIGNED-PAYLOAD", md5)


async def test_an_authority_that_is_not_known_is_not_trusted(tmp_path: Path) -> None:
    tls, _ = tls_server(tmp_path, "localhost")
    async with faulty(says(200, listing()), tls=tls) as server:
        store = S3Store(store_on(server), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.cause == "certificate"
        assert "PEM" in caught.value.advice
        assert server.asked == []


async def test_a_certificate_of_another_name_is_not_trusted(tmp_path: Path) -> None:
    tls, authority = tls_server(tmp_path, "elsewhere.example")
    async with faulty(says(200, listing()), tls=tls) as server:
        endpoint = f"https://localhost:{server.port}"
        store = S3Store(store_on(server, endpoint=endpoint, ca=authority), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.cause == "certificate"


async def test_https_for_a_plain_server_says_so() -> None:
    async with faulty(says(200, listing())) as server:
        store = S3Store(store_on(server, endpoint=f"https://127.0.0.1:{server.port}"), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.cause == "plain http"
        assert "http://" in caught.value.advice


async def test_http_for_a_tls_server_says_so(tmp_path: Path) -> None:
    tls, _ = tls_server(tmp_path)
    async with faulty(says(200, listing()), tls=tls) as server:
        store = S3Store(store_on(server, endpoint=f"http://127.0.0.1:{server.port}"), limits=QUICK)
        with pytest.raises(StoreUnreachable) as caught:
            await store.list_page()
        await store.aclose()
        assert caught.value.cause in {"dropped", "not http"}
        assert "https" in caught.value.advice


def test_an_authority_that_is_no_pem_text_is_refused() -> None:
    connection = Connection(Provider.S3, endpoint="https://s3.example", ca="nonsense", credentials=Keys("a", "b"))
    with pytest.raises(Invalid):
        S3Store(Store("s", connection, bucket=Bucket("reef")))


@pytest.mark.parametrize(
    "endpoint", ["s3.example", "ftp://s3.example", "https://", "http://host:port", "http://u:p@host"]
)
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(Invalid):
        S3Store(Store("s", Connection(Provider.S3, endpoint=endpoint), bucket=Bucket("reef")))


@pytest.mark.parametrize(
    ("endpoint", "region", "path_style", "bucket", "url"),
    [
        ("", "", None, "reef", "https://reef.s3.us-east-1.amazonaws.com/k"),
        ("", "eu-north-1", None, "reef", "https://reef.s3.eu-north-1.amazonaws.com/k"),
        ("", "cn-north-1", None, "reef", "https://reef.s3.cn-north-1.amazonaws.com.cn/k"),
        ("", "eu-north-1", None, "my.reef", "https://s3.eu-north-1.amazonaws.com/my.reef/k"),
        ("", "eu-north-1", True, "reef", "https://s3.eu-north-1.amazonaws.com/reef/k"),
        ("http://Minio:9000/", "", None, "reef", "http://minio:9000/reef/k"),
        ("https://ceph:443", "", False, "reef", "https://reef.ceph/k"),
        ("http://[::1]:80/s3/", "", None, "reef", "http://[::1]/s3/reef/k"),
    ],
)
def test_where_an_object_is(endpoint: str, region: str, path_style: bool | None, bucket: str, url: str) -> None:
    connection = Connection(Provider.S3, endpoint=endpoint, region=region, path_style=path_style)
    assert place_of(Store("s", connection, bucket=Bucket(bucket))).url("k") == url


async def test_any_key_is_sent_and_signed_byte_for_byte() -> None:
    async with faulty(says(204)) as server:
        store = S3Store(store_on(server))
        keys = [key for key in ODD_KEYS if not store.unstorable(key)]
        for key in keys:
            await store.delete(key)
        await store.aclose()
        assert all(asked.signed for asked in server.asked)
        for key, asked in zip(keys, server.asked, strict=True):
            raw = asked.target.removeprefix("/reef/")
            assert unquote_to_bytes(raw) == key_bytes(key)
            assert set(raw) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%")


async def test_an_anonymous_store_signs_nothing() -> None:
    async with faulty(says(200, listing("a"))) as server:
        connection = Connection(Provider.S3, endpoint=server.endpoint, credentials=Anonymous())
        store = S3Store(Store("s", connection, bucket=Bucket("reef")))
        await store.list_page()
        await store.aclose()
        assert "authorization" not in server.asked[0].headers


async def test_a_session_token_is_sent_and_signed() -> None:
    async with faulty(says(200, listing("a"))) as server:
        keys = Keys("access", SECRET_KEY, "token-of-session")
        connection = Connection(Provider.S3, endpoint=server.endpoint, credentials=keys)
        store = S3Store(Store("s", connection, bucket=Bucket("reef")))
        await store.list_page()
        await store.aclose()
        assert server.asked[0].signed
        assert server.asked[0].headers["x-amz-security-token"] == "token-of-session"
        assert "x-amz-security-token" in server.asked[0].headers["authorization"]


@pytest.mark.usefixtures("names_of_this_machine")
async def test_amazon_gets_a_crc32_and_the_bucket_in_the_host_name(tmp_path: Path) -> None:
    host = "s3.eu-north-1.amazonaws.com"
    tls, authority = tls_server(tmp_path, host, f"reef.{host}")
    async with faulty(says(200, ETag='"e"'), tls=tls) as server:
        endpoint = f"https://{host}:{server.port}"
        store = S3Store(store_on(server, endpoint=endpoint, region="eu-north-1", ca=authority), limits=QUICK)
        await store.put(Key("x"), b"bytes")
        await store.aclose()
        headers = server.asked[0].headers
        assert headers["host"] == f"reef.{host}:{server.port}"
        assert headers["x-amz-checksum-crc32"] == base64.b64encode(zlib.crc32(b"bytes").to_bytes(4, "big")).decode()
        assert server.asked[0].signed
        assert "content-md5" not in headers


@pytest.mark.parametrize("key", ["", "é" * 513, "a\0b", "a\udcffb"])
def test_keys_that_no_s3_server_holds(key: str) -> None:
    store = S3Store(Store("s", Connection(Provider.S3, endpoint="http://minio:9000"), bucket=Bucket("reef")))
    assert store.unstorable(Key(key))
    assert not store.unstorable(Key("é" * 512))


def test_amazon_takes_no_key_that_leads_out_of_its_bucket() -> None:
    store = S3Store(Store("s", Connection(Provider.S3), bucket=Bucket("reef")))
    assert [bool(store.unstorable(Key(key))) for key in ("../a", "a/../../b", "a/../b", "./a", "a..")] == [
        True,
        True,
        False,
        False,
        False,
    ]


async def test_no_secret_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with faulty(error(403, "AccessDenied")) as server:
        keys = Keys("access", SECRET_KEY, "token-of-session")
        store = S3Store(
            Store("s", Connection(Provider.S3, endpoint=server.endpoint, credentials=keys), bucket=Bucket("b"))
        )
        with pytest.raises(StoreDenied) as caught:
            await store.list_page()
        await store.aclose()
    for text in (caplog.text, str(caught.value), repr(caught.value)):
        assert "token-of-session" not in text
        assert "Signature=" not in text
