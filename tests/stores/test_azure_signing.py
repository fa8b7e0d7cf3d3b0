"""Shared Key signs what Azure documents; Azurite verifies the rest."""

from __future__ import annotations

import base64

from moorage.model.account import account_of
from moorage.model.credentials import AccountKey
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, Provider, Store
from moorage.stores.azure.dates import http_date, http_ms, iso_time
from moorage.stores.azure.place import place_of
from moorage.stores.azure.signing import SharedKey

KEY = base64.b64encode(b"key").decode()


def test_the_documented_string_to_sign() -> None:
    """Source: Authorize with Shared Key, the request for the metadata of a container, and the paging of a list."""
    headers = {"x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "x-ms-version": "2015-02-21"}
    url = "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20"
    assert SharedKey("myaccount", b"").string_to_sign("GET", url, headers, 0) == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\n"
        "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_lengths_ranges_and_odd_words_are_signed_as_they_are_sent() -> None:
    headers = {
        "Range": "bytes=0-1",
        "Content-MD5": "m",
        "x-ms-meta-a1": "1",
        "x-ms-meta-a_": " 2 ",
        "x-ms-blob-type": "B",
    }
    url = "http://127.0.0.1:10000/reefs/dives/a%20b%2Fc?Comp=x&prefix=a%26b%3D%0A"
    assert SharedKey("reefs", b"").string_to_sign("PUT", url, headers, 7) == (
        "PUT\n\n\n7\nm\n\n\n\n\n\n\nbytes=0-1\n"
        "x-ms-blob-type:B\nx-ms-meta-a_:2\nx-ms-meta-a1:1\n"
        "/reefs/reefs/dives/a%20b%2Fc\ncomp:x\nprefix:a&b=\n"
    )


def test_dates_are_those_of_http() -> None:
    assert http_date(1445412480) == "Wed, 21 Oct 2015 07:28:00 GMT"
    assert http_ms("Wed, 21 Oct 2015 07:28:00 GMT") == 1445412480000
    assert iso_time(1445412480) == "2015-10-21T07:28:00Z"
    assert [http_ms(text) for text in (None, "", "yesterday", "Wed, 99 Oct 2015 07:28:00 GMT")] == [0] * 4


def test_keys_that_azure_would_change_are_not_storable() -> None:
    connection = Connection(Provider.AZURE, credentials=AccountKey("reefs", KEY))
    place, account = place_of(Store("s", connection, bucket=Bucket("dives")))
    assert account == account_of(connection)
    for key in ("a", "a/b/", "/a", "a//b", " a ", ".hidden", "a.b/c", "k" * 1024, "\U0001f600" * 512, "a/" * 253 + "b"):
        assert place.unstorable(Key(key)) is None, key
    for key in (
        "",
        "a.",
        "a./b",
        ".",
        "..",
        "a\\b",
        "a\nb",
        "k" * 1025,
        "\U0001f600" * 513,
        "a/" * 254 + "b",
        "\udcff",
    ):
        assert place.unstorable(Key(key)) is not None, key
    root, _ = place_of(Store("s", connection, bucket=Bucket("$root")))
    assert root.url("a b") == "https://reefs.blob.core.windows.net/$root/a%20b"
    assert root.unstorable(Key("a/b")) is not None
