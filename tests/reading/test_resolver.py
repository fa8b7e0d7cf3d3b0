"""The resolver: every provider's words, buckets that connections open, and one verdict for any text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moorage.model.address import address_in
from moorage.model.credentials import AccountKey
from moorage.model.errors import Conflict, Invalid, NotFound
from moorage.model.keys import Bucket, Prefix, key_of
from moorage.model.store import Connection, ConnectionId, Provider, Store
from moorage.reading.resolve import Opens, Resolved, Resolver, Web

KEY = AccountKey("reefpics", "a2V5")
AZURE = Store("az", Connection(Provider.AZURE, credentials=KEY), Bucket("pics"))
EMULATED = AccountKey("devstoreaccount1", "a2V5")
EMULATOR = Connection(
    Provider.AZURE,
    endpoint="http://127.0.0.1:10000/devstoreaccount1",
    credentials=EMULATED,
)
AZURITE = Store("azurite", EMULATOR, Bucket("films"))
GOOGLE = Store("gcs", Connection(Provider.GOOGLE), Bucket("media"))
FAKE = Store("fake", Connection(Provider.GOOGLE, endpoint="http://127.0.0.1:4443"), Bucket("tests"))
INTEROP = Store("interop", Connection(Provider.S3, endpoint="https://storage.googleapis.com"), Bucket("byhmac"))
S3 = Store("aws", Connection(Provider.S3, region="us-west-2"), Bucket("test1"))
PATHED = Store("pathed", Connection(Provider.S3, endpoint="https://gate.example/s3"), Bucket("deep"))
DOTTED = Store("dotted", Connection(Provider.S3, endpoint="https://minio.example"), Bucket("a.b_c"))
DISK = Store("dk", Connection(Provider.DISK, root="/data"))
BASE = Store("site", Connection(Provider.HTTPS, endpoint="https://www.example.org/pictures"))
STORES = [AZURE, AZURITE, GOOGLE, FAKE, INTEROP, S3, PATHED, DOTTED, DISK, BASE]
RESOLVER = Resolver(STORES)


@pytest.mark.parametrize(
    ("address", "store", "key"),
    [
        ("azure://pics/a b#?%20.jpg", AZURE, "a b#?%20.jpg"),
        ("azure://reefpics/pics/a.jpg", AZURE, "a.jpg"),
        ("https://reefpics.blob.core.windows.net/pics/a%20b.jpg", AZURE, "a b.jpg"),
        ("http://127.0.0.1:10000/devstoreaccount1/films/a.mp4", AZURITE, "a.mp4"),
        ("google://media/a", GOOGLE, "a"),
        ("gs://media/a", GOOGLE, "a"),
        ("gcs://media/a", GOOGLE, "a"),
        ("https://storage.googleapis.com/media/a%2Fb", GOOGLE, "a/b"),
        ("https://media.storage.googleapis.com/a", GOOGLE, "a"),
        ("https://storage.cloud.google.com/media/a", GOOGLE, "a"),
        ("http://127.0.0.1:4443/tests/a", FAKE, "a"),
        ("gs://byhmac/a", INTEROP, "a"),
        ("s3://byhmac/a", INTEROP, "a"),
        ("s3://s3-us-west-2.amazonaws.com/test1/abc", S3, "abc"),
        ("https://test1.s3.us-west-2.amazonaws.com/abc", S3, "abc"),
        ("minio://a.b_c/x", DOTTED, "x"),
        ("https://a.b_c.minio.example/x", DOTTED, "x"),
        ("https://gate.example/s3/deep/x", PATHED, "x"),
        ("FS://dk/x\r", DISK, "x\r"),
        ("https://www.example.org/pictures/a%20b.jpg", BASE, "a b.jpg"),
    ],
)
def test_every_word_for_a_provider_leads_to_its_store(address: str, store: Store, key: str) -> None:
    found = RESOLVER.find(address)
    assert isinstance(found, Resolved)
    assert (found.store.name, found.key) == (store.name, key)


@given(st.sampled_from(STORES), st.binary(max_size=30).map(key_of))
def test_the_address_of_any_key_leads_back_to_it(store: Store, key: str) -> None:
    if store is BASE and (not key or {"", ".", ".."} & set(key.split("/"))):
        return
    found = RESOLVER.find(address_in(store, key))
    assert isinstance(found, Resolved)
    assert (found.store, found.key) == (store, key)


WORDS = st.sampled_from(
    ["s3", "azure", "https", "gs", "fs", "://", "/", ":", "@", "[", "]", "%", "?", "#", ".", "reefpics", "pics",
     "minio.example", "amazonaws.com", "s3.", "\x00", "\udcff", "\n", "é", "127.0.0.1:10000", "//"]
)  # fmt: skip


@example("\udd00")
@example("s3://reefpics/half \ud83d")
@given(st.lists(WORDS, max_size=12).map("".join) | st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_gets_an_answer_or_one_of_three_errors(text: str) -> None:
    with contextlib.suppress(Invalid, NotFound, Conflict):
        assert isinstance(RESOLVER.find(text), Resolved | Opens | Web)


def test_what_can_be_read_in_two_ways_is_an_error_that_lists_both() -> None:
    bucket = Store("odd", Connection(Provider.S3, endpoint="https://other.example"), Bucket("minio.example"))
    with pytest.raises(Conflict) as caught:
        Resolver([*STORES, bucket]).find("s3://minio.example/a.b_c/x")
    assert "bucket 'minio.example' (store odd)" in caught.value.message
    assert "bucket 'a.b_c' on the server minio.example" in caught.value.message


def test_one_bucket_name_on_two_servers_is_an_error_that_lists_the_stores() -> None:
    second = Store("second", Connection(Provider.S3, endpoint="https://other.example"), Bucket("test1"))
    resolver = Resolver([*STORES, second])
    with pytest.raises(Conflict, match="aws, second"):
        resolver.find("s3://test1/x")
    found = resolver.find("s3://other.example/test1/x")
    assert isinstance(found, Resolved)
    assert found.store is second


def opens(name: str, *buckets: str, id_: int = 1) -> Connection:
    endpoint = f"https://{name}.example"
    return Connection(Provider.S3, endpoint=endpoint, name=name, open_buckets=buckets, id=ConnectionId(id_))


def test_a_connection_opens_what_no_store_has_and_only_what_it_admits() -> None:
    resolver = Resolver(STORES, [opens("lab", "cars", "wells:2020/", id_=1), opens("all", id_=2)])
    named, any_, url = (
        resolver.find(text) for text in ("s3://cars/a", "s3://anything/a", "https://all.example/else/a%20b")
    )
    assert isinstance(named, Opens)
    assert isinstance(any_, Opens)
    assert isinstance(url, Opens)
    assert (named.connection.name, any_.connection.name) == ("lab", "all")
    assert (url.bucket, url.key, url.offered) == ("else", "a b", True)
    assert isinstance(resolver.find("s3://test1/x"), Resolved)
    only = Resolver([], [opens("lab", "wells:2020/")])
    for left_out in ("s3://wells/2020-secret/a", "s3://lab.example/cars/a", "s3://cars/a"):
        with pytest.raises(NotFound, match="the buckets that are listed for lab do not hold it"):
            only.find(left_out)
    with pytest.raises(NotFound, match="open to you\\."):
        only.find("azure://cars/a")


def test_two_connections_that_open_everything_are_never_guessed_between() -> None:
    with pytest.raises(Conflict, match="lab, shed"):
        Resolver([], [opens("lab"), opens("shed", id_=2)]).find("s3://cars/a")


def test_a_key_outside_of_every_prefix_says_whose_prefix_it_misses() -> None:
    narrow = Store("narrow", Connection(Provider.S3), Bucket("reef"), Prefix("2021/"))
    with pytest.raises(NotFound, match="narrow of the same bucket has another prefix"):
        Resolver([narrow]).find("s3://reef/2020/x")
