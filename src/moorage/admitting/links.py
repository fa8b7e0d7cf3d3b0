"""One-time links: *make -> look*; the way in for someone who has no password yet. ``choosing`` uses them up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moorage.admitting.bearer import hash_of, new_bearer
from moorage.admitting.door import Door
from moorage.admitting.email import normal_email
from moorage.model.access import SYSTEM, Principal, Role, User, UserId
from moorage.model.errors import Conflict, SignInNeeded
from moorage.model.transaction import Transaction

LINK_MS: Final = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Link:
    """A link to hand to ``user``. ``text`` is the secret part of its address; only its hash is stored."""

    user: User
    text: str = field(repr=False)
    expires_ms: int


async def make_link(door: Door, by: Principal, user: UserId) -> Link:
    """A link that admits ``user`` once within 15 minutes. Needs an admin.

    Raises NotFound for an unknown user, Conflict for one that is shut out.
    """
    by.need_everywhere(Role.ADMIN)
    text = new_bearer()

    def make(tx: Transaction) -> Link:
        person = tx.people.get(user)
        if person.disabled:
            raise Conflict(f"{person.email} is shut out. No link was made.", "Let the account in again first.")
        link = Link(person, text, door.clock() + LINK_MS)
        tx.people.add_link(user, hash_of(text), link.expires_ms)
        tx.audit.add(by, "link.make", f"user {user}")
        return link

    return await door.facts.write(make)


async def look_at_link(door: Door, text: str) -> User:
    """Whom the link admits; looking does not use it up. Raises SignInNeeded when it admits nobody any more."""
    return await door.facts.read(lambda tx: looked_at(tx, text, door.clock()))


async def first_admin(door: Door, *, email: str = "admin@localhost") -> User | None:
    """The admin for whom a start shows a one-time link; None once an admin has a password.

    Where there is no user at all, one is made with that e-mail and the role admin.
    """
    name = normal_email(email)
    if await door.facts.read(lambda tx: tx.people.admin_has_password()):
        return None

    def find(tx: Transaction) -> User:
        admins = tx.people.admins()
        if admins:
            return tx.people.get(admins[0])
        user = tx.people.named(name) or tx.people.add(name)
        tx.people.set_disabled(user.id, disabled=False)
        tx.people.set_grant(user.id, Role.ADMIN)
        tx.audit.add(SYSTEM, "user.add", f"user {user.id}", email=name, role=Role.ADMIN.word)
        return tx.people.get(user.id)

    return await door.facts.write(find)


def looked_at(tx: Transaction, text: str, now_ms: int) -> User:
    """Whom the link admits. Raises SignInNeeded when it admits nobody any more."""
    link = tx.people.link(hash_of(text))
    if link is None:
        raise SignInNeeded("This link is not known here.", "Make a new one on the server: moorage user link EMAIL")
    if link.used:
        raise used()
    if link.expires_ms <= now_ms:
        raise SignInNeeded("This link has expired.", "Make a new one on the server: moorage user link EMAIL")
    return tx.people.get(link.user)


def used() -> SignInNeeded:
    """The error for a link that was used already."""
    return SignInNeeded(
        "This link was used already.",
        "Sign in with the password that was chosen; or make a new one on the server: moorage user link EMAIL",
    )
