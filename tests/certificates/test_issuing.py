"""A CA of one's own and its certificates: as Roles Anywhere wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from moorage.certificates import Issued, Subject, issue, make_authority, need_arns, read_identity
from moorage.model.errors import Invalid
from stores.authorities import holder
from stores.roles_anywhere_server import ANCHOR, PROFILE, ROLE


@pytest.fixture(scope="module")
def authority() -> Issued:
    return make_authority(Subject("Reef CA", "Reef", "Media"), days=30)


def loaded(made: Issued) -> x509.Certificate:
    certificate = x509.load_pem_x509_certificate(made.certificate.encode())
    assert certificate.version is x509.Version.v3
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    return certificate


def test_the_ca_may_issue_and_not_sign_requests(authority: Issued) -> None:
    certificate = loaded(authority)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert certificate.subject.rfc4514_string() == "CN=Reef CA,OU=Media,O=Reef"
    assert "PRIVATE" not in repr(authority)


def test_what_it_issues_is_taken_for_an_identity(authority: Issued) -> None:
    made = issue(authority.certificate, authority.private_key, Subject("boat", "Reef"), days=10)
    certificate = loaded(made)
    certificate.verify_directly_issued_by(loaded(authority))
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    found = read_identity(made.certificate, made.private_key, authority.certificate)
    assert (found.subject, found.chain) == ("CN=boat,O=Reef", "")
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=9, hours=23) < left <= timedelta(days=10)


def test_both_in_one_file_are_a_ca_too(authority: Issued) -> None:
    whole = authority.private_key + authority.certificate
    assert issue(whole, whole, Subject("boat"), days=1)


@pytest.mark.parametrize(
    ("days", "subject", "field"),
    [
        (31, Subject("boat"), "days"),
        (0, Subject("boat"), "days"),
        (10**9, Subject("boat"), "days"),
        (1, Subject(""), "cn"),
        (1, Subject("b" * 65), "cn"),
        (1, Subject("boat", o="o" * 65), "o"),
        (1, Subject("boat", ou="a\nb"), "ou"),
    ],
)
def test_what_cannot_be_issued_is_refused(authority: Issued, days: int, subject: Subject, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        issue(authority.certificate, authority.private_key, subject, days=days)
    assert caught.value.field == field


def test_a_ca_that_is_none_issues_nothing(authority: Issued) -> None:
    leaf = issue(authority.certificate, authority.private_key, Subject("boat"), days=1)
    old = holder("Reef CA", ca=True, begins=timedelta(days=-9), ends=timedelta(days=-1))
    for certificate, key in (
        (leaf.certificate, leaf.private_key),
        (authority.certificate, leaf.private_key),
        (authority.certificate, ""),
        (old.pem, old.key_pem),
    ):
        with pytest.raises(Invalid):
            issue(certificate, key, Subject("another"), days=1)


def test_the_three_arns_belong_together() -> None:
    whole = {"trust_anchor_arn": ANCHOR, "profile_arn": PROFILE, "role_arn": ROLE}

    def field(**changes: str) -> str:
        with pytest.raises(Invalid) as caught:
            need_arns(**(whole | changes))
        assert caught.value.advice
        return caught.value.field.removeprefix("credentials.")

    need_arns(**whole)
    assert field(trust_anchor_arn=PROFILE) == "trust_anchor_arn"
    assert field(profile_arn=ANCHOR) == "profile_arn"
    assert field(role_arn="arn:aws:iam::111122223333:user/somebody") == "role_arn"
    assert field(trust_anchor_arn="") == "trust_anchor_arn"
    assert field(profile_arn=PROFILE.replace("eu-west-1", "eu-west-2")) == "profile_arn"
    assert field(profile_arn=PROFILE.replace("111122223333", "999922223333")) == "profile_arn"
    assert field(role_arn=ROLE.replace("111122223333", "999922223333")) == "role_arn"
    assert field(role_arn=ROLE.replace("arn:aws:", "arn:aws-cn:")) == "role_arn"
    with pytest.raises(Invalid, match="ARN of a profile, not of a trust anchor"):
        need_arns(trust_anchor_arn=PROFILE, profile_arn=PROFILE, role_arn=ROLE)
