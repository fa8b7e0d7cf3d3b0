"""The settings themselves: each with its default, its unit and a sentence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Self

from pydantic import Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from moorage.model.errors import Invalid
from moorage.settings.guides import Later
from moorage.settings.kinds import Bytes, Count, Doors, Hosts, Networks, Port, Region, Time, Url, facts_of, setting
from moorage.settings.machine import Machine
from moorage.settings.sources import PREFIX, Found, Names, gather

NO_FLAGS: Final[Mapping[str, object]] = MappingProxyType({})
DEFAULT: Final = "default"
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - recognised here, not bound


class LogLevel(StrEnum):
    """The least weight of a line that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks: for people, or one JSON object."""

    CONSOLE = "console"
    JSON = "json"


class Settings(Machine, Later):
    """Everything that can be set. Made by ``Settings.load``; frozen; secrets do not show in its repr."""

    data: Path = setting(
        None,
        "The directory of catalogue, caches and key. "
        "Default: `/var/lib/moorage` for root, else `~/.local/share/moorage`.",
        unit="directory",
        alias="DATA_PATH",
    )
    config: Path | None = setting(
        None,
        "The settings file. Default: `moorage.toml` in the working directory, else in the data directory.",
        unit="file",
    )
    data_init: bool = setting(
        False, "Start in a data directory that holds files of something else.", unit="true or false"
    )

    host: str = setting("127.0.0.1", "The address on which `serve` listens.", unit="host name or address")
    port: Port = setting(8080, "The port on which `serve` listens; 0 takes a free one.", unit="port")
    public_url: Url = setting(
        None,
        "The only source of absolute addresses; a path is allowed. Default: `http://<host>:<port>`.",
        unit="URL",
    )
    trusted_proxies: Networks = setting(
        (), "The proxies whose `X-Forwarded-*` headers count.", unit="networks, separated by commas"
    )
    url: Url = setting(None, "The server that commands talk to. Default: the local one.", unit="URL")
    token: SecretStr | None = setting(None, "The API token that commands sign in with.", unit="text")

    store_access_key: SecretStr | None = setting(
        None, "The access key that `store add` and `mirror add` register when none is named.", unit="text"
    )
    store_secret_key: SecretStr | None = setting(None, "The secret key that goes with it.", unit="text")
    store_session_token: SecretStr | None = setting(
        None, "The session token that goes with them, where they are temporary.", unit="text"
    )
    store_account: str | None = setting(
        None,
        "The storage account of Azure; its key, SAS token or connection string is then the secret key.",
        unit="text",
    )
    store_credentials: Path | None = setting(
        None, "A file with the credentials of any kind that `store add` registers when none are named.", unit="file"
    )
    remote_links: Path | None = setting(
        None,
        "The file of storages that links may point to. "
        "Default: `remote_links.yml` in the data directory, else `/remote_links.yml`.",
        unit="file",
    )
    google_metadata_host: str = setting(
        "metadata.google.internal",
        "Where a machine of Google Cloud asks for the tokens of its own account.",
        unit="host name, with its port where it is not 80",
        alias="GCE_METADATA_HOST",
    )

    store_endpoints: Doors = setting(
        (),
        "Hosts at which managers of a project, and who was sent a link to connect a bucket, may add stores though they "
        "are not public, or by plain http: `minio.lan:9000`, `*.lab.example.org`, `10.1.0.0/16`. Admins add any.",
        unit="host names and networks, each perhaps with a port, separated by commas",
    )
    link_hosts_allow: Hosts = setting(
        (),
        "Hosts behind `https://` addresses that are read though they are not public, or by plain http: "
        "`media.lan`, `*.example.org`, `10.1.0.0/16`.",
        unit="host names and networks, separated by commas",
    )
    link_size: Bytes = setting(50 * 2**30, "Larger objects behind `https://` addresses are not read.", unit="size")
    link_list_size: Bytes = setting(2**30, "The longest list of links that is taken at once.", unit="size")
    link_time: Time = setting(
        timedelta(minutes=10), "How long one request to an `https://` address is waited for in all.", unit="time"
    )
    link_redirects: Annotated[int, Field(ge=0, le=20)] = setting(
        5, "How often an `https://` address may lead to another one.", unit="redirects"
    )

    database_url: SecretStr | None = setting(
        None,
        "The catalogue's database, such as `postgresql://user:password@host/name`. "
        "Default: SQLite, `catalogue.db` in the data directory.",
        unit="URL",
    )
    database_pool: Count | None = setting(
        None,
        "How many transactions a process reads at a time; on PostgreSQL it writes as many. "
        "Default: 4 on SQLite, 8 on PostgreSQL.",
        unit="transactions",
    )
    secret_key: SecretStr | None = setting(
        None,
        "Opens sealed credentials and signs URLs. Of several keys, with blanks between, the first seals and signs: "
        "see `moorage secrets rotate`. Default: `secret.key` in the data directory.",
        unit="text",
    )

    log_level: LogLevel = setting(LogLevel.INFO, "The least weight of a line that is logged.", unit="word")
    log_format: LogFormat = setting(LogFormat.CONSOLE, "Lines for people, or one JSON object each.", unit="word")
    log_file: Path | None = setting(None, "Log lines go to this file too.", unit="file")

    cache_previews_size: Bytes = setting(
        2**30, "The most that the cache of previews holds.", unit="size", alias="CACHE_PREVIEWS_SIZE"
    )
    cache_previews_expires: Time = setting(
        timedelta(hours=12),
        "A preview that nobody asked for goes after it.",
        unit="time",
        alias="CACHE_PREVIEWS_EXPIRES",
    )

    cache_storage_size: Bytes = setting(
        10 * 2**30,
        "The most that the cache of originals holds: what buckets and web servers have, not disks.",
        unit="size",
        alias="CACHE_STORAGE_SIZE",
    )
    cache_storage_expires: Time = setting(
        timedelta(days=7),
        "What was fetched is served without asking its store for so long, and goes when nobody asked for it.",
        unit="time",
        alias="CACHE_STORAGE_EXPIRES",
    )
    cache_storage_stale: bool = setting(
        True, "Serve an original that is older than that while its store cannot be reached.", unit="true or false"
    )

    cache_image_converter_size: Bytes = setting(
        10 * 2**30,
        "The most that the cache of conversions holds.",
        unit="size",
        alias="CACHE_IMAGE_CONVERTER_SIZE",
    )
    cache_image_converter_expires: Time = setting(
        timedelta(days=7),
        "A conversion that nobody asked for goes after it.",
        unit="time",
        alias="CACHE_IMAGE_CONVERTER_EXPIRES",
    )

    prices: Path | None = setting(
        None,
        "A TOML file of prices for the estimates of what stores cost; it is laid over the built-in list prices.",
        unit="file",
    )
    server_region: Region = setting(
        "",
        "Where this server runs, such as `aws:eu-west-1`: bytes that stay in a region are cheaper. "
        "Empty: outside of every cloud.",
        unit="cloud, colon, region",
    )

    decoder_workers: Count = setting(2, "How many processes open images and video.", unit="processes")
    decoder_memory: Bytes = setting(2 * 2**30, "The most memory of one decoder process.", unit="size")
    video_time: Time = setting(
        timedelta(hours=1),
        "The longest that making one converted video may take, without the time in which the store sends its bytes.",
        unit="time",
    )
    decoder_time: Time = setting(timedelta(seconds=30), "The longest that one image or video may take.", unit="time")
    decoder_pixels: Count = setting(1_000_000_000, "Images with more pixels are not opened.", unit="pixels")

    connections_reading: Count = setting(64, "Connections to one store that readers share.", unit="connections")
    connections_jobs: Count = setting(32, "Connections to one store that jobs share.", unit="connections")
    connections_admin: Count = setting(4, "Connections to one store for checks.", unit="connections")
    job_slices: Count = setting(8, "How many slices of jobs a process runs side by side.", unit="slices")

    admin_email: str = setting("admin@localhost", "The account that the first start makes.", unit="e-mail")
    demo: Path | None = setting(
        None, "The file of things to try that the pages of a demo's folders show; `make demo` writes it.", unit="file"
    )
    signed_url_life: Time = setting(timedelta(days=7), "The longest life of a signed URL.", unit="time")
    nginx_seals: bool = setting(
        False,
        "Signed URLs of previews carry a seal that an nginx in front checks by itself; `moorage deploy nginx`.",
        unit="true or false",
    )
    loan_life: Time = setting(
        timedelta(hours=12), "The longest life of a loan: of credentials and URLs that a store lends.", unit="time"
    )

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _file: Path | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only ``load`` reads sources: it knows aliases, conflicts and origins."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, object] = NO_FLAGS,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        *,
        dotenv: bool = True,
    ) -> Self:
        """The settings in force; ``flags`` by field name, None where a flag was not given.

        ``dotenv``: whether `.env` in the working directory counts; not where it is somebody else's.

        Raises: Invalid, which names the variable and what to write.
        """
        environ = os.environ if environ is None else environ
        data = _default_data(environ)
        found = gather(names(), flags=flags, environ=environ, cwd=cwd or Path.cwd(), default_data=data, dotenv=dotenv)
        try:
            settings = cls.model_validate({"data": data} | found.values)
        except ValidationError as exc:
            raise _invalid(exc, found) from exc
        settings._origins.update({name: found.origins.get(name, DEFAULT) for name in cls.model_fields})  # noqa: SLF001 - our own
        settings._file = found.file  # noqa: SLF001 - our own
        return settings

    @property
    def origins(self) -> Mapping[str, str]:
        """Where values come from, by field: ``flag``, ``environment (NAME)``, ``.env (NAME)``, a file, ``default``."""
        return MappingProxyType(self._origins)

    @property
    def file(self) -> Path | None:
        """The settings file in force."""
        return self._file

    @property
    def catalogue_url(self) -> str:
        """The URL of the catalogue's database. It may hold a password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'catalogue.db'}"

    @property
    def public_address(self) -> str:
        """What absolute addresses begin with, without a final ``/``."""
        return self.public_url or self.local_address

    @property
    def server_address(self) -> str:
        """The server that commands talk to, without a final ``/``."""
        return self.url or self.local_address

    @property
    def local_address(self) -> str:
        """Where ``serve`` on this machine answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{_EVERYWHERE.get(self.host, host)}:{self.port}"


def names() -> tuple[Names, ...]:
    """How every setting is called, in the order in which they are shown: those that nothing reads yet at the end."""
    result = []
    for name, info in sorted(Settings.model_fields.items(), key=lambda field: facts_of(field[1]).later):
        alias = facts_of(info).alias
        kind = str(info.annotation)
        result.append(Names(name, (alias,) if alias else (), secret="SecretStr" in kind, path="Path" in kind))
    return tuple(result)


def _default_data(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/moorage")
    return Path(environ.get("HOME") or Path.home()) / ".local" / "share" / "moorage"


def _invalid(exc: ValidationError, found: Found) -> Invalid:
    """What is wrong with the first wrong value; the value itself is not repeated, it may be a secret."""
    error = exc.errors(include_input=False, include_url=False)[0]
    name = str(error["loc"][0]) if error["loc"] else ""
    reason = error["msg"].removeprefix("Value error, ")
    origin = found.origins.get(name, DEFAULT)
    variable = f"{PREFIX}{name.upper()}"
    return Invalid(f"{name} from {origin} does not fit: {reason}.", "Correct it.", field=variable)
