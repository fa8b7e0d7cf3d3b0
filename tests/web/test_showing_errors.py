"""Every error that a newcomer can meet while showing a place: told in words, and nothing was made."""

from __future__ import annotations

import asyncio
import os
import pwd
import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from servers.moorage import Moorage
from servers.nginx import free_port, tls_proxy
from stores.faulty import Answer as Scripted
from stores.faulty import error, faulty, listing, says
from web.conftest import Face
from web.places import KEYS, SECRET, Bucket, bucket, refused, registered, show

__all__ = ["bucket"]
AS_ROOT = os.geteuid() == 0


# What a newcomer can do wrong: addresses


@pytest.mark.parametrize(
    ("body", "status", "texts"),
    [
        ({"address": "~/photos"}, 400, ["not a whole path", "on the server's machine, such as /data/photos"]),
        ({"address": "photos/2021"}, 400, ["not a whole path"]),
        ({"address": "C:\\photos"}, 400, ["path of Windows"]),
        ({"address": "https://s3.example.org"}, 400, ["names no bucket", "s3://bucket/prefix"]),
        ({"address": f"https://me:{SECRET}@s3.example.org/reef"}, 400, ["password"]),
        ({"address": f"https://s3.example.org/reef?X-Amz-Signature={SECRET}"}, 400, ["signed URL"]),
        ({"address": "azure://reef/2021"}, 400, ["storage account is not named", "ACCOUNT.blob.core.windows.net"]),
        ({"address": "fhotos"}, 404, ["no store fhotos", "/data/photos", "s3://bucket/prefix"]),
        ({"address": "/data\0"}, 400, ["control character"]),
        ({"address": "s3://reef", "port": 9000}, 400, ["https://host:port"]),
        ({"address": "/data", "endpoint": "https://x.example"}, 400, ["Only a bucket has an endpoint"]),
        ({}, 400, ["Name a store, or the address"]),
        ({"address": "/data", "store": "x"}, 400, ["one of them"]),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_words(
    face: Face, body: dict[str, Any], status: int, texts: list[str]
) -> None:
    before = registered(face)
    refused(face, face("POST", "/api/v1/mirrors", body), before, status, *texts)


# Directories


def test_a_directory_that_is_not_there_or_is_a_file_is_told(face: Face, tmp_path: Path) -> None:
    before = registered(face)
    (tmp_path / "a.jpg").write_bytes(b"x")
    absent = show(face, str(tmp_path / "absent"))
    refused(face, absent, before, 422, f"There is no directory {tmp_path}/absent on the machine", "Check the spelling")
    for name in ("a.jpg", "a.jpg/below"):
        refused(face, show(face, str(tmp_path / name)), before, 422, f"{tmp_path}/{name} is no directory", "is a file")


def test_a_directory_that_the_server_may_not_read_is_told_with_the_user(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "below").mkdir(parents=True)
    private.chmod(0)
    name = pwd.getpwuid(os.geteuid()).pw_name
    # Root reads everything, unless it gives these rights up.
    through = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if AS_ROOT else ()
    with Moorage(tmp_path / "data", through=through) as server:
        face = Face(server, server.token())
        before = registered(face)
        for place in (private, private / "below"):
            got = show(face, str(place))
            refused(face, got, before, 422, "does not let Moorage list", "Permission denied", f"as the user {name}")
    private.chmod(0o700)


# Buckets


@pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
def test_a_wrong_key_is_told(face: Face, bucket: Bucket, wrong: str) -> None:
    before = registered(face)
    got = show(face, f"{bucket.address}/2021", **bucket.keys(**{wrong: SECRET.replace(" ", "-")}))
    refused(face, got, before, 422, "these keys", "Check that access key and secret key are whole")
    assert SECRET.replace(" ", "-") not in got.body.decode() + face.server.log()


def test_a_bucket_that_is_not_public_asks_for_keys(face: Face, bucket: Bucket) -> None:
    got = show(face, bucket.address)
    refused(face, got, registered(face), 422, "does not let everybody list", "give the access key and secret key")


def test_a_bucket_that_is_not_there_is_told(face: Face, bucket: Bucket) -> None:
    before = registered(face)
    got = show(face, f"{bucket.server.endpoint}/there-is-no-such-bucket", **bucket.keys())
    refused(face, got, before, 422, "There is no bucket 'there-is-no-such-bucket'", "Check the bucket's name")


@pytest.mark.parametrize(
    ("action", "resource", "texts"),
    [
        ("s3:ListBucket", "", ["does not let these keys list the bucket", "s3:ListBucket"]),
        ("s3:GetObject", "/*", ["does not let these keys read from the bucket", "s3:GetObject"]),
    ],
)
def test_a_missing_permission_is_told_by_its_name(
    face: Face, bucket: Bucket, action: str, resource: str, texts: list[str]
) -> None:
    bucket.deny(action, resource)
    before = registered(face)
    for prefix in ("", "/2021/"):
        refused(face, show(face, bucket.address + prefix, **bucket.keys()), before, 422, *texts)


def test_one_object_is_no_folder(face: Face, bucket: Bucket) -> None:
    before = registered(face)
    got = show(face, f"{bucket.address}/2021/a.jpg", **bucket.keys())
    refused(face, got, before, 400, "is one object", f"s3://{bucket.name}/2021/")


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        (error(400, "AuthorizationHeaderMalformed"), ["signed for another region", "Name the region of the bucket"]),
        (
            error(301, "PermanentRedirect", "<Endpoint>s3.eu-west-1.example</Endpoint>"),
            ["at another place: s3.eu-west-1.example", "region of the bucket"],
        ),
        (error(403, "InvalidAccessKeyId"), ["access key is not known", "belongs to this endpoint"]),
        (error(403, "SignatureDoesNotMatch"), ["secret key does not fit", "Enter the secret key again"]),
        (error(403, "RequestTimeTooSkewed"), ["clock", "NTP"]),
        (says(404, "<html>Not found</html>"), ["does not answer as S3", "may be a web page"]),
        (says(200, "<html>Welcome</html>"), ["does not answer as S3", "may be a web page"]),
    ],
)
async def test_other_answers_than_a_listing_are_told(face: Face, answer: Scripted, texts: list[str]) -> None:
    keys = {"credentials": {"kind": "keys", "access_key": "access", "secret_key": SECRET.replace(" ", "-")}}
    before = registered(face)
    async with faulty(answer) as server:
        got = await asyncio.to_thread(show, face, f"{server.endpoint}/reef/2021", **keys)
    refused(face, got, before, 422, *texts)


