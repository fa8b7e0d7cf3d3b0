"""People, tokens and the audit."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from moorage.web.api.shapes.parts import Shape


class GrantShape(Shape):
    """A role on a project, or on everything."""

    role: str
    project: str | None


class LinkShape(Shape):
    """A one-time link."""

    url: str
    expires: str | None


class UserShape(Shape):
    """A user."""

    id: str
    email: str
    role: str = Field(description="The role on everything; empty: none.")
    disabled: bool
    has_password: bool
    created: str | None
    grants: list[GrantShape]
    link: LinkShape | None = None


class UserList(Shape):
    """Users by e-mail."""

    users: list[UserShape]
    next: None


class TokenShape(Shape):
    """A token; its text is shown once, when it is made."""

    id: str
    name: str
    user: str
    email: str
    role: str | None
    project: str | None
    created: str | None
    expires: str | None
    last_used: str | None
    token: str | None = None


class TokenList(Shape):
    """Tokens."""

    tokens: list[TokenShape]
    next: None


class Me(Shape):
    """Who asks."""

    user: str
    email: str
    everywhere: str | None
    roles: dict[str, str]


class AuditShape(Shape):
    """One change."""

    id: str
    at: str | None
    user: str
    email: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditList(Shape):
    """Changes, newest first."""

    audit: list[AuditShape]
    next: str | None
