"""Addresses in all their forms lead to the store that they lie in, and to no other."""

from __future__ import annotations

import pytest

from moorage.model.errors import Conflict, Invalid, NotFound
from moorage.model.keys import Bucket, Prefix
from moorage.model.store import Connection, Provider, Store
from moorage.reading.resolve import resolve


def s3(name: str, bucket: str, endpoint: str = "", prefix: str = "", region: str = "") -> Store:
    return Store(name, Connection(Provider.S3, endpoint=endpoint, region=region), Bucket(bucket), Prefix(prefix))


AWS = s3("aws", "reef", region="eu-west-1")
HOME = s3("home", "media.2021", "https://minio.example:9000")
DISK = Store("local", Connection(Provider.DISK, root="/data"))
STORES = [AWS, HOME, DISK]


@pytest.mark.parametrize(
    ("address", "store", "key"),
    [
        ("s3://reef/a b#?%20.jpg", "aws", "a b#?%20.jpg"),
        ("https://reef.s3.eu-west-1.amazonaws.com/a%20b.jpg?X-Amz-Signature=x", "aws", "a b.jpg"),
        ("https://reef.s3.amazonaws.com/x", "aws", "x"),
        ("https://s3-eu-west-1.amazonaws.com/reef/x", "aws", "x"),
        ("s3://s3.eu-west-1.amazonaws.com/reef/x", "aws", "x"),
        ("s3://media.2021/a//b/", "home", "a//b/"),
        ("s3://minio.example:9000/media.2021/x", "home", "x"),
        ("https://MINIO.example:9000/media.2021/x%FF", "home", "x\udcff"),
        ("fs://local//etc/../x", "local", "/etc/../x"),
    ],
)
def test_every_form_leads_to_its_store(address: str, store: str, key: str) -> None:
    found = resolve(address, STORES)
    assert (found.store.name, found.key) == (store, key)


@pytest.mark.parametrize(
    "address",
    [
        "s3://other/x", "https://reef.s3.us-east-1.amazonaws.com/x", "http://minio.example:9000/media.2021/x",
        "https://minio.example/media.2021/x", "fs://reef/x", "https://[broken/x", "https://minio.example:port/media.2021/x",
    ],
)  # fmt: skip
def test_what_lies_elsewhere_is_not_found(address: str) -> None:
    with pytest.raises(NotFound, match="lies in no registered store"):
        resolve(address, STORES)


@pytest.mark.parametrize("address", ["", "x.jpg", "/data/x.jpg", "gopher://reef/x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        resolve(address, STORES)


def test_the_longest_prefix_counts_and_two_servers_are_never_guessed_between() -> None:
    narrow, wide = s3("narrow", "reef", prefix="2021/"), s3("wide", "reef")
    assert resolve("s3://reef/2021/x", [wide, narrow]).store is narrow
    assert resolve("s3://reef/2020/x", [wide, narrow]).store is wide
    with pytest.raises(NotFound):
        resolve("s3://reef/2020/x", [narrow])
    other = s3("other", "reef", "https://minio.example:9000")
    with pytest.raises(Conflict, match="other, wide"):
        resolve("s3://reef/x", [wide, other])
    assert resolve("https://minio.example:9000/reef/x", [wide, other]).store is other
