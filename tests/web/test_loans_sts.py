"""Session keys for one prefix, on Ceph: what they reach, and that nothing else is reached."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from stores.s3_bucket import admin
from web.conftest import Face
from web.lent import Harbour, aged, borrower, harbour, refused

MIB = 1 << 20


@pytest.fixture(scope="module")
def place(face: Face) -> Iterator[Harbour]:
    with harbour(face) as found:
        yield found


@pytest.fixture(scope="module")
def loan(place: Harbour) -> Any:
    return place.lend("write", "in/")


def test_a_write_loan_writes_below_its_prefix_and_nowhere_else(place: Harbour, loan: Any) -> None:
    assert (loan["method"], loan["action"], loan["prefix"], loan["revocable"]) == ("sts", "write", "in/", False)
    s3 = borrower(loan)
    s3.put_object(Bucket=place.bucket, Key="in/new.jpg", Body=b"new")
    assert "in/new.jpg" in [one["Key"] for one in s3.list_objects_v2(Bucket=place.bucket, Prefix="in/")["Contents"]]
    for key in ("in-next/x.jpg", "out.jpg", "in", "x/in/y.jpg", "../in/y.jpg"):
        assert refused(s3.put_object, Bucket=place.bucket, Key=key, Body=b"x") == "AccessDenied", key
    assert refused(s3.put_object, Bucket=place.other, Key="in/x.jpg", Body=b"x") == "AccessDenied"
    assert refused(s3.delete_object, Bucket=place.bucket, Key="in/here.jpg") == "AccessDenied"
    assert refused(s3.get_object, Bucket=place.bucket, Key="in/here.jpg") == "AccessDenied"
    for prefix in ({"Prefix": "in-next/"}, {"Prefix": "in"}, {}):
        assert refused(s3.list_objects_v2, Bucket=place.bucket, **prefix) == "AccessDenied", prefix
    assert refused(s3.list_multipart_uploads, Bucket=place.bucket) == "AccessDenied"


def test_large_objects_go_in_parts_with_the_borrowed_keys_alone(place: Harbour, loan: Any) -> None:
    s3, data = borrower(loan), b"moorage!" * (12 * MIB // 8)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=2)
    s3.upload_fileobj(io.BytesIO(data), place.bucket, "in/large.bin", Config=config)
    told = place.face(
        "POST",
        f"/api/v1/loans/{loan['id']}/finished",
        {
            "objects": [
                {"key": "in/large.bin", "size": len(data)},
                {"key": "in/large.bin.2", "size": 1},
                {"key": "in/here.jpg", "size": 5},
                {"key": "in/here.jpg", "size": 4, "etag": "0" * 32},
            ]
        },
    ).json
    assert [one["found"] for one in told["objects"]] == ["there", "absent", "differs", "differs"]
    assert told["objects"][0]["etag"].endswith("-3"), "it went in three parts"
    assert told["complete"] is False
    outside = {"objects": [{"key": "in-next/near.jpg", "size": 4}]}
    assert place.face("POST", f"/api/v1/loans/{loan['id']}/finished", outside).status == 400


def test_a_read_loan_reads_and_lists_and_never_writes(place: Harbour) -> None:
    s3 = borrower(place.lend("read", "in/"))
    assert s3.get_object(Bucket=place.bucket, Key="in/here.jpg")["Body"].read() == b"here"
    assert s3.list_objects_v2(Bucket=place.bucket, Prefix="in/")["KeyCount"]
    for key in ("in-next/near.jpg", "out.jpg"):
        assert refused(s3.get_object, Bucket=place.bucket, Key=key) == "AccessDenied", key
    assert refused(s3.get_object, Bucket=place.other, Key="in/here.jpg") == "AccessDenied"
    assert refused(s3.put_object, Bucket=place.bucket, Key="in/here.jpg", Body=b"x") == "AccessDenied"
    assert refused(s3.delete_object, Bucket=place.bucket, Key="in/here.jpg") == "AccessDenied"
    assert refused(s3.create_multipart_upload, Bucket=place.bucket, Key="in/x") == "AccessDenied"


def test_a_loan_of_one_key_reaches_that_key_only(place: Harbour) -> None:
    s3 = borrower(place.lend("read", "in/here.jpg", method="sts"))
    assert s3.get_object(Bucket=place.bucket, Key="in/here.jpg")["Body"].read() == b"here"
    own = admin(place.server)
    for key in ("in/here.jpg.2", "in/here.jp", "in/here.jpg/x"):
        own.put_object(Bucket=place.bucket, Key=key, Body=b"near")
        assert refused(s3.get_object, Bucket=place.bucket, Key=key) == "AccessDenied", key
    assert refused(s3.list_objects_v2, Bucket=place.bucket, Prefix="in/here.jpg") == "AccessDenied"


def test_the_uploads_of_the_whole_bucket_are_listed_only_on_request(place: Harbour) -> None:
    loan = place.lend("write", "in/", list_uploads=True)
    assert loan["list_uploads"]
    assert "Uploads" not in borrower(loan).list_multipart_uploads(Bucket=place.bucket)


@pytest.mark.parametrize("prefix", ["a b/", "ünï/", "a'b\"c/", "a\\b/", "#%20+&=/", "中/文/"])
def test_odd_letters_of_a_prefix_stand_for_themselves(place: Harbour, prefix: str) -> None:
    s3 = borrower(place.lend("write", prefix))
    s3.put_object(Bucket=place.bucket, Key=f"{prefix}x.jpg", Body=b"x")
    for near in (prefix[:-1] + "-2/", "x" + prefix, prefix.replace(" ", "+") if " " in prefix else "y/"):
        assert refused(s3.put_object, Bucket=place.bucket, Key=f"{near}x.jpg", Body=b"x") == "AccessDenied", near


@pytest.mark.parametrize(
    ("prefix", "near"), [("*/", "in/"), ("i?/", "in/"), ("i*/", "in/"), ("${aws:username}/", "moorage-test/")]
)
def test_wildcards_and_variables_of_a_prefix_reach_nobody_else(place: Harbour, prefix: str, near: str) -> None:
    """Ceph knows no ``${*}``: it refuses such a policy, or the loan reaches nothing there at all; but never more."""
    for action in ("write", "read"):
        got = place.ask({"action": action, "prefix": prefix})
        if got.status != 201:
            assert (got.status, got.json["field"]) == (400, "prefix")
            continue
        s3 = borrower(got.json)
        assert refused(s3.put_object, Bucket=place.bucket, Key=f"{near}here.jpg", Body=b"x") == "AccessDenied"
        assert refused(s3.get_object, Bucket=place.bucket, Key=f"{near}here.jpg") == "AccessDenied"
        assert refused(s3.list_objects_v2, Bucket=place.bucket, Prefix=near) == "AccessDenied"


def test_a_policy_that_would_be_too_long_is_refused_with_its_length(place: Harbour) -> None:
    got = place.ask({"action": "write", "prefix": "x" * 990 + "/"})
    assert got.status == 400
    assert "characters, more than the 2,048" in got.json["detail"]
    assert got.json["field"] == "prefix"


def test_a_loan_ends_when_it_says_so(place: Harbour) -> None:
    loan = place.lend("read", "in/", expires_in=900)
    left = datetime.fromisoformat(loan["expires"]).timestamp() - time.time()
    assert 880 < left <= 900
    renew = datetime.fromisoformat(loan["renew_after"]).timestamp() - datetime.fromisoformat(loan["issued"]).timestamp()
    assert 715 < renew < 725
    key = {"Bucket": place.bucket, "Key": "in/here.jpg"}
    assert refused(borrower(aged(loan, 0)).get_object, **key) == "allowed"
    assert refused(borrower(aged(loan, 901)).get_object, **key) == "AccessDenied"


def test_lives_that_the_provider_or_this_server_does_not_give_are_refused(place: Harbour) -> None:
    for seconds, text in ((899, "900 s to 43200 s"), (43_201, "at most 43200 s here")):
        got = place.ask({"action": "read", "prefix": "in/", "expires_in": seconds})
        assert (got.status, got.json["field"]) == (400, "expires_in")
        assert text in got.json["detail"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"action": "write", "prefix": ""}, 400, "prefix"),
        ({"action": "write", "prefix": "in/", "method": "sas"}, 403, None),
        ({"action": "write", "prefix": "in/", "method": "sts", "keys": ["in/a"]}, 400, "keys"),
        ({"action": "write", "prefix": "in/", "keys": ["in-next/a"]}, 400, "keys"),
        ({"action": "write", "prefix": "in/", "keys": ["in/a", "in/a"]}, 400, "keys"),
        ({"action": "read", "prefix": "in/", "parts": 2, "keys": ["in/a"]}, 400, "parts"),
        ({"action": "read", "prefix": "in/", "list_uploads": True}, 400, "list_uploads"),
        ({"action": "delete", "prefix": "in/"}, 400, "action"),
        ({"action": "write", "prefix": "in/\\xff/", "key_encoding": "escaped"}, 400, "prefix"),
        ({"action": "write", "prefix": "in/", "keys": ["in/\\x00"], "key_encoding": "escaped"}, 400, "keys"),
    ],
)
def test_what_no_loan_may_be_is_refused(place: Harbour, body: Any, status: int, field: str | None) -> None:
    got = place.ask(body)
    assert (got.status, got.json.get("field")) == (status, field), got.body
    assert got.json["advice"]


def test_a_read_only_store_lends_nothing_to_write_and_a_prefix_holds_loans_in(place: Harbour) -> None:
    narrow = place.another(loan_role_arn=place.role_arn, read_only=True, prefix="in/")
    assert place.ask({"action": "write", "prefix": "in/"}, narrow).json["type"] == "/problems/read-only"
    for prefix in ("out/", "in-next/", "../", "/in/"):
        assert place.ask({"action": "read", "prefix": prefix}, narrow).json["field"] == "prefix"
    whole = place.ask({"action": "read"}, narrow)
    assert (whole.status, whole.json["prefix"]) == (201, "in/")


def test_a_role_that_does_not_trust_the_store_is_told(place: Harbour) -> None:
    strange = place.another(loan_role_arn="arn:aws:iam:::role/nobody")
    got = place.ask({"action": "read", "prefix": "in/"}, strange)
    assert got.status == 403
    assert "role" in got.json["detail"]


def test_without_a_role_ceph_lends_no_session_and_a_form_instead(place: Harbour) -> None:
    plain = place.another()
    assert place.ask({"action": "read", "prefix": "in/"}, plain).json["type"] == "/problems/refused"
    got = place.ask({"action": "write", "prefix": "in/"}, plain)
    assert (got.status, got.json["method"]) == (201, "presigned")
    assert got.json["form"]["fields"]["key"] == "in/${filename}"


def test_what_cannot_be_revoked_is_told_with_the_policy_that_would(place: Harbour) -> None:
    loan = place.lend("read", "in/")
    got = place.face("DELETE", f"/api/v1/loans/{loan['id']}").json
    assert got["ended"] is False
    assert "cannot take back a single loan" in got["note"]
    (statement,) = json.loads(got["policy"])["Statement"]
    assert (statement["Effect"], list(statement["Condition"])) == ("Deny", ["DateLessThan"])
    assert got["loan"]["revoked"]
    assert place.face("DELETE", f"/api/v1/loans/{loan['id']}").json["loan"]["revoked"] == got["loan"]["revoked"]


def test_every_loan_is_recorded_without_its_secret(place: Harbour) -> None:
    loan = place.lend("read", "in/")
    shown = place.face("GET", f"/api/v1/loans/{loan['id']}").json
    assert shown == {name: loan[name] for name in shown}
    assert shown["access_key"] == loan["credentials"]["access_key"]
    assert shown["name"].startswith("moorage-admin@localhost-")
    listed = place.face("GET", f"/api/v1/stores/{place.store}/loans").json["loans"]
    assert listed[0] == shown
    (row,) = [one for one in place.face("GET", "/api/v1/audit").json["audit"] if one["subject"] == f"loan {loan['id']}"]
    assert (row["action"], row["detail"]["prefix"], row["detail"]["access_key"]) == (
        "loan.issue",
        "in/",
        shown["access_key"],
    )


def test_a_repeated_request_is_not_answered_from_a_store_of_secrets(place: Harbour) -> None:
    body = {"action": "read", "prefix": "in/"}
    first = place.ask(body, Idempotency_Key="a-loan")
    again = place.ask(body, Idempotency_Key="a-loan")
    assert (first.status, again.status) == (201, 409)
    assert again.json["type"] == "/problems/conflict"


def test_no_secret_that_was_lent_is_found_anywhere(place: Harbour) -> None:
    """Runs last: all loans of this module were given by now."""
    assert len(place.secrets) > 20
    data = place.face.server.data
    texts = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    texts[data.parent / "log"] = place.face.server.log().encode()
    for path in ("/audit?limit=1000", f"/stores/{place.store}/loans", "/stores"):
        texts[data / path] = place.face("GET", f"/api/v1{path}").body
    assert any(b"loan.issue" in text for text in texts.values())
    for secret in place.secrets:
        assert [str(path) for path, text in texts.items() if secret.encode() in text] == []