async def test_a_region_that_the_server_names_itself_need_not_be_given(face: Face) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if "/eu-west-1/" not in request.headers.get("Authorization", ""):
            said = error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")
        elif "list-type" in request.query:
            said = says(200, listing())
        else:
            said = error(404, "NoSuchKey") if request.path != "/reef" else error(501, "NotImplemented")
        return await said(request)

    async with faulty(answer) as server:
        got = await asyncio.to_thread(show, face, f"{server.endpoint}/reef", **KEYS)
        assert got.status == 202, got.body
        job = await asyncio.to_thread(face.wait, got.json["job"])
        assert job["state"] == "succeeded"


# Servers


def test_http_for_https_and_the_other_way_round_is_told(face: Face, bucket: Bucket, tmp_path: Path) -> None:
    before = registered(face)
    plain = int(bucket.server.endpoint.rpartition(":")[2])
    got = show(face, f"https://127.0.0.1:{plain}/{bucket.name}", **bucket.keys())
    refused(face, got, before, 422, "answers in plain http, not https", f"Write the server as http://127.0.0.1:{plain}")
    port = free_port()
    with tls_proxy(tmp_path, port=port, behind=plain, path="", host="$http_host") as authority:
        got = show(face, f"http://127.0.0.1:{port}/{bucket.name}", **bucket.keys())
        refused(face, got, before, 422, "answers in https only", "Write https:// in place of http://")
        got = show(face, f"https://127.0.0.1:{port}/{bucket.name}", **bucket.keys())
        refused(face, got, before, 422, "certificate", "is not trusted", "PEM")
        got = show(face, f"https://127.0.0.1:{port}/{bucket.name}", **bucket.keys(), ca=authority)
        assert got.status == 202, got.body
        face.wait(got.json["job"])


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        ("https://no-such-host.invalid/reef", ["There is no host no-such-host.invalid", "Check its spelling"]),
        ("s3://my.reef.invalid/2021", ["There is no host my.reef.invalid", "is a bucket at AWS, write https://s3."]),
        ("http://255.255.255.255/reef", ["255.255.255.255", "cannot be reached", "firewall"]),
    ],
)
def test_a_host_that_is_not_there_is_told(face: Face, address: str, texts: list[str]) -> None:
    before = registered(face)
    refused(face, show(face, address), before, 422, *texts)


def test_a_port_that_nobody_listens_on_is_told(face: Face) -> None:
    before = registered(face)
    port = free_port()
    got = show(face, f"http://127.0.0.1:{port}/reef")
    refused(face, got, before, 422, f"Nothing listens at 127.0.0.1:{port}", "Check host and port")


# Our own machine


@contextmanager
def narrow_data(home: Path) -> Iterator[tuple[Face, ExitStack]]:
    """A server whose data directory takes no byte more, until the stack is closed."""
    data = home / "data"
    data.mkdir()
    with ExitStack() as mounted:
        if AS_ROOT:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", data], check=True)
            mounted.callback(lambda: subprocess.run(["umount", data], check=True))
        with Moorage(data) as server, ExitStack() as full:
            face = Face(server, server.token())
            registered(face)
            with sqlite3.connect(data / "catalogue.db") as catalogue:
                catalogue.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            catalogue.close()
            assert server.process is not None
            if AS_ROOT:
                filler = data / "filler"
                full.callback(filler.unlink)
                _fill(filler)
            else:
                pid, limit = server.process.pid, resource.RLIMIT_FSIZE
                before = resource.prlimit(pid, limit)
                full.callback(resource.prlimit, pid, limit, before)
                resource.prlimit(pid, limit, (4096, before[1]))
            yield face, full


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 10, 1):
            try:
                while filler.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue


def test_a_catalogue_without_space_takes_nothing_and_says_so(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    with narrow_data(tmp_path) as (face, full):
        before = registered(face)
        got = show(face, str(photos))
        refused(face, got, before, 503, "The database", "try again" if AS_ROOT else "Try again")
        assert not AS_ROOT or "has no space left on its disk" in got.json["detail"]
        assert not AS_ROOT or "Free some space" in got.json["advice"]
        full.close()
        assert show(face, str(photos)).status == 202
