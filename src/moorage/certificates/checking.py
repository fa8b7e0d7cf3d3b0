"""What a certificate must be like to take a role with it. Source: IAM Roles Anywhere user guide, trust model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from moorage.model.errors import Invalid

IS_CA: Final = (
    "This is the CA certificate. The service accepts only the certificate issued by it (usually made by genCert.sh, or "
    "by: moorage cert leaf). The CA certificate belongs in the trust anchor."
)
_FIELD: Final = "credentials.certificate"


def is_ca(certificate: x509.Certificate) -> bool:
    """It may issue others, or it issued itself."""
    return _may_issue(certificate) or is_own(certificate)


def is_own(certificate: x509.Certificate) -> bool:
    """It is signed with its own key."""
    return certificate.subject == certificate.issuer and issued_by(certificate, certificate)


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """``issuer`` signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def belongs(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    """The certificate is for this key."""
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return bool(key.public_key().public_bytes(*form) == certificate.public_key().public_bytes(*form))


def need_leaf(certificate: x509.Certificate) -> None:
    """Raises Invalid for a certificate that Roles Anywhere never takes, whatever its key."""
    if is_ca(certificate):
        raise Invalid(f"{IS_CA} Nothing was changed.", "Give the issued certificate and its own key.", field=_FIELD)
    if certificate.version is not x509.Version.v3:
        raise Invalid(
            "The certificate is not of version 3 of X.509.", "Issue a new one: moorage cert leaf.", field=_FIELD
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not usage.digital_signature:
        raise Invalid(
            "The certificate's key may not sign: its key usage lacks digitalSignature.",
            "Issue one with it, such as by: moorage cert leaf.",
            field=_FIELD,
        )


def need_kind(key: PrivateKeyTypes) -> None:
    """Raises Invalid for a kind of key that cannot sign such requests here."""
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise Invalid(
            "The private key is neither RSA nor of an elliptic curve (such as P-256).",
            "Take another, or credentials of the kind process with aws_signing_helper.",
            field="credentials.private_key",
        )


def need_now(certificate: x509.Certificate, now: datetime | None = None, *, field: str = _FIELD) -> None:
    """Raises Invalid where the certificate is not valid at that time."""
    now = now or datetime.now(UTC)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    name = certificate.subject.rfc4514_string()[:128]
    if now > ends:
        raise Invalid(
            f"The certificate of {name} has expired: it ended on {ends:%Y-%m-%d %H:%M} UTC.",
            "Issue a new one (moorage cert leaf) and replace the credentials.",
            field=field,
        )
    if now < begins:
        raise Invalid(
            f"The certificate of {name} is not valid yet: it begins on {begins:%Y-%m-%d %H:%M} UTC.",
            "Wait until then, or check this machine's clock.",
            field=field,
        )


def ends_ms(certificate: x509.Certificate) -> int:
    """When it ends (Unix milliseconds)."""
    return round(certificate.not_valid_after_utc.timestamp() * 1000)


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
