"""What the server answers about connections, as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from moorage.client.shapes import CredentialsKind, Report, Scope
from moorage.model.store import Provider


@dataclass(frozen=True, slots=True)
class Connection:
    """Endpoint and credentials, which several stores may share."""

    id: str
    name: str
    provider: Provider
    credentials: CredentialsKind
    origin: str = ""
    """Where it is declared, such as ``remote_links.yml: lab``, and is changed only there."""
    vanished: bool = False
    """It is declared no longer, and kept because stores use it."""
    endpoint: str = ""
    region: str = ""
    path_style: bool | None = None
    root: str = ""
    ca: bool = False
    expires: datetime | None = None
    expires_what: str = ""
    days_left: int | None = None
    open_buckets: tuple[str, ...] | None = None
    """Buckets whose stores links make at their first use; empty: all; None: none."""
    scope: Scope = Scope()
    stores: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BucketCheck:
    """What the check of a bucket found."""

    bucket: str
    prefix: str
    report: Report


@dataclass(frozen=True, slots=True)
class ConnectionChecks:
    """What the check of a connection found."""

    passed: bool
    checks: tuple[BucketCheck, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """Where the new key lies on the server; None where its keys come from a setting."""

    key_file: str | None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a reload did, by names of connections; ``kept``: declared no longer, but in use."""

    file: str | None = None
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
