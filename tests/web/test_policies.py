"""Policies by REST and as a page: documents of a store, of one that is only planned, and the check of a pasted one."""

from __future__ import annotations

import html
import json

import pytest
from pydantic import TypeAdapter

from moorage.web.api import shapes
from web.conftest import Face, Moored

STORE = "/api/v1/stores/policed/policy"
ARCHES = """{"Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reef-2021/*"}
]}"""


@pytest.fixture(scope="module", autouse=True)
def _registered(face: Face) -> None:
    """A store at AWS which nobody can reach from here: its documents need no request."""
    store = {"name": "policed", "provider": "s3", "bucket": "reef-2021", "prefix": "cruise/", "region": "eu-west-1"}
    keys = {"kind": "keys", "access_key": "AK", "secret_key": "hush"}
    more = {"endpoint": "https://s3.127.0.0.1.invalid", "force": True, "credentials": keys}
    assert face("POST", "/api/v1/stores", store | more).status == 201


def test_a_stores_documents_follow_its_modes_and_name_its_bucket(face: Face) -> None:
    got = face("GET", f"{STORE}?server=aws&account=123456789012&modes=mirror,serve-redirect")
    assert got.status == 200
    TypeAdapter(shapes.Documents).validate_json(got.body, strict=True)
    assert got.json["modes"] == ["mirror", "serve-redirect"]
    documents = {one["kind"]: one for one in got.json["documents"]}
    assert got.json["documents"][0]["kind"] == "user-policy"
    assert "arn:aws:s3:::reef-2021/cruise/*" in documents["user-policy"]["text"]
    assert "PutObject" not in documents["user-policy"]["text"]
    (rule,) = json.loads(documents["cors"]["text"])["CORSRules"]
    assert rule["AllowedOrigins"] == [face.server.address]
    assert b"hush" not in got.body


def test_modes_may_be_repeated_and_kinds_and_forms_chosen(face: Face) -> None:
    got = face("GET", f"{STORE}?modes=upload&modes=multipart&kind=trust-policy,role-policy&form=aws&server=aws").json
    assert [one["kind"] for one in got["documents"]] == ["trust-policy", "role-policy"]
    assert got["documents"][0]["text"].startswith("aws iam create-role ")
    assert any("ACCOUNT-ID" in note for note in got["documents"][0]["notes"])


def test_without_modes_the_stores_own_use_counts(face: Face) -> None:
    assert face("GET", STORE).json["modes"] == ["mirror"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("modes=everything", "modes"),
        ("kind=sas", "kind"),
        ("form=yaml", "form"),
        ("account=12", "account"),
        ("nonsense=1", "nonsense"),
        ("modes=public-media&public_prefix=elsewhere", "public_prefix"),
    ],
)
def test_what_is_no_choice_is_a_problem_that_names_it(face: Face, query: str, field: str) -> None:
    got = face("GET", f"{STORE}?{query}")
    assert got.status == 400
    assert field in got.json["field"]


def test_a_disk_has_no_policies(face: Face, moored: Moored) -> None:
    got = face("GET", f"/api/v1/stores/{moored.store}/policy")
    assert got.status == 400
    assert "no policies" in got.json["detail"]


def test_documents_are_written_for_a_store_that_is_only_planned(face: Face) -> None:
    wish = {"provider": "google", "bucket": "dives", "prefix": "2021", "modes": ["mirror"], "form": "gcloud"}
    got = face("POST", "/api/v1/policies", wish | {"account": "reef-project"})
    assert got.status == 200
    TypeAdapter(shapes.Documents).validate_json(got.body, strict=True)
    assert "gs://dives --member=serviceAccount:moorage-store@reef-project.iam.gserviceaccount.com" in got.body.decode()
    cors = {"provider": "s3", "bucket": "b", "kind": ["cors"], "origins": ["https://a.example", "https://b.example"]}
    text = face("POST", "/api/v1/policies", cors).json["documents"][0]["text"]
    assert json.loads(text)["CORSRules"][0]["AllowedOrigins"] == ["https://a.example", "https://b.example"]


def test_a_pasted_policy_is_checked_against_a_store(face: Face) -> None:
    got = face("POST", "/api/v1/policies/check", {"policy": ARCHES, "store": "policed", "modes": ["mirror"]})
    assert got.status == 200
    TypeAdapter(shapes.Findings).validate_json(got.body, strict=True)
    assert [(one["code"], one["line"]) for one in got.json["findings"]][:2] == [
        ("no-version", 1),
        ("public-principal", 2),
    ]
    as_json = face("POST", "/api/v1/policies/check", {"policy": json.loads(ARCHES)}).json["findings"]
    assert {one["code"] for one in as_json} == {"no-version", "public-principal", "no-tls-condition"}


@pytest.mark.parametrize("policy", ["[" * 60_000, "{" * 10, "x" * 70_000, ""])
def test_hostile_texts_are_refused_at_once(face: Face, policy: str) -> None:
    got = face("POST", "/api/v1/policies/check", {"policy": policy})
    assert got.status == 400
    assert got.json["field"] == "policy"


def test_the_page_shows_the_documents_without_script(face: Face) -> None:
    got = face("GET", "/stores/policed/policy?modes=upload&server=aws&account=123456789012", Accept="text/html")
    assert got.status == 200
    page = html.unescape(got.body.decode())
    assert '"arn:aws:s3:::reef-2021/cruise/*"' in page
    assert 'value="upload" checked' in page
    assert 'value="mirror" checked' not in page
    script = face("GET", "/stores/policed/policy?written=terraform&server=aws", Accept="text/html")
    assert "aws_iam_user_policy" in html.unescape(script.body.decode())
    assert 'name="form"' not in page, "it would hide a property of the form from scripts"
    wrong = face("GET", "/stores/policed/policy?modes=public-media&public_prefix=x", Accept="text/html")
    assert wrong.status == 200
    assert "Public media needs a prefix" in wrong.body.decode()


def test_the_page_links_from_the_store(face: Face) -> None:
    assert "/stores/policed/policy" in face("GET", "/stores/policed", Accept="text/html").body.decode()
