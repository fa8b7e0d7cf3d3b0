"""The identity in what was given: certificate, key and intermediates, found wherever they stand, as PEM."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from moorage.certificates.checking import (
    IS_CA,
    belongs,
    ends_ms,
    is_ca,
    is_own,
    issued_by,
    need_kind,
    need_leaf,
    need_now,
)
from moorage.certificates.forms import found_in
from moorage.model.errors import Invalid


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a certificate names, and all that proves it, as PEM text."""

    certificate: str
    private_key: str = field(repr=False)
    """Not encrypted: it is sealed where it lies, and a passphrase sealed beside it would guard nothing more."""
    chain: str
    """Intermediates from the certificate's issuer upwards, without the root; empty where the root issued it."""
    subject: str
    not_after_ms: int
    """When the first of certificate and intermediates ends (Unix milliseconds)."""


def read_identity(
    certificate: str, private_key: str, chain: str = "", passphrase: str = "", *, now: datetime | None = None
) -> Identity:
    """The identity in texts of any form; one of them may hold all. Raises Invalid, which never shows a text.

    The root is dropped, and so is what issued none of the others. ``now`` is when it must be valid.
    """
    given = found_in(certificate, passphrase, "certificate")
    secret = found_in(private_key, passphrase, "private_key")
    above = found_in(chain, passphrase, "chain")
    known = [*given.certificates, *above.certificates, *secret.certificates]
    key = _key([*secret.keys, *given.keys], known)
    leaf = _leaf(key, known)
    need_kind(key)
    need_leaf(leaf)
    need_now(leaf, now)
    upwards = _upwards(leaf, known)
    if above.certificates and not upwards and not any(map(is_own, above.certificates)):
        raise Invalid(
            "No certificate of the chain issued this certificate.",
            "Give the intermediates between it and the root, or leave the chain empty.",
            field="credentials.chain",
        )
    for one in upwards:
        need_now(one, now, field="credentials.chain")
    return Identity(
        certificate=_pem(leaf),
        private_key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        chain="".join(map(_pem, upwards)),
        subject=leaf.subject.rfc4514_string(),
        not_after_ms=min(map(ends_ms, (leaf, *upwards))),
    )


def _key(keys: list[PrivateKeyTypes], known: list[x509.Certificate]) -> PrivateKeyTypes:
    if keys:
        return next((key for key in keys if any(belongs(key, one) for one in known)), keys[0])
    if known and all(map(is_ca, known)):
        raise _ca()
    raise Invalid(
        "There is no private key. Nothing was changed.",
        "Give the key that belongs to the certificate; the CA's is not needed.",
        field="credentials.private_key",
    )


def _leaf(key: PrivateKeyTypes, known: list[x509.Certificate]) -> x509.Certificate:
    if not known:
        raise Invalid(
            "There is no certificate. Nothing was changed.",
            "Give the certificate that the CA issued.",
            field="credentials.certificate",
        )
    fitting = [one for one in known if belongs(key, one)]
    if fitting:
        return next((one for one in fitting if not is_ca(one)), fitting[0])
    if is_ca(known[0]):
        raise _ca()
    raise Invalid(
        "The private key does not belong to the certificate. Nothing was changed.",
        "Give the two that were made together.",
        field="credentials.private_key",
    )


def _ca() -> Invalid:
    return Invalid(
        f"{IS_CA} Nothing was changed.",
        "Give the issued certificate and its own key.",
        field="credentials.certificate",
    )


def _upwards(leaf: x509.Certificate, known: list[x509.Certificate]) -> list[x509.Certificate]:
    """The certificates that issued one another, from the leaf's issuer to the last one below the root."""
    found: list[x509.Certificate] = []
    below = leaf
    while True:
        issuer = next(
            (one for one in known if one not in (leaf, *found) and not is_own(one) and issued_by(below, one)), None
        )
        if issuer is None:
            return found
        found.append(issuer)
        below = issuer


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
