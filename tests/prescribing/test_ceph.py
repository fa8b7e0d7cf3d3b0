"""The documents on a real Ceph: what the modes need passes, and nothing else does."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

import servers
from moorage.model.credentials import Keys
from moorage.model.keys import Bucket, Prefix
from moorage.model.policies import PolicyNames
from moorage.model.probe import Finding
from moorage.model.store import Store
from moorage.prescribing import Kind, Mode, Wish, prescribe, session_policy
from moorage.prescribing.modes import WRITING
from moorage.registering.probe import probe
from moorage.stores.s3 import S3Store
from prescribing.ceph_users import Person, client, compact, person, refused, with_admin
from prescribing.wishes import ORIGIN, wish
from stores.s3_bucket import bucket_of, store_at

MIB = 1 << 20


@dataclass(frozen=True)
class Shore:
    """Two buckets of another user's, with objects in and beside the prefix cruise/, and somebody without rights."""

    bucket: str
    other: str
    person: Person

    def wish(self, options: PolicyNames = PolicyNames(), **more: object) -> Wish:  # noqa: B008 - frozen
        """The store that documents are written for."""
        told = replace(options, server="ceph", identity=self.person.name)
        return wish(told, bucket=self.bucket, region="", **({"endpoint": servers.ceph().endpoint} | more))

    def store(self, *, read_only: bool) -> Store:
        """The same store as Moorage opens it, with that person's keys."""
        there = store_at(servers.ceph(), self.bucket, read_only=read_only)
        connection = replace(there.connection, credentials=self.person.keys)
        return replace(there, connection=connection, bucket=Bucket(self.bucket), prefix=Prefix("cruise/"))


@pytest.fixture(scope="module")
def shore() -> Iterator[Shore]:
    async def buckets() -> None:
        async with bucket_of(servers.ceph()) as one, bucket_of(servers.ceph()) as two:
            admin = with_admin("s3")
            for bucket in (one, two):
                for key in ("cruise/a", "cruise/b/a", "cruise-2/a", "elsewhere/a"):
                    admin.put_object(Bucket=bucket, Key=key, Body=b"0123456789")
            made.append((one, two))
            ready.set()
            await asyncio.to_thread(done.wait)

    made: list[tuple[str, str]] = []
    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(buckets(),))
    thread.start()
    assert ready.wait(120)
    try:
        with person() as somebody:
            yield Shore(*made[0], somebody)
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.PUBLIC_MEDIA])
async def test_each_mode_may_do_what_it_needs_and_nothing_beside_it(shore: Shore, mode: Mode) -> None:
    """Moorage's own check passes with exactly the generated policy; every request beside it is denied."""
    (policy,) = prescribe(shore.wish(), {mode}, kinds=[Kind.USER_POLICY])
    shore.person.give(policy)
    writes = mode in WRITING
    store = shore.store(read_only=not writes)
    opened = S3Store(store)
    checked = await probe(store, opened, now_ms=0)
    await opened.aclose()
    assert checked.report.passed, checked.report
    assert all(line.finding is Finding.OK for line in checked.report.lines if line.required)

    s3 = shore.person.client()
    own = {"Bucket": shore.bucket}
    assert s3.get_object(**own, Key="cruise/a", Range="bytes=2-4")["Body"].read() == b"234"
    assert [one["Key"] for one in s3.list_objects_v2(**own, Prefix="cruise/")["Contents"]] == ["cruise/a", "cruise/b/a"]
    assert not refused(s3.get_bucket_location, **own)
    for verb, more in (
        (s3.put_object, {"Key": "cruise/new", "Body": b"x"}),
        (s3.copy_object, {"Key": "cruise/copy", "CopySource": f"{shore.bucket}/cruise/a"}),
        (s3.create_multipart_upload, {"Key": "cruise/big"}),
        (s3.delete_object, {"Key": "cruise/new"}),
        (s3.delete_object, {"Key": "cruise/copy"}),
        (s3.list_multipart_uploads, {}),
    ):
        assert refused(verb, **own, **more) is not writes, verb
    for key in ("cruise-2/a", "elsewhere/a", "cruis"):
        for outside in (s3.get_object, s3.put_object, s3.create_multipart_upload, s3.delete_object):
            assert refused(outside, **own, Key=key), (outside, key)
    assert refused(s3.list_objects_v2, **own)
    assert refused(s3.list_objects_v2, **own, Prefix="cruise-2/")
    assert refused(s3.list_objects_v2, Bucket=shore.other, Prefix="cruise/")
    assert refused(s3.get_object, Bucket=shore.other, Key="cruise/a")
    assert refused(s3.put_object, Bucket=shore.other, Key="cruise/new", Body=b"x")
    assert refused(s3.put_bucket_policy, **own, Policy="{}")
    assert refused(s3.get_bucket_policy, **own)
    assert refused(s3.put_bucket_acl, **own, ACL="public-read")
    assert refused(s3.delete_bucket, **own)
    assert refused(s3.put_object_acl, **own, Key="cruise/a", ACL="public-read")


