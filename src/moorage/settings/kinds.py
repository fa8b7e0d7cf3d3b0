"""The kinds of values that settings have, and how one setting is written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

from moorage.model.hosts import door_of, is_host_name, network_of
from moorage.settings.units import duration, size


def _networks(value: object) -> object:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    return (
        tuple(ip_network(word) if isinstance(word, str) else word for word in words)
        if isinstance(words, list)
        else words
    )


def _hosts(value: object) -> object:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(words, list):
        return words
    if bad := [word for word in words if not isinstance(word, str) or not (network_of(word) or is_host_name(word))]:
        raise ValueError(f"{str(bad[0])[:80]!r} is neither a host name nor a network such as 10.1.0.0/16")
    return tuple(words)


def _doors(value: object) -> object:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    bare = [door_of(word)[0] if isinstance(word, str) else word for word in words] if isinstance(words, list) else words
    _hosts(bare)
    return tuple(words) if isinstance(words, list) else words


def _url(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("write an absolute URL such as https://media.example.org/moorage")
    return value.rstrip("/")


Bytes = Annotated[int, BeforeValidator(size), Field(ge=0)]
Time = Annotated[timedelta, BeforeValidator(duration), Field(ge=timedelta(0))]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_hosts)]
Doors = Annotated[tuple[str, ...], BeforeValidator(_doors)]
Url = Annotated[str | None, BeforeValidator(_url)]
Count = Annotated[int, Field(ge=1)]
Region = Annotated[str, Field(pattern=r"^([a-z0-9-]+:[a-z0-9-]+)?$")]
Port = Annotated[int, Field(ge=0, le=65535)]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a setting besides its type: its unit, the guides' name, and whether nothing reads it yet."""

    unit: str
    alias: str = ""
    later: bool = False


def setting(default: Any, sentence: str, *, unit: str, alias: str = "", later: bool = False) -> Any:
    """One setting. ``alias`` is the guides' name for it; ``later``: accepted and shown, but nothing reads it yet."""
    return Field(default, description=sentence, json_schema_extra=asdict(Facts(unit, alias, later)))


def facts_of(field: FieldInfo) -> Facts:
    """What ``setting`` was told."""
    told = field.json_schema_extra
    assert isinstance(told, dict)
    return Facts(str(told["unit"]), str(told["alias"]), bool(told["later"]))
