"""Connections, their checks, and what a reload did."""

from __future__ import annotations

from moorage.web.api.shapes.parts import Shape
from moorage.web.api.shapes.stores import CredentialsShape, Report, ScopeShape


class ConnectionShape(Shape):
    """A connection. ``origin`` tells where it is declared; empty: it was made here and is changed here."""

    id: str
    name: str
    origin: str
    vanished: bool
    provider: str
    endpoint: str
    region: str
    path_style: bool | None
    root: str
    ca: bool
    credentials: CredentialsShape
    expires: str | None
    expires_what: str
    days_left: int | None
    open_buckets: list[str] | None
    scope: ScopeShape
    stores: list[str]


class ConnectionList(Shape):
    """Connections by name; ``problem`` is why the file remote_links.yml does not count."""

    connections: list[ConnectionShape]
    next: None
    file: str | None
    problem: str
    warnings: list[str]


class BucketCheckShape(Shape):
    """What the check of a bucket found."""

    bucket: str
    prefix: str
    report: Report


class ConnectionChecks(Shape):
    """What the check of a connection found."""

    passed: bool
    checks: list[BucketCheckShape]


class RotatedShape(Shape):
    """Where the new key lies; null where the keys come from a setting, whose first one seals now."""

    key_file: str | None


class ReloadedShape(Shape):
    """What a reload did, by names of connections; ``kept``: no longer declared, but in use."""

    file: str | None
    added: list[str]
    changed: list[str]
    removed: list[str]
    kept: list[str]
    warnings: list[str]
