"""Certificates and keys in every form in which people have them; what cannot be used is refused in plain words."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from moorage.certificates import Identity, read_identity
from moorage.model.errors import Invalid
from stores.authorities import KEY_ENCIPHERMENT, Holder, holder, rsa_key

ROOT = holder("Reef CA", ca=True)
MIDDLE = holder("Reef CA 2", ROOT, ca=True)
LEAF = holder("boat", MIDDLE)
RSA = holder("boat", ROOT, key=rsa_key())
PKCS7 = serialize_certificates([MIDDLE.certificate, ROOT.certificate], Encoding.DER)
SECRET = "a passphrase, with ünusual letters"


def base64_of(data: bytes | str, width: int = 0) -> str:
    text = base64.b64encode(data.encode() if isinstance(data, str) else data).decode()
    return "\n".join(text[start : start + width] for start in range(0, len(text), width)) if width else text


def der_key(of: Holder) -> bytes:
    return of.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def refused(certificate: str, private_key: str = "", chain: str = "", passphrase: str = "") -> Invalid:
    with pytest.raises(Invalid) as caught:
        read_identity(certificate, private_key, chain, passphrase)
    assert caught.value.advice
    for secret in (LEAF.key_pem.splitlines()[1], SECRET):
        assert secret not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("certificate", "private_key", "chain", "passphrase"),
    [
        (LEAF.pem, LEAF.key_pem, MIDDLE.pem, ""),
        (LEAF.pem, LEAF.key_pem, MIDDLE.pem, "given, though nothing is encrypted"),
        (LEAF.pem.replace("\n", "\r\n"), LEAF.key_pem.replace("\n", "\n  "), f"\n\n {MIDDLE.pem} \n", ""),
        (LEAF.pem.replace("\n", "\\n"), json.dumps(LEAF.key_pem).strip('"'), MIDDLE.pem, ""),
        (LEAF.pem.replace("\n", " "), LEAF.key_pem.replace("\n", " "), MIDDLE.pem.replace("\n", ""), ""),
        (base64_of(LEAF.pem), base64_of(LEAF.key_pem, 76), base64_of(MIDDLE.pem, 76), ""),
        (base64_of(LEAF.der), base64_of(der_key(LEAF)), base64_of(MIDDLE.der, 64), ""),
        (LEAF.pem + MIDDLE.pem + ROOT.pem, LEAF.key_pem, "", ""),
        (ROOT.pem + MIDDLE.pem + LEAF.pem, LEAF.key_pem, "", ""),
        (LEAF.key_pem + LEAF.pem, "", MIDDLE.pem + ROOT.pem, ""),
        (MIDDLE.pem, LEAF.key_pem + LEAF.pem, "", ""),
        (f"subject=CN = boat\n{LEAF.pem}", f"Bag Attributes\n{LEAF.key_pem}", MIDDLE.pem, ""),
        (LEAF.pem, LEAF.locked_key(SECRET), MIDDLE.pem, SECRET),
        (LEAF.pem, LEAF.locked_key("classic", PrivateFormat.TraditionalOpenSSL), MIDDLE.pem, "classic"),
        (base64_of(LEAF.pkcs12(SECRET, MIDDLE, ROOT)), "", "", SECRET),
        (base64_of(LEAF.pkcs12("", MIDDLE, ROOT), 76), "", "", ""),
        ("", base64_of(LEAF.pkcs12(SECRET)), MIDDLE.pem, SECRET),
        (LEAF.pem, LEAF.key_pem, base64_of(PKCS7), ""),
    ],
)  # fmt: skip
def test_every_form_becomes_the_same_pem(certificate: str, private_key: str, chain: str, passphrase: str) -> None:
    found = read_identity(certificate, private_key, chain, passphrase)
    assert (found.certificate, found.private_key, found.chain) == (LEAF.pem, LEAF.key_pem, MIDDLE.pem)
    assert found.subject == "CN=boat"
    assert found.not_after_ms == round(LEAF.certificate.not_valid_after_utc.timestamp() * 1000)


def test_a_repeat_changes_nothing_and_nothing_shows_the_key() -> None:
    found = read_identity(RSA.pem, RSA.key_pem, ROOT.pem)
    assert found == read_identity(found.certificate, found.private_key, found.chain)
    assert found.chain == ""
    assert "PRIVATE" not in repr(found)


def test_intermediates_stand_in_the_order_in_which_they_issued_one_another() -> None:
    lower = holder("Reef CA 3", MIDDLE, ca=True, ends=timedelta(days=3))
    leaf = holder("boat", lower)
    found = read_identity(leaf.pem, leaf.key_pem, MIDDLE.pem + RSA.pem + ROOT.pem + lower.pem)
    assert found.chain == lower.pem + MIDDLE.pem
    assert found.not_after_ms == round(lower.certificate.not_valid_after_utc.timestamp() * 1000)


@pytest.mark.parametrize(
    ("certificate", "private_key"),
    [
        (ROOT.pem, LEAF.pem),  # as the guide's file names mislead
        (ROOT.pem, LEAF.key_pem),
        (ROOT.pem, ROOT.key_pem),
        (MIDDLE.pem, MIDDLE.key_pem),
        (ROOT.pem, ""),
        (base64_of(ROOT.pem), base64_of(LEAF.key_pem)),
        (holder("its own").pem, LEAF.key_pem),
    ],
)
def test_the_certificate_of_a_ca_is_named_as_such(certificate: str, private_key: str) -> None:
    error = refused(certificate, private_key)
    if private_key == LEAF.pem:
        assert "private key" in error.message
        return
    assert error.message.startswith("This is the CA certificate. The service accepts only the certificate issued by it")
    assert "belongs in the trust anchor" in error.message
    assert error.field == "credentials.certificate"


def test_a_key_of_another_certificate_is_refused() -> None:
    assert refused(LEAF.pem, RSA.key_pem).field == "credentials.private_key"
    assert "does not belong" in refused(LEAF.pem, RSA.key_pem).message
    assert "There is no private key" in refused(LEAF.pem).message
    assert "There is no certificate" in refused("", LEAF.key_pem).message


def test_a_certificate_that_cannot_sign_requests_is_refused() -> None:
    for_encryption = holder("boat", ROOT, usage=(KEY_ENCIPHERMENT,))
    assert "digitalSignature" in refused(for_encryption.pem, for_encryption.key_pem).message
    odd = holder("boat", ROOT, key=ed25519.Ed25519PrivateKey.generate())
    assert "aws_signing_helper" in refused(odd.pem, odd.key_pem).advice


def test_what_is_not_valid_now_is_refused_with_its_date() -> None:
    old = holder("boat", ROOT, begins=timedelta(days=-9), ends=timedelta(days=-1))
    assert "has expired: it ended on" in refused(old.pem, old.key_pem).message
    young = holder("boat", ROOT, begins=timedelta(days=1))
    assert "not valid yet" in refused(young.pem, young.key_pem).message
    before = datetime.now(UTC) - timedelta(days=5)
    assert isinstance(read_identity(old.pem, old.key_pem, now=before), Identity)
    above = holder("Reef CA 0", ROOT, ca=True, begins=timedelta(days=-9), ends=timedelta(days=-1))
    leaf = holder("boat", above)
    assert refused(leaf.pem, leaf.key_pem, above.pem).field == "credentials.chain"


def test_a_passphrase_that_is_missing_or_wrong_is_told() -> None:
    for certificate, key in ((LEAF.pem, LEAF.locked_key(SECRET)), (base64_of(LEAF.pkcs12(SECRET)), "")):
        for passphrase in ("", "wrong"):
            error = refused(certificate, key, passphrase=passphrase)
            assert error.field == "credentials.passphrase"


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("no certificate", "no certificate or private key"),
        ("aGVsbG8gd29ybGQ=", "no certificate or private key"),
        (LEAF.pem[:-30], "is cut"),
        (LEAF.pem.replace("M", "!"), "no certificate"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----", "a request for a certificate"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
            "no certificate or private key",
        ),
        ("A" * 300_000, "longer than any certificate"),
        (base64_of(LEAF.der[:-9]), "no certificate or private key"),
    ],
)
def test_what_is_none_is_refused_and_not_repeated(certificate: str, words: str) -> None:
    assert words in refused(certificate, LEAF.key_pem).message


def test_a_chain_that_issued_nothing_of_it_is_refused() -> None:
    other = holder("Another CA", holder("Another root", ca=True), ca=True)
    assert refused(LEAF.pem, LEAF.key_pem, other.pem).field == "credentials.chain"
