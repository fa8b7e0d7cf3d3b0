"""``STORAGE_*`` and ``REMOTE_STORAGE_*`` -> the connections that they declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from moorage.model.endpoint import endpoint_of
from moorage.model.errors import Invalid
from moorage.model.store import Connection
from moorage.settings.fields import Settings
from moorage.settings.remote_links.connections import connection_of
from moorage.settings.remote_links.entries import Entry, Given
from moorage.settings.remote_links.faults import Spot
from moorage.settings.remote_links.reading import FILE_NAME

ORIGIN: Final = "settings: "
"""Begins the origin of what settings declare."""
PRIMARY: Final = "primary"
REMOTE: Final = "remote-storage"
_PUBLIC: Final = "-public"
_PRIVATE: Final = "-private"
_DEFAULT_PREFIX: Final = "moorage"
_STORAGE: Final = {
    "provider": "storage_provider",
    "endpoint": "storage_endpoint",
    "access_key": "storage_access_key",
    "secret_key": "storage_secret_key",
    "iam_role": "storage_iam_role",
    "region": "storage_region",
    "credentials_path": "storage_credentials_path",
    "port": "storage_port",
}
_REMOTE_STORAGE: Final = {
    "provider": "remote_storage_provider",
    "endpoint": "remote_storage_endpoint",
    "access_key": "remote_storage_access_key",
    "secret_key": "remote_storage_secret_key",
    "iam_role": "remote_storage_iam_role",
    "region": "remote_storage_region",
    "credentials_path": "remote_storage_credentials_path",
    "port": "remote_storage_port",
}


def storages(settings: Settings) -> list[Connection]:
    """What the settings declare: ``primary`` and ``remote-storage``. Raises Invalid, which shows no secret."""
    return [one for one in (primary_storage(settings), remote_storage(settings)) if one is not None]


def primary_storage(settings: Settings) -> Connection | None:
    """Where uploads go; None: below the data directory."""
    if settings.storage_provider in (None, "disk"):
        return None
    made = _connection(settings, _STORAGE, PRIMARY)
    return replace(made, open_buckets=(primary_bucket(settings),))


def remote_storage(settings: Settings) -> Connection | None:
    """The storage that links may point to; None where there is none."""
    if settings.remote_storage_provider == "disk":
        return None
    if settings.remote_storage_provider is None:
        given = [name for name in _REMOTE_STORAGE.values() if getattr(settings, name) not in (None, "")]
        if given:
            raise Invalid(
                f"{given[0].upper()} is set, but REMOTE_STORAGE_PROVIDER is not.",
                "Set it to minio (or s3), azure or google.",
                field="REMOTE_STORAGE_PROVIDER",
            )
        return None
    return _connection(settings, _REMOTE_STORAGE, REMOTE)


def primary_bucket(settings: Settings) -> str:
    """The bucket of originals: ``<prefix>-public``."""
    return f"{settings.storage_prefix or found_prefix(settings.data / 'storage') or _DEFAULT_PREFIX}{_PUBLIC}"


def links_file(settings: Settings) -> Path | None:
    """The file remote_links.yml in force, there or not where a setting names it; None: there is none."""
    if settings.remote_links is not None:
        return settings.remote_links
    return next((one for one in (settings.data / FILE_NAME, Path("/", FILE_NAME)) if one.exists()), None)


def found_prefix(folder: Path) -> str:
    """What the one pair of buckets that lies there begins with; empty: there is none, or there are several."""
    try:
        names = {one.name for one in folder.iterdir() if one.is_dir()}
    except OSError:
        return ""
    pairs = [
        name.removesuffix(_PUBLIC)
        for name in names
        if name.endswith(_PUBLIC) and name.removesuffix(_PUBLIC) + _PRIVATE in names
    ]
    return pairs[0] if len(pairs) == 1 else ""


def _connection(settings: Settings, fields: Mapping[str, str], name: str) -> Connection:
    begin = fields["provider"].upper().removesuffix("PROVIDER")
    spot = Spot("", variables=begin, entry=name)
    texts = {field: _text(getattr(settings, setting)) for field, setting in fields.items()}
    port = texts.pop("port")
    try:
        texts["endpoint"] = endpoint_of(texts["endpoint"], int(port) if port else None)
    except Invalid as exc:
        raise spot.at(field="endpoint and port").fault(exc.message, exc.advice) from None
    values = {field: Given(text, 0) for field, text in texts.items() if text}
    for field, given in values.items():
        if given.text.startswith("<") and given.text.endswith(">"):
            raise spot.at(field=field).fault("A placeholder was left in.", "Put your own value in its place.")
    made, _ = connection_of(Entry(spot, values, None), Path.cwd())
    return replace(made, origin=f"{ORIGIN}{begin}*")


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return "" if value is None else str(value).strip()