def test_an_upload_in_parts_runs_from_begin_to_end(shore: Shore) -> None:
    (policy,) = prescribe(shore.wish(), {Mode.DIRECT_UPLOAD}, kinds=[Kind.USER_POLICY])
    shore.person.give(policy)
    s3, where = shore.person.client(), {"Bucket": shore.bucket, "Key": "cruise/parts"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in ((1, b"x" * 5 * MIB), (2, b"y"))
    ]
    assert len(s3.list_parts(**where, UploadId=upload)["Parts"]) == 2
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    s3.delete_object(**where)


def test_append_only_may_write_and_not_delete(shore: Shore) -> None:
    (policy,) = prescribe(shore.wish(PolicyNames(append_only=True)), {Mode.UPLOAD}, kinds=[Kind.USER_POLICY])
    shore.person.give(policy)
    s3 = shore.person.client()
    assert not refused(s3.put_object, Bucket=shore.bucket, Key="cruise/kept", Body=b"x")
    assert refused(s3.delete_object, Bucket=shore.bucket, Key="cruise/kept")


def test_the_rights_to_set_a_bucket_up_are_enough_for_the_documents_that_are_set(shore: Shore) -> None:
    """CORS and lifecycle rules are taken by Ceph as they stand, and CORS answers browsers as it should."""
    modes = {Mode.UPLOAD, Mode.DIRECT_UPLOAD}
    documents = {one.kind: one for one in prescribe(shore.wish(), modes)}
    shore.person.give(documents[Kind.SETUP_POLICY])
    s3, own = shore.person.client(), {"Bucket": shore.bucket}
    cors = json.loads(documents[Kind.CORS].text)
    s3.put_bucket_cors(**own, CORSConfiguration=cors)
    assert s3.get_bucket_cors(**own)["CORSRules"][0]["AllowedOrigins"] == [ORIGIN]
    s3.put_bucket_lifecycle_configuration(**own, LifecycleConfiguration=json.loads(documents[Kind.LIFECYCLE].text))
    (rule,) = s3.get_bucket_lifecycle_configuration(**own)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert preflight(shore.bucket, ORIGIN, "PUT") == 200
    assert preflight(shore.bucket, "https://elsewhere.example", "PUT") == 403
    assert preflight(shore.bucket, ORIGIN, "DELETE") == 403
    assert refused(s3.get_object, **own, Key="cruise/a")
    assert refused(s3.put_bucket_policy, **own, Policy="{}")


def test_the_bucket_policy_shuts_out_our_user_without_tls_and_nobody_else(shore: Shore) -> None:
    (user,) = prescribe(shore.wish(), {Mode.MIRROR}, kinds=[Kind.USER_POLICY])
    shore.person.give(user)
    (policy,) = prescribe(shore.wish(endpoint="https://ceph.example.org"), {Mode.MIRROR}, kinds=[Kind.BUCKET_POLICY])
    admin = with_admin("s3")
    admin.put_bucket_policy(Bucket=shore.bucket, Policy=compact(policy))
    try:
        assert refused(shore.person.client().get_object, Bucket=shore.bucket, Key="cruise/a")
        assert not refused(admin.get_object, Bucket=shore.bucket, Key="cruise/a")
    finally:
        admin.delete_bucket_policy(Bucket=shore.bucket)
    assert not refused(shore.person.client().get_object, Bucket=shore.bucket, Key="cruise/a")


