"""Port to users and the four ways to prove to be one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from moorage.model.access import Grant, Principal, Role, Token, User, UserId


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A one-time link: only its hash is stored."""

    user: UserId
    expires_ms: int
    used: bool


class People(Protocol):
    """Users, and the four ways to prove to be one. Secrets come hashed; none is ever stored."""

    def add(self, email: str) -> User:
        """A user without password or grant. AlreadyExists when the e-mail is taken."""

    def get(self, user: UserId) -> User: ...

    def named(self, email: str) -> User | None: ...

    def all(self) -> list[User]: ...

    def remove(self, user: UserId) -> None:
        """Remove the user with grants, sessions, links and tokens; the id is never given again."""

    def set_disabled(self, user: UserId, *, disabled: bool) -> None:
        """Shut the user out, or let it in again. Shutting out ends all sessions and links."""

    def password_hash(self, user: UserId) -> str: ...

    def set_password_hash(self, user: UserId, hash_: str, *, keep_sessions: bool = False) -> None:
        """Store it. It is another password, so all sessions and links end, unless ``keep_sessions``."""

    def grants(self, user: UserId | None = None) -> list[Grant]:
        """Of one user, or of all; those on everything first."""

    def set_grant(self, user: UserId, role: Role | None, project: int | None = None) -> None:
        """Set or, with None, withdraw a role on a project or on everything."""

    def principal(self, user: UserId, *, token: Token | None = None, session: bool = False) -> Principal:
        """The user with its roles, narrowed by ``token``. SignInNeeded when it is gone or shut out."""

    def admin_has_password(self) -> bool: ...

    def admins(self) -> list[UserId]:
        """Admins on everything that are not shut out; held until the end, so that two cannot remove each other.

        Inside ``Facts.write`` only.
        """

    def add_link(self, user: UserId, hash_: bytes, expires_ms: int) -> None: ...

    def link(self, hash_: bytes) -> SignInLink | None: ...

    def use_link(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Use it up: its user the first time before it expires, None ever after."""

    def add_session(self, user: UserId, hash_: bytes, expires_ms: int) -> None: ...

    def session(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Its user, until it expires or the user is shut out."""

    def remove_session(self, hash_: bytes) -> None: ...

    def add_token(self, token: Token, hash_: bytes) -> Token: ...

    def token(self, hash_: bytes, now_ms: int) -> Token | None:
        """The token, until it expires or its user is shut out."""

    def tokens(self, user: UserId | None = None) -> list[Token]: ...

    def note_token_used(self, token: int, now_ms: int) -> None: ...

    def remove_token(self, token: int) -> None: ...

    def note_try(self, who: str, now_ms: int) -> None:
        """Count a sign-in of an account or address as failed; a success takes it back."""

    def forget_tries(self, who: str, at_ms: int | None = None) -> None:
        """Forget the failures counted for it: all, or one of exactly that time."""

    def tries(self, who: str, since_ms: int) -> tuple[int, int]:
        """Failures since that time, and the time of the last one in Unix milliseconds."""
