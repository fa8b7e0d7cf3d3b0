"""An entry of remote_links.yml -> the connection that it declares."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from moorage.model.account import account_of
from moorage.model.admitted import admitted_word, bucket_in
from moorage.model.credentials import (
    AccountKey,
    Anonymous,
    ConnectionString,
    Credentials,
    Hmac,
    Keys,
    Role,
    Sas,
    ServiceAccount,
)
from moorage.model.endpoint import canonical, endpoint_of
from moorage.model.errors import Invalid
from moorage.model.sas import connection_fields, sas_fields
from moorage.model.store import Connection, Provider
from moorage.settings.remote_links.entries import Entry
from moorage.settings.remote_links.regular import read_regular

ORIGIN: Final = "remote_links.yml: "
"""Begins the origin of every connection of the file; the entry's name follows."""
PROVIDERS: Final = {
    "minio": Provider.S3,
    "s3": Provider.S3,
    "azure": Provider.AZURE,
    "google": Provider.GOOGLE,
    "gcs": Provider.GOOGLE,
    "fs": Provider.DISK,
    "disk": Provider.DISK,
}
_TAKES: Final = {
    Provider.S3: {"endpoint", "access_key", "secret_key", "iam_role", "region"},
    Provider.AZURE: {"endpoint", "access_key", "secret_key", "region"},
    Provider.GOOGLE: {"endpoint", "access_key", "secret_key", "iam_role", "region", "credentials_path"},
    Provider.DISK: {"root"},
}
_STORE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_ACCOUNT: Final = re.compile(r"[a-z0-9]{3,24}")
_KEY_FILE: Final = 65_536
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,60}")


def connection_of(entry: Entry, folder: Path) -> tuple[Connection, Path | None]:
    """The connection, and the key file that it was made with. ``folder``: where relative paths begin.

    Raises Invalid, which names file, line, entry and field and shows no value.
    """
    provider = _provider(entry)
    for name in entry.values:
        if name not in {"provider", *_TAKES[provider]}:
            raise entry.at(name).fault(f"The provider {entry.text('provider')} takes no {name}.", "Remove the line.")
    if provider is Provider.DISK:
        return _disk(entry), None
    endpoint, region = _place(entry)
    key_file = _key_file(entry, folder)
    connection = Connection(
        provider,
        endpoint=endpoint,
        region=region,
        credentials=_credentials(entry, provider, key_file),
        name=entry.name,
        origin=f"{ORIGIN}{entry.name}",
        open_buckets=_open_buckets(entry),
    )
    if provider is Provider.AZURE:
        _sound_account(entry, connection)
    return connection, key_file


def _provider(entry: Entry) -> Provider:
    found = PROVIDERS.get(entry.text("provider").lower())
    if found is None:
        what = "is none that is known" if "provider" in entry.values else "is missing"
        raise entry.at("provider").fault(f"The provider {what}.", "Write minio (or s3), azure, google, or fs.")
    return found


def _disk(entry: Entry) -> Connection:
    root = entry.text("root")
    if not root.startswith("/"):
        raise entry.at("root").fault("An fs entry needs an absolute directory.", "Write root: /data/photos.")
    if entry.buckets is not None:
        raise entry.spot.fault("An fs entry has no buckets.", "Remove them; root is the whole store.")
    if not _STORE.fullmatch(entry.name):
        raise entry.spot.fault(
            "The name of an fs entry stands in fs://name/ and cannot be this.",
            "Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
        )
    return Connection(Provider.DISK, root=root, name=entry.name, origin=f"{ORIGIN}{entry.name}", open_buckets=())


def _place(entry: Entry) -> tuple[str, str]:
    try:
        endpoint = endpoint_of(entry.text("endpoint"))
        written, told = canonical(endpoint)
    except Invalid:
        written, told = "://", ""
    if written and not re.fullmatch(r"https?://[^/@?#\s]+(/[^?#\s]*)?", written):
        raise entry.at("endpoint").fault(
            "That is no endpoint.", "Write a host such as s3.example.org, or http://127.0.0.1:9000."
        )
    region = entry.text("region") or told
    if region and not _REGION.fullmatch(region):
        raise entry.at("region").fault("That is no region.", "Write a word such as eu-central-1.")
    return written, region


