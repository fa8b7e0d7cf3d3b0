"""What the server answers about people, as frozen dataclasses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Me:
    """Who the token stands for; ``everywhere`` is the role on all projects, ``roles`` those on single ones."""

    email: str
    user: str
    everywhere: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on one project, or on everything where ``project`` is None."""

    role: str
    project: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that signs in once, until ``expires``."""

    url: str = field(repr=False)
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``role`` is the one on everything; ``link`` is told only when the user is made."""

    id: str
    email: str
    has_password: bool
    role: str = ""
    disabled: bool = False
    created: datetime | None = None
    grants: tuple[Grant, ...] = ()
    link: OneTimeLink | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token; ``token``, the text itself, is told only when it is made."""

    id: str
    name: str
    user: str
    email: str = ""
    role: str | None = None
    project: str | None = None
    created: datetime | None = None
    expires: datetime | None = None
    last_used: datetime | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change: who did what to which subject, and when."""

    id: str
    at: datetime
    user: str
    email: str
    action: str
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
