"""A certificate authority of one's own, and the certificates that it issues: EC P-256, SHA-256."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from moorage.certificates.checking import belongs, is_ca, need_now
from moorage.certificates.forms import found_in
from moorage.model.errors import Invalid

_EARLIER: Final = timedelta(minutes=5)
"""Clocks differ: it is valid a little before it was made."""
_MOST_DAYS: Final = 100 * 365
_LETTERS: Final = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names: common name, organisation and its unit."""

    cn: str
    o: str = ""
    ou: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key, as PEM text."""

    certificate: str
    private_key: str = field(repr=False)
    ends: datetime


def make_authority(subject: Subject, *, days: int, now: datetime | None = None) -> Issued:
    """A new CA, which issues certificates only, no further CAs."""
    _need_days(days)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(subject)
    builder = _begun(name, name, key, days, now or datetime.now(UTC))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _ended(builder, key, key)


def issue(ca_certificate: str, ca_key: str, subject: Subject, *, days: int, now: datetime | None = None) -> Issued:
    """A new key with a certificate of this CA for it. Raises Invalid for a CA that cannot issue it."""
    _need_days(days)
    now = now or datetime.now(UTC)
    found = found_in(ca_certificate, "", "certificate")
    keys = found_in(ca_key, "", "private_key").keys or found.keys
    authority = next((one for one in found.certificates if is_ca(one)), None)
    if authority is None or not keys:
        what = "certificate" if authority is None else "private key"
        raise Invalid(f"There is no {what} of a CA in it. Nothing was made.", "Make one: moorage cert ca.", field="ca")
    issuer_key = keys[0]
    if not belongs(issuer_key, authority):
        raise Invalid("The CA's key does not belong to its certificate. Nothing was made.", "Name both.", field="ca")
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise Invalid("The CA's key is not of an elliptic curve.", "Make a CA by: moorage cert ca.", field="ca")
    need_now(authority, now, field="ca")
    if now + timedelta(days=days) > authority.not_valid_after_utc:
        left = (authority.not_valid_after_utc - now).days
        raise Invalid(
            f"The CA ends in {left} days, before the certificate would. Nothing was made.",
            f"Ask for at most --days {left}, or make a new CA.",
            field="days",
        )
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _begun(_name(subject), authority.subject, key, days, now)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return _ended(builder.add_extension(parent, critical=False), key, issuer_key)


def _need_days(days: int) -> None:
    if not 1 <= days <= _MOST_DAYS:
        raise Invalid(f"{days} days are no life of a certificate. Nothing was made.", "Try --days 365.", field="days")


def _begun(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _ended(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, issuer_key: ec.EllipticCurvePrivateKey
) -> Issued:
    made = builder.sign(issuer_key, hashes.SHA256())
    return Issued(
        made.public_bytes(Encoding.PEM).decode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        made.not_valid_after_utc,
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(subject: Subject) -> x509.Name:
    words = ((NameOID.ORGANIZATION_NAME, "o", subject.o), (NameOID.ORGANIZATIONAL_UNIT_NAME, "ou", subject.ou),
             (NameOID.COMMON_NAME, "cn", subject.cn))  # fmt: skip
    for _, field_name, word in words:
        if len(word) > _LETTERS or not word.isprintable() or (field_name == "cn" and not word.strip()):
            raise Invalid(
                f"--{field_name} has 1 to {_LETTERS} letters. Nothing was made.", "Shorten it.", field=field_name
            )
    return x509.Name([x509.NameAttribute(oid, word) for oid, _, word in words if word])
