"""Users and what they may do; the last admin stays."""

from __future__ import annotations

from dataclasses import dataclass

from moorage.admitting.door import Door
from moorage.admitting.email import normal_email
from moorage.admitting.passwords import check_password
from moorage.model.access import Grant, Principal, Role, User, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.errors import Conflict, Forbidden, NotFound
from moorage.model.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Member:
    """A user with all grants."""

    user: User
    grants: tuple[Grant, ...]


async def list_users(door: Door, by: Principal) -> list[Member]:
    """All users in the order in which they were added. Needs an admin."""
    by.need_everywhere(Role.ADMIN)

    def collect(tx: Transaction) -> list[Member]:
        held: dict[UserId, list[Grant]] = {}
        for grant in tx.people.grants():
            held.setdefault(grant.user, []).append(grant)
        return [Member(user, tuple(held.get(user.id, ()))) for user in tx.people.all()]

    return await door.facts.read(collect)


async def find_user(door: Door, by: Principal, email: str) -> User:
    """The user of that e-mail. Needs an admin. Raises NotFound."""
    by.need_everywhere(Role.ADMIN)
    name = normal_email(email)
    user = await door.facts.read(lambda tx: tx.people.named(name))
    if user is None:
        raise NotFound(f"There is no user {name}.", "List them with `moorage user ls`.")
    return user


async def add_user(
    door: Door,
    by: Principal,
    email: str,
    *,
    role: Role | None = None,
    project: ProjectId | None = None,
    password: str | None = None,
) -> User:
    """A user with ``role`` on one project or, without one, on everything. Needs an admin.

    Without a password it enters by a one-time link. Raises AlreadyExists, Invalid, NotFound for the project.
    """
    by.need_everywhere(Role.ADMIN)
    name = normal_email(email)
    hash_ = await _checked_hash(door, password, name)

    def add(tx: Transaction) -> User:
        if project is not None:
            tx.projects.get(project)
        user = tx.people.add(name)
        if hash_:
            tx.people.set_password_hash(user.id, hash_)
        tx.audit.add(by, "user.add", f"user {user.id}", email=name)
        if role is not None:
            _set_role(tx, by, user.id, role, project)
        return tx.people.get(user.id)

    return await door.facts.write(add)


async def remove_user(door: Door, by: Principal, user: UserId) -> None:
    """Remove a user with sessions and tokens. Needs an admin. Raises Conflict for the last admin."""
    by.need_everywhere(Role.ADMIN)

    def remove(tx: Transaction) -> None:
        person = tx.people.get(user)
        _keep_an_admin(tx, user)
        tx.people.remove(user)
        tx.audit.add(by, "user.remove", f"user {user}", email=person.email)

    await door.facts.write(remove)


async def set_disabled(door: Door, by: Principal, user: UserId, *, disabled: bool) -> None:
    """Shut a user out, ending all sessions, or let it in again. Needs an admin. Conflict for the last admin."""
    by.need_everywhere(Role.ADMIN)

    def change(tx: Transaction) -> None:
        if disabled:
            _keep_an_admin(tx, user)
        tx.people.set_disabled(user, disabled=disabled)
        tx.audit.add(by, "user.disable" if disabled else "user.enable", f"user {user}")

    await door.facts.write(change)


async def set_role(
    door: Door, by: Principal, user: UserId, role: Role | None, *, project: ProjectId | None = None
) -> None:
    """Grant a role on a project or, without one, on everything; None withdraws it.

    A manager of a project may grant there up to its own role; all else needs an admin. Raises Conflict when the
    last admin would be one no more.
    """
    if project is None:
        by.need_everywhere(Role.ADMIN)
    else:
        by.need(Role.MANAGER, project)

    def change(tx: Transaction) -> None:
        tx.people.get(user)
        if project is None:
            if role is not Role.ADMIN:
                _keep_an_admin(tx, user)
        else:
            tx.projects.get(project)
            _need_no_less(tx, by, user, role, project)
        _set_role(tx, by, user, role, project)

    await door.facts.write(change)


async def set_password(door: Door, by: Principal, user: UserId, password: str) -> None:
    """Set a user's password and end all its sessions. Needs an admin. Raises Invalid when it will not do."""
    by.need_everywhere(Role.ADMIN)
    person = await door.facts.read(lambda tx: tx.people.get(user))
    hash_ = await _checked_hash(door, password, person.email)

    def change(tx: Transaction) -> None:
        tx.people.set_password_hash(user, hash_)
        tx.audit.add(by, "password.set", f"user {user}")

    await door.facts.write(change)


async def _checked_hash(door: Door, password: str | None, email: str) -> str:
    if password is None:
        return ""
    check_password(password, email)
    return await door.passwords.hash(password)


def _set_role(tx: Transaction, by: Principal, user: UserId, role: Role | None, project: ProjectId | None) -> None:
    tx.people.set_grant(user, role, project)
    tx.audit.add(by, "grant.set", f"user {user}", role=None if role is None else role.word, project=project)


def _need_no_less(tx: Transaction, by: Principal, user: UserId, role: Role | None, project: ProjectId) -> None:
    """Nobody grants more than it holds, or takes from one who holds more."""
    before = next((grant.role for grant in tx.people.grants(user) if grant.project == project), None)
    asked = max(filter(None, (role, before)), default=Role.VIEWER)
    if asked > (by.role_on(project) or 0):
        raise Forbidden(
            f"You may not give or take the role {asked.word} here. Nothing was changed.",
            "Ask an admin.",
            role_needed=asked.word,
        )


def _keep_an_admin(tx: Transaction, leaving: UserId) -> None:
    if tx.people.admins() == [leaving]:
        raise Conflict("This is the last admin. Nothing was changed.", "Make another user admin first.")
