"""Certificate authorities of the tests, and certificates of every kind that they issue, faulty ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
DIGITAL_SIGNATURE, KEY_ENCIPHERMENT = "digital_signature", "key_encipherment"
_USAGES = (
    DIGITAL_SIGNATURE, "content_commitment", KEY_ENCIPHERMENT, "data_encipherment", "key_agreement", "key_cert_sign",
    "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def locked_key(self, passphrase: str, how: PrivateFormat = PrivateFormat.PKCS8) -> str:
        return self.key.private_bytes(Encoding.PEM, how, BestAvailableEncryption(passphrase.encode())).decode()

    def pkcs12(self, passphrase: str, *others: Holder) -> bytes:
        sealing = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return pkcs12.serialize_key_and_certificates(
            b"under-test", self.key, self.certificate, [one.certificate for one in others], sealing
        )


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def holder(
    name: str,
    issuer: Holder | None = None,
    *,
    key: PrivateKey | None = None,
    ca: bool = False,
    usage: tuple[str, ...] | None = None,
    begins: timedelta = timedelta(hours=-1),
    ends: timedelta = timedelta(days=30),
    signed_with: hashes.SHA256 | hashes.SHA384 | None = None,
) -> Holder:
    """A certificate of ``issuer`` (None: its own). A CA signs certificates; a leaf has ``digitalSignature``."""
    key = key or ec_key()
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    wanted = (("key_cert_sign", "crl_sign") if ca else (DIGITAL_SIGNATURE,)) if usage is None else usage
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{one: one in wanted for one in _USAGES}), critical=True)
    )
    signer = issuer.key if issuer else key
    how: hashes.SHA256 | hashes.SHA384 | None = (
        None if isinstance(signer, ed25519.Ed25519PrivateKey) else signed_with or hashes.SHA256()
    )
    return Holder(builder.sign(signer, how), key)
