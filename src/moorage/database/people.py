"""Users and their grants."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, delete, exists, select, update

from moorage.database.proofs import Proofs
from moorage.database.tables_people import EVERYTHING, GRANT, SESSION, SIGN_IN_LINK, TOKEN, USER
from moorage.database.upsert import insert
from moorage.model.access import Grant, Principal, Role, Token, User, UserId
from moorage.model.clock import now_ms
from moorage.model.errors import AlreadyExists, NotFound, SignInNeeded


class People(Proofs):
    """Users, and the ways to prove to be one."""

    def add(self, email: str) -> User:
        """A user without password or grant. AlreadyExists when the e-mail is taken."""
        values = {"email": email, "password_hash": "", "created_ms": now_ms(), "disabled": False}
        row = self._connection.execute(
            insert(self._connection, USER).values(values).on_conflict_do_nothing().returning(USER)
        ).first()
        if row is None:
            raise AlreadyExists(f"There is a user {email} already. Nothing was changed.", "Choose another e-mail.")
        return _user(row)

    def get(self, user: UserId) -> User:
        """NotFound when there is none."""
        row = self._connection.execute(select(USER).where(USER.c.id == user)).first()
        if row is None:
            raise _no_user(user)
        return _user(row)

    def named(self, email: str) -> User | None:
        """The user of that e-mail, letter by letter."""
        row = self._connection.execute(select(USER).where(USER.c.email == email)).first()
        return None if row is None else _user(row)

    def all(self) -> list[User]:
        """In the order in which they were added."""
        return [_user(row) for row in self._connection.execute(select(USER).order_by(USER.c.id))]

    def remove(self, user: UserId) -> None:
        """Remove the user with grants, sessions, links and tokens; the id is never given again."""
        for table in (GRANT, SESSION, SIGN_IN_LINK, TOKEN):
            self._connection.execute(delete(table).where(table.c.user == user))
        if not self._connection.execute(delete(USER).where(USER.c.id == user)).rowcount:
            raise _no_user(user)

    def set_disabled(self, user: UserId, *, disabled: bool) -> None:
        """Shut the user out, or let it in again. Shutting out ends all sessions and links."""
        self._update(user, disabled=disabled)
        if disabled:
            self._end_sessions(user)

    def password_hash(self, user: UserId) -> str:
        """Empty until a password was chosen. NotFound when there is no such user."""
        hash_ = self._connection.execute(select(USER.c.password_hash).where(USER.c.id == user)).scalar_one_or_none()
        if hash_ is None:
            raise _no_user(user)
        return str(hash_)

    def set_password_hash(self, user: UserId, hash_: str, *, keep_sessions: bool = False) -> None:
        """Store it. It is another password, so all sessions and links end, unless ``keep_sessions``."""
        self._update(user, password_hash=hash_)
        if not keep_sessions:
            self._end_sessions(user)

    def grants(self, user: UserId | None = None) -> list[Grant]:
        """Of one user, or of all; those on everything first."""
        query = select(GRANT).order_by(GRANT.c.user, GRANT.c.project)
        if user is not None:
            query = query.where(GRANT.c.user == user)
        return [
            Grant(UserId(row.user), Role(row.role), None if row.project == EVERYTHING else row.project)
            for row in self._connection.execute(query)
        ]

    def set_grant(self, user: UserId, role: Role | None, project: int | None = None) -> None:
        """Set or, with None, withdraw a role on a project or on everything. NotFound for an unknown user."""
        self.get(user)
        place = EVERYTHING if project is None else project
        if role is None:
            self._connection.execute(delete(GRANT).where(GRANT.c.user == user, GRANT.c.project == place))
            return
        self._connection.execute(
            insert(self._connection, GRANT)
            .values(user=user, project=place, role=int(role))
            .on_conflict_do_update(index_elements=["user", "project"], set_={"role": int(role)})
        )

    def principal(self, user: UserId, *, token: Token | None = None, session: bool = False) -> Principal:
        """The user with its roles, narrowed by ``token``. SignInNeeded when it is gone or shut out."""
        row = self._connection.execute(select(USER).where(USER.c.id == user, USER.c.disabled.is_(False))).first()
        if row is None:
            raise SignInNeeded("This account is gone or shut out.", "Ask an admin.")
        held = {grant.project: grant.role for grant in self.grants(user)}
        everywhere = held.pop(None, None)
        roles = {project: role for project, role in held.items() if project is not None}
        full = Principal(user, row.email, everywhere, roles, session)
        return full if token is None else _narrowed(full, token)

    def admin_has_password(self) -> bool:
        """True when an admin on everything, who is not shut out, has chosen a password."""
        query = _admins().where(USER.c.password_hash != "")
        return bool(self._connection.execute(select(exists(query))).scalar_one())

    def admins(self) -> list[UserId]:
        """Admins on everything that are not shut out; held until the end of the transaction."""
        rows = self._connection.execute(_admins().order_by(USER.c.id).with_for_update())
        return [UserId(row.id) for row in rows]

    def _update(self, user: UserId, **values: object) -> None:
        if not self._connection.execute(update(USER).where(USER.c.id == user).values(values)).rowcount:
            raise _no_user(user)

    def _end_sessions(self, user: UserId) -> None:
        self._connection.execute(delete(SESSION).where(SESSION.c.user == user))
        self._connection.execute(update(SIGN_IN_LINK).where(SIGN_IN_LINK.c.user == user).values(used=True))


def _admins() -> Select[Any]:
    return (
        select(USER.c.id)
        .join(GRANT, GRANT.c.user == USER.c.id)
        .where(GRANT.c.project == EVERYTHING, GRANT.c.role == int(Role.ADMIN), USER.c.disabled.is_(False))
    )


def _narrowed(full: Principal, token: Token) -> Principal:
    def least(role: Role) -> Role:
        return role if token.role is None else min(role, token.role)

    if token.project is not None:
        role = full.role_on(token.project)
        return Principal(full.user, full.email, None, {} if role is None else {token.project: least(role)})
    everywhere = None if full.everywhere is None else least(full.everywhere)
    return Principal(full.user, full.email, everywhere, {project: least(role) for project, role in full.roles.items()})


def _user(row: Row[Any]) -> User:
    return User(UserId(row.id), row.email, bool(row.password_hash), row.created_ms, row.disabled)


def _no_user(user: UserId) -> NotFound:
    return NotFound(f"There is no user {user}.", "List them with `moorage user ls`.")