def _credentials(entry: Entry, provider: Provider, key_file: Path | None) -> Credentials:
    keys = [name for name in ("access_key", "secret_key") if name in entry.values]
    role = "iam_role" in entry.values
    if role and (keys or key_file):
        raise entry.at(*keys, *["credentials_path"] * bool(key_file), "iam_role").fault(
            "Keys or a role, not both.", "Remove one of them."
        )
    if keys and key_file:
        raise entry.at(*keys, "credentials_path").fault(
            "Keys or the file of a service account, not both.", "Remove one of them."
        )
    if role:
        told = entry.text("iam_role")
        return Role(told if told.startswith("arn:") else "")
    if key_file is not None:
        return ServiceAccount(_service_account(entry, key_file))
    if provider is Provider.AZURE:
        return _azure(entry)
    if len(keys) == 1:
        missing = "secret_key" if keys == ["access_key"] else "access_key"
        raise entry.spot.fault(f"{missing} is missing beside {keys[0]}.", "Write both, or iam_role, or none of them.")
    if not keys:
        return Anonymous()
    pair = entry.text("access_key"), entry.text("secret_key")
    for name, word in zip(keys, pair, strict=True):
        if not word.isascii():
            raise entry.at(name).fault("The value holds letters that no provider uses.", "Copy it again.")
    return Keys(*pair) if provider is Provider.S3 else Hmac(*pair)


def _azure(entry: Entry) -> Credentials:
    """By what stands in secret_key: a connection string, a SAS token, or an account key."""
    account, secret = entry.text("access_key"), entry.text("secret_key")
    if account and not _ACCOUNT.fullmatch(account):
        raise entry.at("access_key").fault(
            "That is not the name of a storage account: it has 3 to 24 small letters and digits.",
            "Write the account's name here and its key or SAS token in secret_key.",
        )
    if not secret:
        return Anonymous()
    told = {name.lower() for name in connection_fields(secret)}
    if told & {"accountkey", "sharedaccesssignature", "usedevelopmentstorage"}:
        return ConnectionString(secret)
    if "://" in secret or secret.startswith("?"):
        return Sas(account, secret)
    if {"sig", "sv"} & sas_fields(secret).keys():
        raise entry.at("secret_key").fault(
            "This is a SAS token without the ? at its beginning.", "Write the ? before it: secret_key: '?sv=…'."
        )
    return AccountKey(account, secret)


def _sound_account(entry: Entry, connection: Connection) -> None:
    try:
        account_of(connection)
    except Invalid as exc:
        part = exc.field.removeprefix("credentials.")
        name = {"endpoint": "endpoint", "account": "access_key"}.get(part, "secret_key")
        what = {
            "endpoint": "The endpoint is missing, or is not the one of this storage account.",
            "account": "The account is not the one of this endpoint.",
            "key": "The account key is not base64, and it is no SAS token either.",
        }.get(part, "The SAS token or connection string cannot be used as it is.")
        advice = {
            "endpoint": "Write endpoint: https://ACCOUNT.blob.core.windows.net.",
            "account": "Write the account's name in access_key.",
        }.get(part, exc.advice)
        raise entry.at(name).fault(what, advice) from None  # the message may show a key in place of a name


def _key_file(entry: Entry, folder: Path) -> Path | None:
    path = entry.text("credentials_path")
    return folder / Path(path).expanduser() if path else None


def _service_account(entry: Entry, path: Path) -> str:
    spot = entry.at("credentials_path")
    try:
        text = read_regular(path, _KEY_FILE)[0].decode()
        kind = json.loads(text)["type"]
    except OSError as exc:
        raise spot.fault(
            f"The file that it names cannot be read ({type(exc).__name__}).", "Mend the path or its permissions."
        ) from exc
    except (ValueError, LookupError, TypeError):
        text, kind = "", ""
    if kind != "service_account":
        raise spot.fault(
            "The file that it names is not the key of a service account.",
            "Download a key of type JSON for the service account and name that file.",
        )
    return text


def _open_buckets(entry: Entry) -> tuple[str, ...]:
    if entry.buckets is None:
        return ()
    lines: dict[str, int] = {}
    words = []
    for given in entry.buckets:
        spot = entry.spot.at(given.line, field="buckets")
        try:
            word = admitted_word(given.text)
        except ValueError:
            raise spot.fault("That is no bucket.", "Write its name alone, or name:folder1/:folder2/.") from None
        bucket = bucket_in(word)
        if bucket in lines:
            raise entry.spot.at(lines[bucket], given.line, field="buckets").fault(
                "The same bucket stands twice in the list.", "Write it once, as name:folder1/:folder2/."
            )
        lines[bucket] = given.line
        words.append(word)
    return tuple(words)
