"""The forms in which people have certificates and keys: PEM, base64 of PEM or DER, PKCS#7, PKCS#12; told by content."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from moorage.model.errors import Invalid

LONGEST: Final = 256 * 1024
_BLOCK: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BEGIN: Final = "-----BEGIN "
_PKCS12: Final = re.compile(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x80)\x02\x01\x03", re.DOTALL)
"""A sequence that begins with the version 3. Source: RFC 7292, section 4."""
_PROTECTED_PKCS8: Final = re.compile(
    rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x30.{1,3}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05", re.DOTALL
)
"""An encrypted key: the identifier of PKCS#5 comes first. Source: RFC 5958, section 3."""
_CERTIFICATES: Final = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
_IGNORED: Final = frozenset({"EC PARAMETERS", "DH PARAMETERS"})
_FORMS: Final = "PEM text (BEGIN and END lines too), base64 of it, or base64 of DER or PKCS#12."


@dataclass(slots=True)
class Found:
    """What a text holds, in its order."""

    certificates: list[x509.Certificate] = field(default_factory=list)
    keys: list[PrivateKeyTypes] = field(default_factory=list)


def found_in(text: str, passphrase: str, where: str) -> Found:
    """Certificates and keys of a text; ``where`` is the field that errors name. Nothing of it is ever repeated.

    Raises Invalid for what is neither, and for a key that the passphrase does not open.
    """
    if len(text) > LONGEST:
        raise Invalid(f"What stands in {where} is longer than any certificate.", f"Give {_FORMS}", field=_field(where))
    found = Found()
    if text.strip():
        _take(found, text, passphrase, where, depth=0)
    return found


def _take(found: Found, text: str, passphrase: str, where: str, depth: int) -> None:
    text = text.replace("\\n", "\n")  # as it stands in JSON and .env files
    if _BEGIN in text:
        for kind, body in _blocks(text, where):
            _take_block(found, kind, body, passphrase, where)
        return
    try:
        data = base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable(where) from error
    if _BEGIN.encode() in data and depth == 0:
        _take(found, data.decode("latin-1"), passphrase, where, depth=1)
    else:
        _take_der(found, data, passphrase, where)


def _blocks(text: str, where: str) -> Iterator[tuple[str, str]]:
    blocks = [(found[1], found[2]) for found in _BLOCK.finditer(text)]
    if len(blocks) != text.count(_BEGIN):
        raise Invalid(
            f"The PEM text in {where} is cut: an END line is missing.",
            "Copy it again, to its last line.",
            field=_field(where),
        )
    yield from blocks


def _take_block(found: Found, kind: str, body: str, passphrase: str, where: str) -> None:
    if kind in _CERTIFICATES:
        try:
            data = base64.b64decode(re.sub(r"\s+", "", body), validate=True)
            # A trusted certificate of OpenSSL has more bytes behind it.
            found.certificates.append(x509.load_der_x509_certificate(data[: _length(data)]))
        except (ValueError, x509.InvalidVersion) as error:
            raise _unreadable(where) from error
    elif kind.endswith("PRIVATE KEY"):
        found.keys.append(_pem_key(kind, body, passphrase, where))
    elif kind == "PKCS7":
        _take_der(found, base64.b64decode(body), passphrase, where)
    elif kind not in _IGNORED:
        named = {"CERTIFICATE REQUEST": "a request for a certificate (CSR)", "PUBLIC KEY": "a public key"}
        raise Invalid(
            f"In {where} stands {named.get(kind, f'a {kind.lower()}')}, which is neither certificate nor private key.",
            "Give the certificate that was issued for it." if "REQUEST" in kind else f"Give {_FORMS}",
            field=_field(where),
        )


def _pem_key(kind: str, body: str, passphrase: str, where: str) -> PrivateKeyTypes:
    if ":" in body:  # the old way of encryption has headers, whose lines count
        lines = [line.strip() for line in body.strip().splitlines()]
        body = "\n".join(lines)
    else:
        letters = re.sub(r"\s+", "", body)
        body = "\n".join(letters[start : start + 64] for start in range(0, len(letters), 64))
    pem = f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n".encode()
    protected = "ENCRYPTED" in kind or "ENCRYPTED" in body
    secret = _secret(passphrase, where, protected=protected)
    try:
        return load_pem_private_key(pem, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _closed(where, protected=protected) from error


def _take_der(found: Found, data: bytes, passphrase: str, where: str) -> None:
    if _PKCS12.match(data):
        _take_pkcs12(found, data, passphrase, where)
        return
    try:
        found.certificates.append(x509.load_der_x509_certificate(data))
    except (ValueError, x509.InvalidVersion):
        pass
    else:
        return
    protected = bool(_PROTECTED_PKCS8.match(data))
    if protected:
        secret = _secret(passphrase, where, protected=True)
        try:
            found.keys.append(load_der_private_key(data, secret))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _closed(where, protected=True) from error
        return
    try:
        found.keys.append(load_der_private_key(data, None))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        try:
            found.certificates.extend(load_der_pkcs7_certificates(data))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _unreadable(where) from error


def _take_pkcs12(found: Found, data: bytes, passphrase: str, where: str) -> None:
    try:
        bundle = load_pkcs12(data, passphrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _closed(where, protected=True) from error
    if bundle.cert is not None:
        found.certificates.append(bundle.cert.certificate)
    found.certificates.extend(one.certificate for one in bundle.additional_certs)
    if bundle.key is not None:
        found.keys.append(bundle.key)


def _secret(passphrase: str, where: str, *, protected: bool) -> bytes | None:
    if protected and not passphrase:
        raise Invalid(
            f"The private key in {where} is encrypted.", "Give its passphrase as well.", field=_field("passphrase")
        )
    return passphrase.encode() if protected else None


def _closed(where: str, *, protected: bool) -> Invalid:
    if not protected:
        return _unreadable(where)
    return Invalid(
        f"The passphrase does not open what stands in {where}.",
        "Check the passphrase, blanks too.",
        field=_field("passphrase"),
    )


def _unreadable(where: str) -> Invalid:
    return Invalid(f"What stands in {where} is no certificate or private key.", f"Give {_FORMS}", field=_field(where))


def _field(where: str) -> str:
    return f"credentials.{where}"


def _length(data: bytes) -> int:
    """Bytes of the first DER element. Source: X.690, section 8.1.3."""
    if len(data) < 2 or data[1] < 0x80:  # noqa: PLR2004 - a bit of the format
        return len(data)
    size = data[1] & 0x7F
    return 2 + size + int.from_bytes(data[2 : 2 + size])
