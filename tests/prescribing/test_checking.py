"""The checker of pasted policies: the documents of four guides as they print them, hostile ones, and each finding."""

from __future__ import annotations

import json
from typing import Any

import pytest

from moorage.model.errors import Invalid
from moorage.prescribing import Finding, Mode, check_policy
from moorage.prescribing.findings import Code, Weight
from moorage.prescribing.statement import matches
from prescribing.wishes import ALL, READING, wish

ARCHES = """{
    "Statement": [
        {
            "Sid": "PublicReadForGetBucketObjects",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::reef-2021/*"
        },
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:user/media"},
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::reef-2021", "arn:aws:s3:::reef-2021/*"]
        }
    ]
}"""
VALOHAI_USER = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AllowAccess",
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": ["arn:aws:s3:::reef-2021", "arn:aws:s3:::reef-2021/*"]
        },
        {
            "Sid": "AllowListAccess",
            "Effect": "Allow",
            "Action": "s3:ListAllMyBuckets",
            "Resource": "*"
        }
    ]
}"""
VALOHAI_ROLE = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "MultipartAccess",
            "Effect": "Allow",
            "Action": [
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:ListMultipartUploadParts",
                "s3:PutObject"
            ],
            "Resource": ["arn:aws:s3:::reef-2021", "arn:aws:s3:::reef-2021/*"]
        }
    ]
}"""
VALOHAI_TRUST = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::123456789012:user/media"},
            "Action": "sts:AssumeRole"
        }
    ]
}"""


def codes(found: tuple[Finding, ...]) -> list[tuple[Code, int]]:
    return [(one.code, one.statement) for one in found]


def checked(*statements: dict[str, Any], version: str = "2012-10-17", modes: frozenset[Mode] = frozenset()) -> Any:
    whole = {"Version": version, "Statement": list(statements)}
    return check_policy(json.dumps(whole, indent=2), modes=modes, wish=wish())


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_the_bucket_policy_of_the_arches_guide() -> None:
    found = check_policy(ARCHES, modes=ALL, wish=wish())
    assert codes(found) == [
        (Code.NO_VERSION, 0),
        (Code.NO_TLS, 0),
        (Code.PUBLIC, 1),
        (Code.ALL_ACTIONS, 2),
    ]
    public, everything = found[2], found[3]
    assert (public.line, public.sid, public.weight) == (6, "PublicReadForGetBucketObjects", Weight.DANGER)
    assert "whole world may read every object" in public.what
    assert everything.line == 14
    assert all(one.what and one.why and one.write for one in found)


def test_public_media_is_taken_for_what_was_asked_only_below_a_prefix() -> None:
    modes = frozenset({Mode.PUBLIC_MEDIA})
    (whole,) = [one for one in check_policy(ARCHES, modes=modes) if one.code is Code.PUBLIC]
    assert whole.weight is Weight.DANGER
    below = ARCHES.replace("reef-2021/*", "reef-2021/press/*")
    (asked,) = [one for one in check_policy(below, modes=modes) if one.code is Code.PUBLIC]
    assert asked.weight is Weight.ADVICE


def test_the_user_policy_of_the_valohai_guide() -> None:
    found = check_policy(VALOHAI_USER, modes=ALL, wish=wish())
    assert codes(found) == [(Code.ALL_ACTIONS, 1), (Code.LISTS_ALL, 2)]
    assert [one.line for one in found] == [7, 13]


def test_the_multipart_role_of_the_valohai_guide_works_and_hides_mistakes() -> None:
    found = check_policy(VALOHAI_ROLE, modes=ALL, wish=wish())
    assert {one.code for one in found} == {Code.OBJECT_ON_BUCKET, Code.BUCKET_ON_OBJECT, Code.MISSING_ACTION}
    assert all(one.weight is Weight.ADVICE for one in found if one.code is not Code.MISSING_ACTION)
    (missing,) = [one for one in found if one.code is Code.MISSING_ACTION]
    assert "s3:DeleteObject" in missing.what
    assert next(one.line for one in found if "s3:AbortMultipartUpload" in one.what) == 8


def test_the_trust_policy_of_the_valohai_guide_is_fine() -> None:
    assert check_policy(VALOHAI_TRUST, modes=ALL, wish=wish()) == ()


def test_what_big_uploads_to_the_supervisely_guides_bucket_lack_is_named() -> None:
    """The guide adds s3:ListBucketMultipartUploads on the bucket for files above 4 GB."""
    given = [
        allow(["s3:ListBucket", "s3:GetBucketLocation"], "arn:aws:s3:::reef-2021"),
        allow(
            [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "arn:aws:s3:::reef-2021/*",
        ),
    ]
    (missing,) = checked(*given, modes=frozenset({Mode.UPLOAD}))
    assert (missing.code, missing.statement) == (Code.MISSING_ACTION, 0)
    assert "s3:ListBucketMultipartUploads on arn:aws:s3:::reef-2021" in missing.what


def test_keys_for_hmac_of_the_dive_guide_are_no_policy() -> None:
    cors = '[{"origin": ["https://viame.example.org"], "method": ["GET"]}]'
    assert [one.code for one in check_policy(cors)] == [Code.NO_POLICY]


@pytest.mark.parametrize(
    ("statement", "code", "weight"),
    [
        (allow("*", "arn:aws:s3:::reef-2021/*"), Code.ALL_ACTIONS, Weight.DANGER),
        (allow("s3:*", "arn:aws:s3:::reef-2021/*"), Code.ALL_ACTIONS, Weight.DANGER),
        (allow("s3:GetObject", "*"), Code.ALL_RESOURCES, Weight.DANGER),
        (allow("s3:GetObject", "arn:aws:s3:::*"), Code.ALL_RESOURCES, Weight.DANGER),
        (allow("s3:GetObject", "arn:aws:s3:::reef-2021"), Code.OBJECT_ON_BUCKET, Weight.FAULT),
        (allow("s3:ListBucket", "arn:aws:s3:::reef-2021/*"), Code.BUCKET_ON_OBJECT, Weight.FAULT),
        (allow("s3:ListAllMyBuckets", "*"), Code.LISTS_ALL, Weight.ADVICE),
        (allow("s3:GetObject", "arn:aws:s3:::other/*"), Code.OTHER_BUCKET, Weight.FAULT),
        (
            {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::reef-2021"},
            Code.NOT_ACTION,
            Weight.DANGER,
        ),
        (
            {
                "Effect": "Deny",
                "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::reef-2021/*",
            },
            Code.NOT_PRINCIPAL,
            Weight.ADVICE,
        ),
    ],
)
def test_each_fault_is_named_with_its_line_and_what_to_write(
    statement: dict[str, Any], code: Code, weight: Weight
) -> None:
    (one,) = [one for one in checked(statement) if one.code is code]
    assert one.weight is weight
    assert one.statement == 1
    assert one.line > 3
    assert one.what
    assert one.why
    assert one.write


@pytest.mark.parametrize(
    ("condition", "narrow"),
    [
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, True),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, False),
        ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}, False),
        ({"StringLike": {"aws:Referer": "https://media.example.org/*"}}, False),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::123456789012:root", "*"]}])
def test_everybody_is_dangerous_unless_a_condition_says_who(condition: Any, narrow: bool, principal: Any) -> None:
    given = allow("s3:GetObject", "arn:aws:s3:::reef-2021/*", Principal=principal, Condition=condition)
    assert (Code.PUBLIC in {one.code for one in checked(given)}) is not narrow


def test_a_denial_of_everybody_is_no_danger_and_gives_tls() -> None:
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::reef-2021", "arn:aws:s3:::reef-2021/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert checked(denial) == ()


def test_old_rules_are_told_from_the_new_ones() -> None:
    assert codes(checked(allow("s3:GetObject", "arn:aws:s3:::reef-2021/*"), version="2008-10-17")) == [
        (Code.NO_VERSION, 0)
    ]


def test_a_denied_action_is_missing_wherever_it_is_allowed() -> None:
    denial = {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}
    given = [
        allow(["s3:ListBucket"], "arn:aws:s3:::reef-2021"),
        allow(["s3:GetObject"], "arn:aws:s3:::reef-2021/cruise/*"),
        denial,
    ]
    (one,) = checked(*given, modes=READING)
    assert (one.code, one.statement) == (Code.MISSING_ACTION, 3)


def test_a_neighbouring_prefix_does_not_count() -> None:
    given = [
        allow("s3:ListBucket", "arn:aws:s3:::reef-2021"),
        allow("s3:GetObject", "arn:aws:s3:::reef-2021/elsewhere/*"),
    ]
    (one,) = checked(*given, modes=READING)
    assert one.code is Code.MISSING_ACTION
    assert "s3:GetObject" in one.what


def test_more_than_the_modes_use_is_told() -> None:
    given = [
        allow("s3:ListBucket", "arn:aws:s3:::reef-2021"),
        allow(["s3:GetObject", "s3:Put*"], "arn:aws:s3:::reef-2021/cruise/*"),
    ]
    found = checked(*given, modes=READING)
    assert [one.code for one in found] == [Code.MORE_THAN_NEEDED]
    assert found[0].what.startswith("s3:Put* allows s3:PutObject, s3:PutObjectAcl")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", 1, "a value is missing"),
        ("{", 1, "a name in quotation marks is missing"),
        ('{\n"a": 1,\n}', 3, "a name in quotation marks is missing"),
        ('{\n"a": 1\n"b": 2}', 3, "',' or '}' is missing"),
        ('{"Version": "1",\n"Version": "2"}', 2, "stands twice"),
        ('{"a": nope}', 1, "'n' begins no value"),
        ("{}\nand more", 2, "behind its end"),
        ('{"a": "\\q"}', 1, "escape that JSON does not know"),
        ("[" * 100_000, 1, "nested deeper than 24 levels"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, 1, "nested deeper than 24 levels"),
        ("[" + "1," * 9_000 + "1]", 1, "more than 1,000 values"),
        ("x" * 100_000, 0, "100,000 characters"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_policy(text[: 60_000 if "levels" in why else None])
    assert why in caught.value.message
    assert not line or caught.value.message.startswith(f"Line {line}:")


def test_hostile_patterns_come_to_an_end() -> None:
    """Stars upon stars against long names; a matcher that goes back would need longer than the sun has."""
    assert not matches("*a" * 400, "a" * 1_000 + "b")
    many = [f"{'*a' * 8}{n}*" for n in range(400)]
    statement = allow([f"s3:{one}" for one in many], [f"arn:aws:s3:::{one}" for one in many])
    found = check_policy(json.dumps({"Version": "2012-10-17", "Statement": statement}), modes=ALL, wish=wish())
    assert Code.OTHER_BUCKET in {one.code for one in found}


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("a${*}b", "a*b", True),
        ("a${*}b", "axb", False),
        ("*", "", True),
        ("a*", "b", False),
        ("*b*b", "abab", True),
        ("a", "ab", False),
        ("a?", "a", False),
    ],
)
def test_patterns_fit_as_those_of_policies_do(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits
