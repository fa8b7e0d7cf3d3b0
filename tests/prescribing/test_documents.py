"""What stands in the documents, for every mode, provider and form."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings

from moorage.model.errors import Invalid
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider
from moorage.prescribing import Form, Kind, Mode, check_policy, cors_rules, prescribe, session_policy
from prescribing.wishes import ALL, AWS, CEPH, MINIO, ORIGIN, PREFIXES, READING, everywhere, wish

WORLD = {"allUsers", "allAuthenticatedUsers"}


def policy_of(kind: Kind, modes: frozenset[Mode] = ALL, options: PolicyNames = AWS, **more: Any) -> Any:
    (one,) = prescribe(wish(options, **more), modes, kinds=[kind])
    return json.loads(one.text)


def actions(policy: Any) -> set[str]:
    found = [statement["Action"] for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    return {one for given in found for one in ([given] if isinstance(given, str) else given)}


def strings(value: Any, key: str = "") -> list[tuple[str, str]]:
    """Every text with the name of the member it stands in."""
    if isinstance(value, dict):
        return [pair for name, one in value.items() for pair in strings(one, name)]
    if isinstance(value, list):
        return [pair for one in value for pair in strings(one, key)]
    return [(key, value)] if isinstance(value, str) else []


def test_the_world_is_let_in_by_name_only_and_nothing_ever_allows_every_action() -> None:
    """All modes one by one, all but one, and together, for every provider and kind of server."""
    chosen = [frozenset(some) for count in (1, len(Mode) - 1, len(Mode)) for some in combinations(Mode, count)]
    for one in everywhere():
        for modes in chosen:
            kinds = [*{document.kind for document in prescribe(one, modes)}]
            if one.provider is Provider.S3:
                kinds = [*Kind.__members__.values()][:13]
            for document in prescribe(one, modes, kinds=[kind for kind in kinds if kind is not Kind.PUBLIC_ROLE]):
                told = strings(json.loads(document.text))
                assert ("Action", "s3:*") not in told
                assert ("Action", "*") not in told
                assert ("Resource", "*") not in told
                public = [pair for pair in told if pair[0] in {"Principal", "AWS"} and pair[1] == "*"]
                public += [pair for pair in told if pair[1] in WORLD]
                assert public == [] or Mode.PUBLIC_MEDIA in modes, (document.kind, modes)
            for form in (Form.AWS, Form.MC, Form.GCLOUD, Form.AZ, Form.TERRAFORM):
                text = "".join(document.text for document in prescribe(one, modes, form=form))
                assert '"s3:*"' not in text
                if Mode.PUBLIC_MEDIA not in modes:
                    assert '"Principal":"*"' not in text
                    assert '"Principal": "*"' not in text
                    assert "allUsers" not in text


def test_reading_modes_get_no_right_to_write() -> None:
    policy = policy_of(Kind.USER_POLICY, READING)
    assert actions(policy) == {"s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"}
    (listing,) = [one for one in policy["Statement"] if one["Action"] == "s3:ListBucket"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["cruise/*"]}}
    (objects,) = [one for one in policy["Statement"] if one["Action"] == "s3:GetObject"]
    assert objects["Resource"] == "arn:aws:s3:::reef-2021/cruise/*"


def test_without_a_prefix_the_listing_has_no_condition() -> None:
    policy = policy_of(Kind.USER_POLICY, READING, prefix="")
    assert all("Condition" not in one for one in policy["Statement"])
    assert policy["Statement"][-1]["Resource"] == "arn:aws:s3:::reef-2021/*"


def test_append_only_leaves_deleting_out() -> None:
    assert "s3:DeleteObject" in actions(policy_of(Kind.USER_POLICY, frozenset({Mode.UPLOAD})))
    given = policy_of(Kind.USER_POLICY, frozenset({Mode.UPLOAD}), PolicyNames(account="123456789012", append_only=True))
    assert "s3:DeleteObject" not in actions(given)
    assert "s3:PutObject" in actions(given)


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_every_arn_begins_with_the_partition_of_the_region(region: str, partition: str) -> None:
    for document in prescribe(wish(region=region), ALL - {Mode.PUBLIC_MEDIA}):
        arns = [text for _, text in strings(json.loads(document.text)) if text.startswith("arn:")]
        assert all(one.startswith(f"arn:{partition}:") for one in arns), document.kind


def test_the_right_to_a_key_holds_by_way_of_s3_only() -> None:
    options = PolicyNames(kms_key_arn="arn:aws-cn:kms:cn-north-1:123456789012:key/1")
    reading = policy_of(Kind.USER_POLICY, READING, options, region="cn-north-1")["Statement"][-1]
    assert reading["Action"] == "kms:Decrypt"
    assert reading["Condition"] == {"StringEquals": {"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}}
    assert "kms:GenerateDataKey" in actions(policy_of(Kind.USER_POLICY, ALL, options, region="cn-north-1"))


def test_public_media_opens_one_prefix_and_needs_one() -> None:
    options = PolicyNames(account="123456789012", public_prefix="cruise/press")
    refusing, public = policy_of(Kind.BUCKET_POLICY, frozenset({Mode.PUBLIC_MEDIA}), options)["Statement"]
    assert refusing["Effect"] == "Deny"
    assert public["Principal"] == "*"
    assert public["Action"] == "s3:GetObject"
    assert public["Resource"] == "arn:aws:s3:::reef-2021/cruise/press/*"
    for prefix, wanted in (("", ""), ("cruise/", "elsewhere/"), ("cruise/", "cruise-2/")):
        with pytest.raises(Invalid) as caught:
            policy_of(Kind.BUCKET_POLICY, ALL, PolicyNames(account="123456789012", public_prefix=wanted), prefix=prefix)
        assert caught.value.field == "public_prefix"


def test_public_media_alone_gives_moorage_no_rights() -> None:
    kinds = [one.kind for one in prescribe(wish(), {Mode.PUBLIC_MEDIA})]
    assert kinds == [Kind.BUCKET_POLICY, Kind.CORS]


def test_a_role_of_another_account_asks_for_an_external_id() -> None:
    same = policy_of(Kind.TRUST_POLICY)["Statement"][0]
    assert same["Principal"] == {"AWS": "arn:aws:iam::123456789012:user/moorage-reef"}
    assert "Condition" not in same
    other = PolicyNames(account="123456789012", role_arn="arn:aws:iam::999999999999:role/big", external_id="b7 x")
    assert policy_of(Kind.TRUST_POLICY, ALL, other)["Statement"][0]["Condition"] == {
        "StringEquals": {"sts:ExternalId": "b7 x"}
    }
    assert '"EXTERNAL-ID"' in json.dumps(
        policy_of(
            Kind.TRUST_POLICY, ALL, PolicyNames(account="123456789012", role_arn="arn:aws:iam::999999999999:role/big")
        )
    )


def test_who_may_take_a_role_with_a_certificate_is_bound_to_anchor_and_name() -> None:
    anchor = "arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/1"
    options = PolicyNames(trust_anchor_arn=anchor, certificate_cn="media")
    (statement,) = policy_of(Kind.ROLES_ANYWHERE, ALL, options)["Statement"]
    assert statement["Principal"] == {"Service": "rolesanywhere.amazonaws.com"}
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": anchor},
        "StringEquals": {"aws:PrincipalTag/x509Subject/CN": "media"},
    }


def test_events_come_from_this_bucket_of_this_account_only() -> None:
    (queue,) = policy_of(Kind.QUEUE_POLICY)["Statement"]
    assert queue["Action"] == "sqs:SendMessage"
    assert queue["Condition"] == {
        "ArnEquals": {"aws:SourceArn": "arn:aws:s3:::reef-2021"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }
    topic = PolicyNames(account="123456789012", topic_arn="arn:aws:sns:eu-west-1:123456789012:dives")
    assert policy_of(Kind.TOPIC_POLICY, ALL, topic)["Statement"][0]["Action"] == "sns:Publish"
    assert policy_of(Kind.NOTIFICATION, ALL, topic)["TopicConfigurations"][0]["Filter"] == {
        "Key": {"FilterRules": [{"Name": "prefix", "Value": "cruise/"}]}
    }


@pytest.mark.parametrize(("modes", "letters"), [(READING, "rl"), (ALL, "racwdl")])
def test_a_signature_has_the_letters_of_its_modes(modes: frozenset[Mode], letters: str) -> None:
    told = policy_of(Kind.SAS, modes, PolicyNames(), provider=Provider.AZURE)
    assert told["container"] == {"sr": "c", "sp": letters, "spr": "https"}
    assert set(told["or account"]["sp"]) == set(letters)
    assert told["or account"]["ss"] == "b"


def test_google_is_limited_to_the_prefix_for_objects_and_listings() -> None:
    told = policy_of(Kind.ROLE, READING, PolicyNames(), provider=Provider.GOOGLE)
    (binding,) = told["bindings"]
    assert binding["role"] == "roles/storage.objectViewer"
    assert 'startsWith("projects/_/buckets/reef-2021/objects/cruise/")' in binding["condition"]["expression"]
    assert 'objectListPrefix", "").startsWith("cruise/")' in binding["condition"]["expression"]
    given = policy_of(Kind.CUSTOM_ROLE, READING, PolicyNames(), provider=Provider.GOOGLE)["includedPermissions"]
    assert given == ["storage.objects.get", "storage.objects.list"]


def test_what_nobody_told_stands_in_capitals_and_a_note_says_what_to_write() -> None:
    (one,) = prescribe(wish(PolicyNames()), ALL - {Mode.PUBLIC_MEDIA}, kinds=[Kind.TRUST_POLICY])
    assert "arn:aws:iam::ACCOUNT-ID:user/moorage-reef" in one.text
    assert one.notes == ("Replace ACCOUNT-ID by the 12 digits of your AWS account.",)


def test_own_documents_pass_the_own_checker() -> None:
    for modes in (READING, ALL - {Mode.PUBLIC_MEDIA}, frozenset({Mode.UPLOAD})):
        for kind in (Kind.USER_POLICY, Kind.BUCKET_POLICY, Kind.TRUST_POLICY, Kind.QUEUE_POLICY, Kind.ROLES_ANYWHERE):
            for prefix in ("", "cruise/", "odd *?$ ü/"):
                (one,) = prescribe(wish(prefix=prefix), modes, kinds=[kind])
                assert check_policy(one.text, modes=modes, wish=wish(prefix=prefix)) == (), (kind, prefix)


def test_a_session_policy_is_one_line_split_by_resource_with_odd_letters_escaped() -> None:
    text = session_policy("reef", "a*b?c$ ü/", ["s3:PutObject", "s3:ListBucket", "s3:ListBucketMultipartUploads"])
    assert text.isascii()
    assert " " not in text
    bucket, listing, objects = json.loads(text)["Statement"]
    assert bucket["Action"] == "s3:ListBucketMultipartUploads"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["a${*}b${?}c${$} ü/*"]}}
    assert objects["Resource"] == "arn:aws:s3:::reef/a${*}b${?}c${$} ü/*"


def test_a_session_policy_that_sts_would_refuse_is_refused_with_its_length() -> None:
    with pytest.raises(Invalid, match=r"has 2,\d\d\d characters, more than the 2,048"):
        session_policy("reef", "x" * 1000 + "/", ["s3:PutObject", "s3:ListBucket"])
    for prefix, lent in (("", ["s3:GetObject"]), ("a", ["s3:GetObject"]), ("a/", ["s3:*"]), ("a/", [])):
        with pytest.raises(Invalid):
            session_policy("reef", prefix, lent)


@settings(max_examples=20, deadline=None)
@given(PREFIXES)
def test_documents_are_json_in_ascii_for_any_prefix(prefix: str) -> None:
    for one in everywhere(prefix):
        for document in prescribe(one, ALL):
            assert document.text.isascii()
            json.loads(document.text)


@pytest.mark.parametrize(
    ("field", "more", "options"),
    [
        ("bucket", {"bucket": "-rf"}, AWS),
        ("bucket", {"bucket": "a b"}, AWS),
        ("prefix", {"prefix": "cruise"}, AWS),
        ("prefix", {"prefix": "bad\udcff/"}, AWS),
        ("account", {}, PolicyNames(account="12")),
        ("identity", {}, PolicyNames(identity="a b")),
        ("role_arn", {}, PolicyNames(role_arn="role/x")),
        ("endpoint", {"endpoint": "https://x\nrm -rf"}, CEPH),
        ("region", {"region": "eu west"}, AWS),
        ("origins", {"origins": ("*",)}, AWS),
        ("origins", {"origins": ("https://media.example.org/",)}, AWS),
        ("provider", {"provider": Provider.DISK}, AWS),
        ("server", {}, PolicyNames(server="other")),
        ("certificate_cn", {}, PolicyNames(certificate_cn="a\nb")),
    ],
)
def test_what_no_document_can_be_written_of_is_refused_by_name(field: str, more: Any, options: PolicyNames) -> None:
    with pytest.raises(Invalid) as caught:
        wish(options, **more)
    assert caught.value.field == field
    assert caught.value.advice


def test_cors_names_exact_origins_and_writes_only_where_something_is_written() -> None:
    (rule,) = cors_rules(wish(), [ORIGIN, ORIGIN], READING).rules
    assert rule.origins == (ORIGIN,)
    assert rule.methods == ("GET", "HEAD")
    assert "ETag" in rule.exposed_headers
    assert cors_rules(wish(), [ORIGIN], ALL).rules[0].methods == ("GET", "HEAD", "PUT", "POST")
    for origins in ([], ["*"], ["https://*.example.org"]):
        with pytest.raises(Invalid):
            cors_rules(wish(), origins, READING)


def test_minio_is_given_what_it_has() -> None:
    kinds = {one.kind for one in prescribe(wish(MINIO, endpoint="https://minio.example.org"), ALL)}
    assert Kind.TRUST_POLICY not in kinds
    assert Kind.QUEUE_POLICY not in kinds
