"""Settings that the guides name: where uploads go, where links point to, and what nothing reads yet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from moorage.settings.kinds import Port, setting

_PROVIDERS: Final = {"http": "disk", "minio": "s3", "disk": "disk", "s3": "s3", "azure": "azure", "google": "google"}


def _provider(value: object) -> object:
    if value is None:
        return None
    word = str(value).lower()
    if word == "https":
        raise ValueError("a web server cannot take uploads; write disk (the guides' http), s3, azure or google")
    if word not in _PROVIDERS:
        raise ValueError("write disk (or http), s3 (or minio), azure or google")
    return _PROVIDERS[word]


Provider = Annotated[str | None, BeforeValidator(_provider)]


def _later(default: Any, sentence: str, *, unit: str, alias: str = "") -> Any:
    return setting(default, sentence, unit=unit, alias=alias, later=True)


class Later(BaseSettings):
    """Names of the guides: the primary storage, the cloud that links point to; later caches of originals."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    storage_prefix: str = setting(
        "",
        "The pair of buckets that uploads go to, without `-public`. "
        "Default: the one pair in `storage` in the data directory, else `moorage`.",
        unit="name",
    )
    storage_provider: Provider = setting(
        None,
        "Where uploads go: disk (the guides' http), s3 (minio), azure or google. "
        "Default: disk, below the data directory.",
        unit="word",
        alias="STORAGE_PROVIDER",
    )
    storage_endpoint: str = setting(
        "", "Its endpoint; without a scheme https is meant.", unit="URL or host", alias="STORAGE_ENDPOINT"
    )
    storage_port: Port | None = setting(
        None, "Its port, where the endpoint names none.", unit="port", alias="STORAGE_PORT"
    )
    storage_region: str = setting("", "Its region.", unit="name", alias="STORAGE_REGION")
    storage_access_key: SecretStr | None = setting(
        None, "Its access key or account name.", unit="text", alias="STORAGE_ACCESS_KEY"
    )
    storage_secret_key: SecretStr | None = setting(
        None, "Its secret key; at Azure the account's key or a SAS token.", unit="text", alias="STORAGE_SECRET_KEY"
    )
    storage_iam_role: str = setting(
        "",
        "In place of keys: an ARN names a role to assume, any other word the machine's own.",
        unit="name",
        alias="STORAGE_IAM_ROLE",
    )
    storage_credentials_path: Path | None = setting(
        None, "The JSON file of a service account of Google.", unit="file", alias="STORAGE_CREDENTIALS_PATH"
    )

    remote_storage_provider: Provider = setting(
        None,
        "The storage that links may point to, in any bucket: s3 (minio), azure or google.",
        unit="word",
        alias="REMOTE_STORAGE_PROVIDER",
    )
    remote_storage_endpoint: str = setting(
        "", "Its endpoint; without a scheme https is meant.", unit="URL or host", alias="REMOTE_STORAGE_ENDPOINT"
    )
    remote_storage_port: Port | None = setting(
        None, "Its port, where the endpoint names none.", unit="port", alias="REMOTE_STORAGE_PORT"
    )
    remote_storage_region: str = setting("", "Its region.", unit="name", alias="REMOTE_STORAGE_REGION")
    remote_storage_access_key: SecretStr | None = setting(
        None, "Its access key or account name.", unit="text", alias="REMOTE_STORAGE_ACCESS_KEY"
    )
    remote_storage_secret_key: SecretStr | None = setting(
        None,
        "Its secret key; at Azure the account's key or a SAS token.",
        unit="text",
        alias="REMOTE_STORAGE_SECRET_KEY",
    )
    remote_storage_iam_role: str = setting(
        "",
        "In place of keys: an ARN names a role to assume, any other word the machine's own.",
        unit="name",
        alias="REMOTE_STORAGE_IAM_ROLE",
    )
    remote_storage_credentials_path: Path | None = setting(
        None, "The JSON file of a service account of Google.", unit="file", alias="REMOTE_STORAGE_CREDENTIALS_PATH"
    )

    jupyter_hydrate: bool = _later(
        False,
        "Fetch a notebook's folder before it starts.",
        unit="true or false",
        alias="JUPYTER_DOWNLOAD_FILES_BEFORE_START",
    )
    jupyter_sync: bool = _later(
        False, "Keep a notebook's folder and its store alike.", unit="true or false", alias="STORAGE_JUPYTER_SYNC"
    )
