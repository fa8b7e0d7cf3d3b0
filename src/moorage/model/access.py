"""Who may do what: users, roles, grants, tokens, sessions, and the principal of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NewType

from moorage.model.errors import Forbidden, NotFound

UserId = NewType("UserId", int)


class Role(IntEnum):
    """Each role may do all that the lower ones may."""

    VIEWER = 1
    EDITOR = 2
    MANAGER = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The role as people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``has_password`` is False until one was chosen through a one-time link."""

    id: UserId
    email: str
    has_password: bool
    created_ms: int
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A role of a user on one project, or on everything (``project`` None)."""

    user: UserId
    role: Role
    project: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An API token. Only its SHA-256 is kept; the text is shown once. It narrows what its user may do."""

    id: int
    user: UserId
    name: str
    created_ms: int
    expires_ms: int | None = None
    role: Role | None = None
    """The most that it may do; None: as its user."""
    project: int | None = None
    """The only project that it reaches; None: as its user."""
    last_used_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. ``everywhere`` is the role on all projects, ``roles`` those on single ones."""

    user: UserId
    email: str
    everywhere: Role | None = None
    roles: Mapping[int, Role] = field(default_factory=dict)
    session: bool = False
    """Signed in by cookie: changes need a matching Origin."""

    def role_on(self, project: int) -> Role | None:
        """The role on one project: the greater of its own and the one on everything."""
        one, everywhere = self.roles.get(project), self.everywhere
        return one if everywhere is None or (one is not None and one > everywhere) else everywhere

    def need(self, role: Role, project: int) -> None:
        """Raise unless the principal has ``role`` on the project.

        NotFound when it may not even see the project; Forbidden when it sees it but may do less.
        """
        held = self.role_on(project)
        if held is None:
            raise NotFound(f"There is no project {project}, or you may not see it.", "Ask an admin for access.")
        if held < role:
            raise Forbidden(
                f"This needs the role {role.word}; you are {held.word} here. Nothing was changed.",
                "Ask an admin or a manager of the project.",
                role_needed=role.word,
            )

    def need_everywhere(self, role: Role) -> None:
        """Raise Forbidden unless the principal has ``role`` on the whole installation."""
        if self.everywhere is None or self.everywhere < role:
            raise Forbidden(
                f"This needs the role {role.word} on the whole installation. Nothing was changed.",
                "Ask an admin.",
                role_needed=role.word,
            )

    @property
    def visible(self) -> frozenset[int] | None:
        """The projects that it may see; None: all."""
        return None if self.everywhere else frozenset(self.roles)


SYSTEM = Principal(UserId(0), "system", Role.ADMIN)
"""The server itself: offline commands and jobs."""
