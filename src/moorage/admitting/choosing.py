"""Choosing a password: *use the link up -> short session -> password -> session*.

The link is used up before a password is chosen, so that its address is worth nothing once it was opened. The
session that it begins lasts an hour and is marked in its own text, which only its bearer and its hash know.
"""

from __future__ import annotations

from typing import Final

from moorage.admitting.bearer import hash_of, new_bearer
from moorage.admitting.door import Door
from moorage.admitting.links import looked_at, used
from moorage.admitting.passwords import check_password
from moorage.admitting.sessions import SignedIn, begin_session
from moorage.model.access import Principal
from moorage.model.errors import Refused, SignInNeeded
from moorage.model.transaction import Transaction

LINK_MARK: Final = "link_"
CHOOSING_MS: Final = 3600 * 1000


async def enter_by_link(door: Door, text: str) -> SignedIn:
    """Use the link up and begin a session of one hour that may choose a password without knowing the present one.

    Raises SignInNeeded when the link was used, has expired or never was.
    """
    bearer = new_bearer(LINK_MARK)

    def use(tx: Transaction) -> SignedIn:
        now_ms = door.clock()
        user = looked_at(tx, text, now_ms)
        if tx.people.use_link(hash_of(text), now_ms) is None:
            raise used()
        signed = SignedIn(user, bearer, now_ms + CHOOSING_MS)
        tx.people.add_session(user.id, hash_of(bearer), signed.expires_ms)
        tx.audit.add(tx.people.principal(user.id, session=True), "link.use", f"user {user.id}")
        return signed

    return await door.facts.write(use)


def may_choose(session: str) -> bool:
    """True for the text of a session that a link began."""
    return session.startswith(LINK_MARK)


async def choose_password(door: Door, by: Principal, session: str, new: str) -> SignedIn:
    """Set the password of ``by``, whose ``session`` a link began; all sessions end and a normal one begins.

    Raises Refused for a session that began otherwise, Invalid when the password will not do.
    """
    if not may_choose(session):
        raise Refused("This session did not begin with a one-time link.", "Make one: moorage user link EMAIL")
    check_password(new, by.email)
    hash_ = await door.passwords.hash(new)

    def change(tx: Transaction) -> SignedIn:
        if tx.people.session(hash_of(session), door.clock()) != by.user:
            raise SignInNeeded("This session has ended.", "Make a new link: moorage user link EMAIL")
        tx.people.set_password_hash(by.user, hash_)
        tx.audit.add(by, "password.choose", f"user {by.user}")
        return begin_session(tx, tx.people.get(by.user), door.clock())

    return await door.facts.write(change)
