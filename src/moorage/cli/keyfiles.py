"""Files with credentials: read by what they hold, in the forms in which providers hand them out."""

from __future__ import annotations

import base64
import configparser
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from moorage.model.credentials import (
    AccountKey,
    ConnectionString,
    Credentials,
    Forgotten,
    Hmac,
    Keys,
    Sas,
    ServiceAccount,
)
from moorage.model.errors import Invalid
from moorage.model.sas import connection_fields, sas_fields

if TYPE_CHECKING:
    from moorage.client import AnyCredentials

_AWS: Final = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
}
_KINDS: Final[dict[str, type[Any]]] = {
    one.__dataclass_fields__["kind"].default: one for one in get_args(Credentials) if one is not Forgotten
}
_FROM_FILES: Final = "_file"
"""Ends the name of a field that names another file, which holds the field: certificates and their keys."""
_MOST_BYTES: Final = 1024 * 1024


def credentials_in(path: Path, provider: str = "", account: str = "") -> AnyCredentials:
    """The credentials in a file, by what it holds.

    That is JSON with a ``kind``, the key of a service account as Google gives it, a JSON object or AWS credentials
    file with access and secret key, or text with a connection string, a SAS or an account's key. Raises: Invalid,
    which shows nothing of the file.
    """
    data = _read(path)
    try:
        written = data.decode()
    except UnicodeDecodeError as exc:
        raise _strange(path) from exc
    if written.lstrip().startswith("{"):
        return _of_document(path, written, provider)
    pairs = _ini(written)
    if "access_key" in pairs:
        return _keys(pairs, path, provider)
    found = azure_secret(written.strip(), account)
    if found is None:
        raise _strange(path)
    return found


def azure_secret(text: str, account: str) -> Credentials | None:
    """What a secret of Azure is, by its looks: connection string, SAS, or with an ``account`` that one's key."""
    parts = connection_fields(text)
    if parts.keys() & {"accountkey", "sharedaccesssignature", "usedevelopmentstorage"}:
        return ConnectionString(text)
    if sas_fields(text).get("sig"):
        return Sas(account, text)
    return AccountKey(account, text) if account else None


def keys_for(provider: str, access_key: str, secret_key: str, session_token: str = "") -> Credentials:
    """A pair of keys, as the provider calls them."""
    return Hmac(access_key, secret_key) if provider == "google" else Keys(access_key, secret_key, session_token)


def _of_document(path: Path, written: str, provider: str) -> AnyCredentials:
    try:
        found = json.loads(written)
    except ValueError as exc:
        raise _strange(path) from exc
    if found.get("type") == "service_account":
        return ServiceAccount(written)
    texts = {name.lower(): value for name, value in found.items() if isinstance(value, str)}
    kind = texts.pop("kind", "")
    if not kind:
        return _keys(texts, path, provider)
    return _of_kind(kind, texts, path)


def _of_kind(kind: str, texts: dict[str, str], path: Path) -> AnyCredentials:
    if kind not in _KINDS:
        raise Invalid(f"{path}: there is no kind {kind!r}.", f"Kinds are {', '.join(_KINDS)}.", field="credentials")
    if kind == "service_account" and "path" in texts:
        from moorage.client import ServiceAccountPath

        return ServiceAccountPath(texts["path"])
    for name in [name for name in texts if name.endswith(_FROM_FILES)]:
        texts[name.removesuffix(_FROM_FILES)] = _text(_read(path.parent / texts.pop(name)))
    made = _KINDS[kind]
    known = {one.name for one in fields(made) if one.init}
    if unknown := sorted(texts.keys() - known):
        raise Invalid(
            f"{path} has fields that {kind} does not: {', '.join(unknown)}.",
            f"It takes {', '.join(sorted(known))}.",
            field="credentials",
        )
    try:
        return made(**texts)  # type: ignore[no-any-return]  # one of the kinds
    except TypeError as exc:
        raise Invalid(
            f"{path} does not hold all that {kind} needs.", f"It takes {', '.join(sorted(known))}.", field="credentials"
        ) from exc


def _keys(pairs: Mapping[str, str], path: Path, provider: str) -> Credentials:
    named = {_AWS.get(name, name): value for name, value in pairs.items()}
    if not named.get("access_key") or not named.get("secret_key"):
        raise _strange(path)
    return keys_for(provider, named["access_key"], named["secret_key"], named.get("session_token", ""))


def _ini(written: str) -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(written)
    except configparser.Error:
        return {}
    section = next(iter(parser.sections()), "DEFAULT")
    return {_AWS.get(name, name): value for name, value in parser[section].items()}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise Invalid(f"{path} cannot be read ({type(exc).__name__}).", "Name another.", field="credentials") from exc
    if len(data) > _MOST_BYTES:
        raise _strange(path)
    return data


def _text(data: bytes) -> str:
    """A file's text; one that is none (DER, PKCS#12) in base64."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _strange(path: Path) -> Invalid:
    return Invalid(
        f"{path} holds no credentials that Moorage knows.",
        'Write {"access_key": "...", "secret_key": "..."} or {"kind": "...", ...}, or give an AWS credentials file, '
        "the JSON key of a Google service account, or a file with a connection string or SAS token of Azure.",
        field="credentials",
    )
