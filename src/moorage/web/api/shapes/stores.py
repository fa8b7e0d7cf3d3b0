"""Stores, checks and what a store lists."""

from __future__ import annotations

from typing import Literal

from moorage.model.probe import Permission
from moorage.web.api.shapes.parts import Encoded, Shape


class Line(Shape):
    """One permission of a check."""

    permission: Permission
    finding: Literal["ok", "missing", "unknown", "skipped"]
    required: bool
    detail: str
    advice: str


class Report(Shape):
    """What a check found."""

    passed: bool
    checked: str | None
    lines: list[Line]
    warnings: list[str]
    left_behind: str


class ScopeShape(Shape):
    """Who may use a store; empty: everyone."""

    projects: list[str]
    users: list[str]


class CredentialsShape(Shape):
    """What may be told about credentials; a name that their kind does not have is left out. No secret is ever shown."""

    kind: str
    account: str = ""
    access_key: str = ""
    permissions: str = ""
    role_arn: str = ""
    subject: str = ""
    email: str = ""
    tenant: str = ""
    client: str = ""
    process: str = ""


class StoreShape(Shape):
    """A store."""

    id: str
    name: str
    provider: str
    endpoint: str
    region: str
    bucket: str
    prefix: str
    root: str
    path_style: bool | None
    read_only: bool
    serve: str
    follow_symlinks: bool
    scope: ScopeShape
    connection: str
    origin: str
    guarded: bool
    credentials: CredentialsShape
    expires: str | None
    expires_what: str
    days_left: int | None
    loan_role_arn: str
    ca: bool
    created: str | None
    traffic: str = ""
    """What it costs that its bytes leave their region; told of one store alone."""
    check: Report | None


class EndingShape(Shape):
    """Something that a store needs, and when it ends."""

    what: str
    expires: str
    days_left: int


class FormerShape(Shape):
    """Credentials that were replaced and can be taken back. ``settles``: from then on a check that passes forgets them.

    ``failing``: stores that do not pass their check since.
    """

    credentials: CredentialsShape
    endings: list[EndingShape]
    replaced: str
    by: str
    settles: str
    failing: list[str]


class StoreCredentials(Shape):
    """What may be told of a store's credentials; ``endings``: the earliest first; ``former`` null: nothing to undo."""

    credentials: CredentialsShape
    endings: list[EndingShape]
    former: FormerShape | None


class StoreList(Shape):
    """Stores by name."""

    stores: list[StoreShape]
    next: None


class ObjectShape(Encoded):
    """An object of a store's own listing."""

    key: str
    size: int
    etag: str
    modified: str | None


class PrefixShape(Encoded):
    """A common prefix of a listing with delimiter."""

    prefix: str


class Objects(Shape):
    """A page of a store's own listing."""

    objects: list[ObjectShape]
    prefixes: list[PrefixShape]
    next: str | None


class ResolvedShape(Encoded):
    """Where an address leads."""

    store: str
    key: str
