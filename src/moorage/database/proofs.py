"""The ways to prove to be a user: one-time links, sessions, tokens; and the count of those who failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, select, update

from moorage.database.tables_people import SESSION, SIGN_IN_LINK, SIGN_IN_TRY, TOKEN, USER
from moorage.model.access import Role, Token, UserId
from moorage.model.clock import now_ms
from moorage.model.errors import NotFound
from moorage.model.transaction import SignInLink

KEEP_TRIES_MS: Final = 24 * 3600 * 1000
"""Failed sign-ins older than that are deleted."""


class Proofs:
    """Everything that comes as a hash. What has expired is deleted when another of its kind is added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_link(self, user: UserId, hash_: bytes, expires_ms: int) -> None:
        """A one-time link, not used yet."""
        self._connection.execute(delete(SIGN_IN_LINK).where(SIGN_IN_LINK.c.expires_ms <= now_ms()))
        self._connection.execute(SIGN_IN_LINK.insert().values(hash=hash_, user=user, expires_ms=expires_ms))

    def link(self, hash_: bytes) -> SignInLink | None:
        """The link of that hash, used up and expired ones too while their row stands."""
        row = self._connection.execute(select(SIGN_IN_LINK).where(SIGN_IN_LINK.c.hash == hash_)).first()
        return None if row is None else SignInLink(UserId(row.user), row.expires_ms, row.used)

    def use_link(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Use it up: its user the first time before it expires, None ever after."""
        links = SIGN_IN_LINK.c
        user = self._connection.execute(
            update(SIGN_IN_LINK)
            .where(links.hash == hash_, links.used.is_(False), links.expires_ms > now_ms)
            .values(used=True)
            .returning(links.user)
        ).scalar_one_or_none()
        return None if user is None else UserId(user)

    def add_session(self, user: UserId, hash_: bytes, expires_ms: int) -> None:
        """A session that holds until then."""
        self._connection.execute(delete(SESSION).where(SESSION.c.expires_ms <= now_ms()))
        self._connection.execute(SESSION.insert().values(hash=hash_, user=user, expires_ms=expires_ms))

    def session(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Its user, until it expires or the user is shut out."""
        user = self._connection.execute(
            select(SESSION.c.user)
            .join(USER, USER.c.id == SESSION.c.user)
            .where(SESSION.c.hash == hash_, SESSION.c.expires_ms > now_ms, USER.c.disabled.is_(False))
        ).scalar_one_or_none()
        return None if user is None else UserId(user)

    def remove_session(self, hash_: bytes) -> None:
        """End it; one that is gone already is passed over."""
        self._connection.execute(delete(SESSION).where(SESSION.c.hash == hash_))

    def add_token(self, token: Token, hash_: bytes) -> Token:
        """Insert it with a new id."""
        id_ = self._connection.execute(
            TOKEN.insert()
            .values(
                user=token.user,
                name=token.name,
                hash=hash_,
                created_ms=token.created_ms,
                expires_ms=token.expires_ms,
                role=token.role,
                project=token.project,
            )
            .returning(TOKEN.c.id)
        ).scalar_one()
        return replace(token, id=id_)

    def token(self, hash_: bytes, now_ms: int) -> Token | None:
        """The token, until it expires or its user is shut out."""
        row = self._connection.execute(
            select(TOKEN)
            .join(USER, USER.c.id == TOKEN.c.user)
            .where(TOKEN.c.hash == hash_, func.coalesce(TOKEN.c.expires_ms, now_ms + 1) > now_ms)
            .where(USER.c.disabled.is_(False))
        ).first()
        return None if row is None else _token(row)

    def tokens(self, user: UserId | None = None) -> list[Token]:
        """Of one user, or of all; oldest first. Expired ones too."""
        query = select(TOKEN).order_by(TOKEN.c.id)
        if user is not None:
            query = query.where(TOKEN.c.user == user)
        return [_token(row) for row in self._connection.execute(query)]

    def note_token_used(self, token: int, now_ms: int) -> None:
        """Remember when it was last of use; one that is gone is passed over."""
        self._connection.execute(update(TOKEN).where(TOKEN.c.id == token).values(last_used_ms=now_ms))

    def remove_token(self, token: int) -> None:
        """It ends at once. NotFound when there is none."""
        if not self._connection.execute(delete(TOKEN).where(TOKEN.c.id == token)).rowcount:
            raise NotFound(f"There is no token {token}.", "List them with `moorage token ls`.")

    def note_try(self, who: str, now_ms: int) -> None:
        """Count a sign-in of an account or address as failed; a success takes it back."""
        self._connection.execute(delete(SIGN_IN_TRY).where(SIGN_IN_TRY.c.at_ms < now_ms - KEEP_TRIES_MS))
        self._connection.execute(SIGN_IN_TRY.insert().values(who=who, at_ms=now_ms))

    def forget_tries(self, who: str, at_ms: int | None = None) -> None:
        """Forget the failures counted for it: all, or one of exactly that time."""
        tries = SIGN_IN_TRY.c
        statement = delete(SIGN_IN_TRY).where(tries.who == who)
        if at_ms is not None:
            one = select(func.max(tries.id)).where(tries.who == who, tries.at_ms == at_ms)
            statement = statement.where(tries.id == one.scalar_subquery())
        self._connection.execute(statement)

    def tries(self, who: str, since_ms: int) -> tuple[int, int]:
        """Failures since that time, and the time of the last one in Unix milliseconds; (0, 0) for none."""
        tries = SIGN_IN_TRY.c
        count, last = self._connection.execute(
            select(func.count(), func.max(tries.at_ms)).where(tries.who == who, tries.at_ms >= since_ms)
        ).one()
        return count, last or 0


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        user=UserId(row.user),
        name=row.name,
        created_ms=row.created_ms,
        expires_ms=row.expires_ms,
        role=None if row.role is None else Role(row.role),
        project=row.project,
        last_used_ms=row.last_used_ms,
    )
