"""Who credentials speak for and when they end: what may be told about them, never a secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.x509 import load_pem_x509_certificates

from moorage.model.account import account_of
from moorage.model.credentials import (
    AccountKey,
    ConnectionString,
    Credentials,
    Hmac,
    Keys,
    Process,
    Role,
    RolesAnywhere,
    Sas,
    ServiceAccount,
    ServicePrincipal,
)
from moorage.model.errors import Invalid
from moorage.model.expiry import Ending, endings
from moorage.model.sas import sas_fields
from moorage.model.store import Connection, Provider


@dataclass(frozen=True, slots=True)
class Identity:
    """What is known to everybody about credentials; empty where a kind has no such thing."""

    kind: str
    account: str = ""
    """Azure: the storage account."""
    access_key: str = ""
    """Id of a key, such as AKIA..., without its secret."""
    permissions: str = ""
    """Letters of a SAS, such as ``rl``."""
    role_arn: str = ""
    subject: str = ""
    """Whom a certificate names."""
    email: str = ""
    """Of a service account."""
    tenant: str = ""
    client: str = ""
    process: str = ""


def identity_of(connection: Connection) -> Identity:
    """What may be told about the credentials of a connection."""
    given = connection.credentials
    return Identity(given.kind, account=_account(connection), **_words(given))


def endings_of(connection: Connection) -> tuple[Ending, ...]:
    """What of a connection ends, the earliest first."""
    return endings(connection.credentials, connection.ca, certificates=certificate_ends)


def certificate_ends(pem: str) -> Sequence[int]:
    """When each certificate of a PEM text ends (Unix milliseconds); nothing where it cannot be read."""
    return tuple(at_ms for _, at_ms in _certificates(pem))


def _words(given: Credentials) -> dict[str, str]:
    match given:
        case Keys() | Hmac():
            return {"access_key": given.access_key}
        case Sas():
            return {"permissions": sas_fields(given.token).get("sp", "")}
        case ConnectionString():
            return {"permissions": sas_fields(given.value).get("sp", "")}
        case ServicePrincipal():
            return {"tenant": given.tenant, "client": given.client}
        case Role():
            return {"role_arn": given.role_arn}
        case RolesAnywhere():
            return {"role_arn": given.role_arn, "subject": next((s for s, _ in _certificates(given.certificate)), "")}
        case ServiceAccount():
            return {"email": _email(given.json)}
        case Process():
            return {"process": given.name}
        case _:
            return {}


def _account(connection: Connection) -> str:
    if connection.provider is not Provider.AZURE:
        return ""
    try:
        return account_of(connection).name
    except Invalid:  # forgotten, or registered before a rule was made
        given = connection.credentials
        return given.account if isinstance(given, AccountKey | Sas) else ""


def _email(text: str) -> str:
    try:
        told = json.loads(text)["client_email"]
    except (ValueError, KeyError, TypeError):
        return ""
    return told if isinstance(told, str) else ""


@lru_cache(maxsize=256)
def _certificates(pem: str) -> tuple[tuple[str, int], ...]:
    """Subject and end of each certificate."""
    if not pem.strip():
        return ()
    try:
        found = load_pem_x509_certificates(pem.encode())
        return tuple((one.subject.rfc4514_string(), round(one.not_valid_after_utc.timestamp() * 1000)) for one in found)
    except ValueError:
        return ()
