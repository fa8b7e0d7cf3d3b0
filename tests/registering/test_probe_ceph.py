"""The probe on the real Ceph: each line names what is missing, nothing stays behind, read-only is never written to."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.probe import Finding, Permission
from moorage.model.store import ANYWAY, Condition, Serve
from moorage.registering.probe import probe
from moorage.registering.probing.cleaning import STALE_MS
from moorage.registering.probing.walk import FOLDER
from moorage.stores.s3 import S3Store
from prescribing.ceph_users import Person, person, with_admin
from registering.rights import ORIGIN, Quay, checked, lines, missing, named, quay

P = Permission
WRITING = {"put", "delete", "multipart", "copy", "abort", "put cors", "erase"}
LATER_MS = 4_000_000_000_000
"""So that all that lies there is old."""


@pytest.fixture(scope="module")
def somebody() -> Iterator[Person]:
    with person() as made:
        yield made


@pytest.fixture
async def reef(somebody: Person) -> AsyncIterator[Quay]:
    async with quay(somebody) as made:
        yield made


async def test_all_is_well_where_all_is_allowed_and_nothing_is_left(reef: Quay) -> None:
    before = reef.state()
    found, _ = await checked(reef.store())
    assert found.report.passed
    assert {line.permission for line in found.report.lines} == set(P) - {P.ENCRYPTION}
    assert missing(found) == set()
    assert lines(found)[P.CORS].finding is Finding.SKIPPED
    assert [line.permission for line in found.report.lines] == [one for one in P if one is not P.ENCRYPTION]
    assert found.report.warnings == ()
    assert found.had_objects
    assert reef.state() == before


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("s3:GetBucketLocation", {P.REGION}),
        ("s3:ListBucket", {P.LIST}),
        ("s3:GetObject", {P.READ, P.READ_RANGE, P.WRITE, P.OVERWRITE, P.SIGNED, P.COPY}),
        ("s3:PutObject", {P.WRITE, P.MULTIPART}),
        ("s3:AbortMultipartUpload", {P.MULTIPART}),
        ("s3:ListMultipartUploadParts", {P.MULTIPART}),
        ("s3:ListBucketMultipartUploads", {P.UPLOADS}),
        ("s3:DeleteObject", {P.DELETE}),
        ("s3:GetBucketCORS", {P.CORS_RULES}),
        ("s3:GetBucketVersioning", {P.VERSIONS}),
        ("s3:GetLifecycleConfiguration", {P.LIFECYCLE}),
    ],
)
async def test_each_missing_permission_is_named_by_its_own_lines_and_no_other(
    reef: Quay, action: str, told: set[Permission]
) -> None:
    reef.without(action)
    before = reef.state()
    found, _ = await checked(reef.store())
    assert missing(found) == told
    for line in found.report.lines:
        if line.permission in told:
            assert action in f"{line.detail} {line.advice}", line
    needed = {P.LIST, P.READ, P.READ_RANGE, P.WRITE, P.MULTIPART, P.DELETE}
    assert found.report.passed == (not told & needed)
    assert found.report.left_behind == (f"reef/{FOLDER}append-only" if action == "s3:DeleteObject" else "")
    after = reef.state()
    assert after["uploads"] == []
    kept = [found.report.left_behind] if found.report.left_behind else []
    assert after["objects"] == sorted(before["objects"] + kept)


async def test_where_nothing_may_be_deleted_all_checks_use_one_object(reef: Quay) -> None:
    reef.without("s3:DeleteObject")
    for _ in range(2):
        found, _ = await checked(reef.store())
        assert lines(found)[P.WRITE].finding is Finding.OK
        assert lines(found)[P.CONDITIONAL].finding is Finding.OK
        assert lines(found)[P.OVERWRITE].finding is lines(found)[P.COPY].finding is Finding.SKIPPED
        assert f"reef/{FOLDER}append-only stays" in found.report.warnings[0]
        assert reef.state()["objects"] == [f"reef/{FOLDER}append-only", "reef/one.jpg"]


async def test_who_may_read_and_not_write_is_advised_to_register_as_read_only(reef: Quay) -> None:
    reef.without("s3:PutObject")
    found, _ = await checked(reef.store())
    assert "register the store as read-only" in found.report.warnings[0]


async def test_without_the_right_to_list_a_refusal_of_an_absent_object_tells_nothing(reef: Quay) -> None:
    reef.without("s3:ListBucket")
    found, _ = await checked(reef.store(read_only=True))
    read = lines(found)[P.READ]
    assert read.finding is Finding.UNKNOWN
    assert "Without the right to list" in read.detail
    assert not found.report.passed


async def test_rights_below_the_prefix_alone_suffice(reef: Quay) -> None:
    """A condition on the prefix refuses HeadBucket, which is no fault where listing succeeds."""
    reef.without(condition={"StringLike": {"s3:prefix": ["reef/*"]}})
    found, _ = await checked(reef.store())
    assert found.report.passed
    assert missing(found) == set()
    outside, _ = await checked(reef.store(prefix="other/"))
    assert P.LIST in missing(outside)


async def test_nothing_allowed_leaves_open_whether_the_keys_are_right(reef: Quay) -> None:
    reef.without("s3:*")
    found, _ = await checked(reef.store())
    assert lines(found)[P.SIGN_IN].finding is Finding.UNKNOWN
    assert not lines(found)[P.SIGN_IN].required
    assert not found.report.passed
    assert reef.state()["objects"] == ["reef/one.jpg"]


async def test_a_read_only_store_gets_no_request_that_writes(reef: Quay) -> None:
    found, opened = await checked(reef.store(read_only=True))
    assert found.report.passed
    assert not WRITING & set(opened.counters.requests)
    assert opened.counters.bytes_sent == 0
    skipped = {line.permission for line in found.report.lines if line.finding is Finding.SKIPPED}
    assert skipped == {P.WRITE, P.MULTIPART, P.DELETE, P.CORS}
    assert P.COPY not in lines(found)
    reef.without("s3:PutObject", "s3:DeleteObject")
    assert (await checked(reef.store(read_only=True)))[0].report.lines == found.report.lines


async def test_signed_urls_are_needed_where_readers_are_sent_on_to_the_store(reef: Quay) -> None:
    found, _ = await checked(replace(reef.store(read_only=True), serve=Serve.REDIRECT))
    assert lines(found)[P.SIGNED].required
    assert lines(found)[P.CORS].finding is Finding.MISSING
    assert f"Scripts on pages of {ORIGIN}" in lines(found)[P.CORS].detail
    assert found.report.passed


async def test_what_everybody_can_read_is_warned_of(reef: Quay) -> None:
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
        f'"Resource":"arn:aws:s3:::{reef.bucket}/*"}}]}}'
    )
    with_admin("s3").put_bucket_policy(Bucket=reef.bucket, Policy=document)
    found, _ = await checked(reef.store())
    assert P.PRIVATE in missing(found)
    assert any("Everybody can read" in warning for warning in found.report.warnings)
    assert found.report.passed


# What a check leaves


async def test_a_bucket_with_versions_is_left_without_any_of_the_checks(reef: Quay) -> None:
    with_admin("s3").put_bucket_versioning(Bucket=reef.bucket, VersioningConfiguration={"Status": "Enabled"})
    before = reef.state()
    found, _ = await checked(reef.store())
    assert "are kept" in lines(found)[P.VERSIONS].detail
    assert found.report.warnings == ()
    assert reef.state() == before
    reef.without("s3:DeleteObjectVersion")
    found, _ = await checked(reef.store())
    assert any("keeps versions" in warning for warning in found.report.warnings)
    reef.purge()


class Stopping(S3Store):
    """The real adapter, which comes to a halt at its ``last`` multipart upload."""

    reached: asyncio.Event

    async def try_multipart(self, key: Key) -> None:
        del key
        self.reached.set()
        await asyncio.Event().wait()


async def test_a_check_that_is_cancelled_half_way_removes_what_it_wrote(reef: Quay) -> None:
    before = reef.state()
    opened = Stopping(reef.store())
    opened.reached = asyncio.Event()
    check = asyncio.create_task(probe(reef.store(), opened, now_ms=1))
    await opened.reached.wait()
    assert len(reef.state()["objects"]) == 2
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    await opened.aclose()
    assert reef.state() == before


class Failing(S3Store):
    """The real adapter, whose copies are made and not answered."""

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        await super().copy(source, destination, condition=condition)
        raise StoreUnreachable("The answer was lost.", "Try again.")


async def test_a_step_that_fails_after_it_wrote_leaves_nothing_either(reef: Quay) -> None:
    before = reef.state()
    opened = Failing(reef.store())
    found = await probe(reef.store(), opened, now_ms=1)
    await opened.aclose()
    assert lines(found)[P.COPY].finding is Finding.UNKNOWN
    assert reef.state() == before


async def test_what_a_killed_check_left_goes_with_the_next_once_it_is_old(reef: Quay) -> None:
    admin = with_admin("s3")
    ours = f"reef/{FOLDER}{'ab' * 16}"
    admin.put_object(Bucket=reef.bucket, Key=ours, Body=b"left")
    admin.put_object(Bucket=reef.bucket, Key=f"{ours}-copy", Body=b"left")
    admin.put_object(Bucket=reef.bucket, Key=f"reef/{FOLDER}not-ours", Body=b"kept")
    admin.create_multipart_upload(Bucket=reef.bucket, Key=ours)
    admin.create_multipart_upload(Bucket=reef.bucket, Key="reef/somebody-else")
    before = reef.state()
    await checked(reef.store(), now_ms=1)
    assert reef.state() == before
    await checked(reef.store(read_only=True), now_ms=LATER_MS + STALE_MS)
    assert reef.state() == before
    found, _ = await checked(reef.store(), now_ms=LATER_MS + STALE_MS)
    assert found.report.passed
    assert reef.state()["objects"] == [f"reef/{FOLDER}not-ours", "reef/one.jpg"]
    assert reef.state()["uploads"] == ["reef/somebody-else"]


async def test_an_empty_store_is_read_by_the_object_that_the_check_wrote(reef: Quay) -> None:
    found, _ = await checked(reef.store(prefix="empty/"))
    assert found.report.passed
    assert not found.had_objects
    assert lines(found)[P.READ_RANGE].finding is Finding.OK
    assert "Nothing lies below empty/" in named(found, {P.LIST})


_KILLED = """
import asyncio, sys
from moorage.model.credentials import Keys
from moorage.model.store import Connection, Provider, Store
from moorage.registering.probe import probe
from moorage.stores.s3 import S3Store

class Halting(S3Store):
    async def try_multipart(self, key):
        print("half-way", flush=True)
        await asyncio.Event().wait()

endpoint, bucket, access_key, secret_key = sys.argv[1:]
connection = Connection(Provider.S3, endpoint=endpoint, credentials=Keys(access_key, secret_key))
store = Store("reef", connection, bucket=bucket, prefix="reef/", read_only=False)
asyncio.run(probe(store, Halting(store), now_ms=1))
"""


async def test_a_check_whose_process_was_killed_is_cleaned_up_by_the_next(reef: Quay) -> None:
    keys = reef.person.keys
    endpoint = reef.store().connection.endpoint
    words = (endpoint, reef.bucket, keys.access_key, keys.secret_key)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, *words, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"half-way\n"
    process.kill()
    await process.wait()
    assert len(reef.state()["objects"]) == 2
    await checked(reef.store(), now_ms=LATER_MS)
    assert reef.state()["objects"] == ["reef/one.jpg"]
