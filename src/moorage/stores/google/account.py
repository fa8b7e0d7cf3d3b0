"""Service accounts: the key file that Google gives, read and checked before any request."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from moorage.model.errors import Invalid
from moorage.stores.google.place import PUBLIC

_TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_LIFE_S: Final = 3600
_NOT_OURS: Final = {
    "authorized_user": "These are the credentials of a person (gcloud auth application-default login), not of a "
    "service account.",
    "external_account": "This is a configuration of workload identity federation, not the key of a service account.",
    "impersonated_service_account": "This names a service account to be impersonated; it is not that account's key.",
}


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at Google, with the key that proves it."""

    email: str
    key_id: str
    key: RSAPrivateKey = field(repr=False)
    token_uri: str
    project: str
    """Empty where the file names none."""
    universe: str

    def sign(self, data: bytes) -> bytes:
        """The RSA signature with SHA-256 (PKCS #1 v1.5), which is RS256; about a millisecond."""
        return self.key.sign(data, PKCS1v15(), hashes.SHA256())

    def assertion(self, *, scope: str, audience: str, now_s: float) -> str:
        """A JSON Web Token signed with the account's key, good for an hour.

        With an ``audience`` it asks that address for a token; without one it is a token itself.
        Source: RFC 7523 and Google's "Using OAuth 2.0 for server to server applications".
        """
        issued = int(now_s)
        claims = {"iss": self.email, "sub": self.email, "scope": scope, "iat": issued, "exp": issued + _LIFE_S}
        if audience:
            claims["aud"] = audience
        head = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
        return (signed + b"." + _base64url(self.sign(signed))).decode()


def account_of(text: str, *, plain_http: bool = False) -> Account:
    """The account of a key file's text. Raises Invalid, without showing any of it.

    ``plain_http``: a ``token_uri`` in plain http is taken too, because the store itself is reached so.
    """
    fields = _fields(text)
    kind = fields.get("type", "")
    if kind != "service_account":
        raise _refused(
            _NOT_OURS.get(kind, "This JSON is not the key of a service account: its type is not service_account.")
        )
    missing = [name for name in ("client_email", "private_key") if not fields.get(name)]
    if missing:
        raise _refused(f"The key of the service account is not whole: {' and '.join(missing)} missing.")
    return Account(
        fields["client_email"],
        fields.get("private_key_id", ""),
        _private_key(fields["private_key"]),
        _token_uri(fields.get("token_uri") or _TOKEN_URI, plain_http=plain_http),
        fields.get("quota_project_id") or fields.get("project_id", ""),
        fields.get("universe_domain") or PUBLIC,
    )


def _fields(text: str) -> Mapping[str, str]:
    try:
        document = json.loads(text)
    except ValueError as error:
        if text.strip().endswith(".json") or text.startswith(("/", "~")):
            raise _refused("This is the name of a file, not what the file holds.") from error
        raise _refused("The key of the service account is not JSON.") from error
    if not isinstance(document, dict):
        raise _refused("The key of the service account is not a JSON object.")
    return {name: value for name, value in document.items() if isinstance(value, str)}


def _private_key(pem: str) -> RSAPrivateKey:
    try:
        # Some tools escape the line breaks twice.
        key = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refused("The private_key in the key of the service account is no PEM key.") from error
    if not isinstance(key, RSAPrivateKey):
        raise _refused("The private_key in the key of the service account is no RSA key.")
    return key


def _token_uri(address: str, *, plain_http: bool) -> str:
    try:
        parts = urlsplit(address)
        sound = bool(parts.hostname) and not parts.username and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound or parts.scheme not in ({"https", "http"} if plain_http else {"https"}):
        raise _refused("The token_uri in the key of the service account is not an https address.")
    return address


def _refused(what: str) -> Invalid:
    return Invalid(
        f"{what} No request was made.",
        "Give the JSON file that Google made for the key of a service account, all of it.",
        field="credentials.json",
    )


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
