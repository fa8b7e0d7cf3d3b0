"""Bytes of a store's objects, shown by an item or not, and the store that an address lies in."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from moorage.client import Client
from moorage.model.errors import NotFound, RangeUnsatisfiable
from servers import Server, ceph
from servers.moorage import ask
from stores.s3_bucket import admin, bucket_of
from web.conftest import Face, Moored, items

TEXT = b"0123456789" * 10


def content(store: str, key: str, **more: str) -> str:
    return f"/api/v1/stores/{store}/content?{urlencode({'key': key, **more})}"


def test_an_object_is_served_as_its_item_is(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    shown, got = face("GET", f"/api/v1/items/{item}/content"), face("GET", content(moored.store, "hello.txt"))
    assert (got.status, got.body) == (200, TEXT)
    for name in ("etag", "content-length", "content-type", "content-disposition", "content-security-policy"):
        assert got.headers[name] == shown.headers[name]


def test_an_object_that_no_item_shows_is_served_too(face: Face, moored: Moored) -> None:
    (moored.root / "below" / "new.txt").write_bytes(b"not indexed yet")
    assert face("GET", content(moored.store, "below/new.txt")).body == b"not indexed yet"


def test_ranges_conditions_and_heads_are_those_of_items(face: Face, moored: Moored) -> None:
    path = content(moored.store, "hello.txt")
    part = face("GET", path, Range="bytes=95-")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"56789", "bytes 95-99/100")
    parts = face("GET", path, Range="bytes=0-1,-2")
    assert (parts.status, parts.body.count(b"Content-Range: ")) == (206, 2)
    past = face("GET", path, Range="bytes=100-")
    assert (past.status, past.json["size"]) == (416, 100)
    head = face("HEAD", path)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "100")
    assert face("GET", path, If_None_Match=head.headers["etag"]).status == 304
    assert face("GET", path, If_Match='"another"').status == 412
    assert face("POST", path).status == 405


def test_any_key_is_reached(face: Face, moored: Moored) -> None:
    odd = os.fsdecode(b"bad\xff #1.txt")
    (moored.root / odd).write_bytes(b"odd")
    assert face("GET", content(moored.store, r"bad\xff #1.txt", key_encoding="escaped")).body == b"odd"
    with Client(face.server.address, face.token) as client:
        assert b"".join(client.object_content(moored.store, odd)) == b"odd"
        assert b"".join(client.object_content(moored.store, "hello.txt", start=8, end=12)) == b"8901"
        with pytest.raises(RangeUnsatisfiable):
            b"".join(client.object_content(moored.store, "hello.txt", start=100))


def test_an_object_is_saved_whole_or_not_at_all(face: Face, moored: Moored, tmp_path: Path) -> None:
    seen: list[int] = []
    with Client(face.server.address, face.token) as client:
        assert client.download_object(moored.store, "hello.txt", tmp_path / "saved", note=seen.append) == 100
        with pytest.raises(NotFound):
            client.download_object(moored.store, "absent", tmp_path / "absent")
    assert (tmp_path / "saved").read_bytes() == TEXT
    assert sum(seen) == 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["media", "saved"]


@pytest.mark.parametrize(
    ("key", "status"), [("absent", 404), ("../data/secret.key", 404), ("/etc/hostname", 404), ("below", 404), ("", 400)]
)
def test_what_is_no_object_is_told_as_a_problem(face: Face, moored: Moored, key: str, status: int) -> None:
    got = face("GET", content(moored.store, key))
    assert (got.status, got.headers["content-type"]) == (status, "application/problem+json")
    assert got.json["advice"]


def test_only_those_who_may_use_the_store_read_from_it(face: Face, moored: Moored) -> None:
    made = face("POST", "/api/v1/users", {"email": f"{moored.store}@reef.example"}).json
    face("POST", "/api/v1/grants", {"user": made["id"], "role": "viewer", "project": moored.project})
    narrow = face.server.run("token", "add", "narrow", "--user", f"{moored.store}@reef.example").stdout.strip()
    where = face.server.address + content(moored.store, "hello.txt")
    assert ask("GET", where, Authorization=f"Bearer {narrow}").status == 404
    assert ask("GET", where).status == 401
    resolving = f"{face.server.address}/api/v1/resolve?address=fs://{moored.store}/hello.txt"
    assert ask("GET", resolving, Authorization=f"Bearer {narrow}").status == 404


def test_an_address_names_its_store_and_key(face: Face, moored: Moored) -> None:
    got = face("GET", f"/api/v1/resolve?address={quote(f'fs://{moored.store}/below/100% #1?.txt')}")
    assert (got.status, got.json) == (200, {"store": moored.store, "key": "below/100% #1?.txt"})
    with Client(face.server.address, face.token) as client:
        odd = os.fsdecode(b"bad\xff.txt")
        assert client.resolve(f"fs://{moored.store}/{odd}").key == odd
        with pytest.raises(NotFound, match="lies in no registered store"):
            client.resolve("s3://nobody-has-it/x.jpg")
    assert face("GET", "/api/v1/resolve?address=hello.txt").status == 400


async def test_every_form_of_an_address_in_a_bucket_leads_to_its_store(face: Face) -> None:
    async with bucket_of(ceph()) as bucket:
        _addresses_of(face, ceph(), bucket)


def _addresses_of(face: Face, server: Server, bucket: str) -> None:
    s3 = admin(server)
    s3.put_object(Bucket=bucket, Key="cruise/100% #1.txt", Body=b"anchor")
    s3.put_object(Bucket=bucket, Key="secret.txt", Body=b"not for this store")
    s3.close()
    keys = {"kind": "keys", "access_key": server.access_key, "secret_key": server.secret_key}
    body = {"provider": "s3", "endpoint": server.endpoint, "region": server.region, "bucket": bucket}
    made = face("POST", "/api/v1/stores", body | {"name": bucket, "prefix": "cruise/", "credentials": keys})
    assert made.status == 201, made.body
    host = server.endpoint.partition("://")[2]
    with Client(face.server.address, face.token) as client:
        for address in (
            f"s3://{bucket}/cruise/100% #1.txt",
            f"s3://{host}/{bucket}/cruise/100% #1.txt",
            f"{server.endpoint}/{bucket}/cruise/100%25%20%231.txt?versionId=null",
            f"http://{bucket}.{host}/cruise/100%25%20%231.txt",
        ):
            found = client.resolve(address)
            assert (found.store, found.key) == (bucket, "cruise/100% #1.txt"), address
        assert b"".join(client.object_content(bucket, "cruise/100% #1.txt", start=2)) == b"chor"
        for elsewhere in (f"s3://{bucket}/secret.txt", f"http://s3.eu-west-1.amazonaws.com/{bucket}/cruise/x"):
            with pytest.raises(NotFound):
                client.resolve(elsewhere)
        with pytest.raises(NotFound, match="holds only what lies below 'cruise/'"):
            b"".join(client.object_content(bucket, "secret.txt"))