def test_public_media_lets_the_world_read_below_its_prefix_and_do_nothing_else(shore: Shore) -> None:
    options = PolicyNames(public_prefix="cruise/b/")
    (policy,) = prescribe(shore.wish(options), {Mode.PUBLIC_MEDIA}, kinds=[Kind.BUCKET_POLICY])
    admin = with_admin("s3")
    admin.put_bucket_policy(Bucket=shore.bucket, Policy=compact(policy))
    try:
        assert anybody(f"{shore.bucket}/cruise/b/a") == 200
        assert anybody(f"{shore.bucket}/cruise/a") == 403
        assert anybody(f"{shore.bucket}/elsewhere/a") == 403
        assert anybody(f"{shore.bucket}?list-type=2&prefix=cruise/b/") == 403
        assert anybody(f"{shore.bucket}/cruise/b/a", "PUT") == 403
        assert anybody(f"{shore.bucket}/cruise/b/a", "DELETE") == 403
    finally:
        admin.delete_bucket_policy(Bucket=shore.bucket)
    assert anybody(f"{shore.bucket}/cruise/b/a") == 403


def test_a_lent_role_is_cut_down_to_its_prefix_and_taken_by_nobody_else(shore: Shore) -> None:
    """Role, trust and session policy as they are written; the neighbour below the same role is refused."""
    told = shore.wish(PolicyNames(role_arn=f"arn:aws:iam:::role/{shore.bucket}"))
    documents = {one.kind: one for one in prescribe(told, {Mode.MULTIPART})}
    shore.person.give(documents[Kind.USER_POLICY])
    iam = with_admin("iam")
    iam.create_role(RoleName=shore.bucket, AssumeRolePolicyDocument=compact(documents[Kind.TRUST_POLICY]))
    try:
        policy = compact(documents[Kind.ROLE_POLICY])
        iam.put_role_policy(RoleName=shore.bucket, PolicyName="given", PolicyDocument=policy)
        lent = session_policy(shore.bucket, "cruise/b/", ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket"])
        keys = assumed(shore.person, told.loan_role, lent)
        s3, own = client("s3", keys), {"Bucket": shore.bucket}
        assert not refused(s3.put_object, **own, Key="cruise/b/lent", Body=b"x")
        assert not refused(s3.list_objects_v2, **own, Prefix="cruise/b/")
        upload = s3.create_multipart_upload(**own, Key="cruise/b/big")["UploadId"]
        s3.abort_multipart_upload(**own, Key="cruise/b/big", UploadId=upload)
        for key in ("cruise/lent", "cruise/c/lent", "cruise/b", "cruise-2/lent", "elsewhere/lent"):
            assert refused(s3.put_object, **own, Key=key, Body=b"x"), key
        assert refused(s3.list_objects_v2, **own, Prefix="cruise/")
        assert refused(s3.get_object, **own, Key="cruise/b/a")
        assert refused(s3.delete_object, **own, Key="cruise/b/lent")
        assert refused(s3.put_object, Bucket=shore.other, Key="cruise/b/lent", Body=b"x")
        wide = client(
            "s3", assumed(shore.person, told.loan_role, session_policy(shore.other, "cruise/", ["s3:PutObject"]))
        )
        assert refused(wide.put_object, Bucket=shore.other, Key="cruise/lent", Body=b"x"), "the role ends where it ends"
        with person() as stranger:
            assert refused(stranger.client("sts").assume_role, RoleArn=told.loan_role, RoleSessionName="stranger")
    finally:
        iam.delete_role_policy(RoleName=shore.bucket, PolicyName="given")
        iam.delete_role(RoleName=shore.bucket)


def test_a_prefix_with_the_letters_of_patterns_opens_nothing_on_ceph(shore: Shore) -> None:
    """Ceph does not know the escapes: such a prefix is shut, which the documents say; it never opens its likes."""
    odd = wish(PolicyNames(server="ceph", identity=shore.person.name), bucket=shore.bucket, prefix="crui?e/", region="")
    (policy,) = prescribe(odd, {Mode.MIRROR}, kinds=[Kind.USER_POLICY])
    assert any("${?}" in note for note in policy.notes)
    shore.person.give(policy)
    assert refused(shore.person.client().get_object, Bucket=shore.bucket, Key="cruise/a")


def assumed(by: Person, role: str, policy: str) -> Keys:
    """Keys of a session of the role."""
    given = by.client("sts").assume_role(RoleArn=role, RoleSessionName="moorage-tests", Policy=policy)["Credentials"]
    return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def anybody(path: str, method: str = "GET", **headers: str) -> int:
    """The status that somebody without keys gets."""
    request = urllib.request.Request(
        f"{servers.ceph().endpoint}/{path}", data=b"x" if method == "PUT" else None, method=method, headers=headers
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def preflight(bucket: str, origin: str, method: str) -> int:
    """The status that a browser gets when it asks whether it may."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return anybody(f"{bucket}/cruise/a", "OPTIONS", **asked, **{"Access-Control-Request-Headers": "content-type"})
