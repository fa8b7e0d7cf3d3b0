"""Sessions: begun with a password or a link, ended by signing out, by time, or by another password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moorage.admitting.bearer import hash_of, new_bearer
from moorage.admitting.door import Door
from moorage.admitting.email import account_name
from moorage.admitting.passwords import MAX_LETTERS, check_password
from moorage.admitting.throttle import Tries
from moorage.model.access import Principal, User
from moorage.model.errors import Busy, SignInNeeded
from moorage.model.transaction import Transaction

SESSION_MS: Final = 14 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. ``text`` is the cookie's value; only its hash is stored."""

    user: User
    text: str = field(repr=False)
    expires_ms: int


async def sign_in(door: Door, email: str, password: str, *, address: str) -> SignedIn:
    """Begin a session of 14 days with a password; ``address`` is the network address of the browser.

    Raises SignInNeeded, the same and after the same time for a wrong password and an unknown account;
    TooManyTries, before anything is looked at, once an account or an address has failed too often; Busy, which
    counts as no failure, when too many sign in at once.
    """
    proven = await _prove(door, email, password, address)
    renewed = await door.passwords.hash(password) if door.passwords.outdated(proven.hash) else ""

    def begin(tx: Transaction) -> SignedIn:
        principal = proven.confirm(tx)
        if renewed:
            tx.people.set_password_hash(proven.user.id, renewed, keep_sessions=True)
        tx.audit.add(principal, "session.begin", f"user {proven.user.id}")
        return begin_session(tx, proven.user, door.clock())

    return await door.facts.write(begin)


async def change_password(door: Door, by: Principal, current: str, new: str, *, address: str) -> SignedIn:
    """Choose another password by naming the present one; all sessions end and a new one begins.

    Raises as ``sign_in`` does, and Invalid when the new one will not do.
    """
    check_password(new, by.email)
    proven = await _prove(door, by.email, current, address)
    hash_ = await door.passwords.hash(new)

    def change(tx: Transaction) -> SignedIn:
        proven.confirm(tx)
        tx.people.set_password_hash(proven.user.id, hash_)
        tx.audit.add(by, "password.change", f"user {proven.user.id}")
        return begin_session(tx, proven.user, door.clock())

    return await door.facts.write(change)


async def sign_out(door: Door, text: str) -> None:
    """End the session; one that has ended already is passed over."""
    hash_ = hash_of(text)

    def end(tx: Transaction) -> None:
        user = tx.people.session(hash_, door.clock())
        if user is not None:
            tx.audit.add(tx.people.principal(user, session=True), "session.end", f"user {user}")
        tx.people.remove_session(hash_)

    await door.facts.write(end)


async def principal_of_session(door: Door, text: str) -> Principal:
    """Who the cookie's value stands for. Raises SignInNeeded when it has ended or never was."""
    hash_ = hash_of(text)

    def find(tx: Transaction) -> Principal:
        user = tx.people.session(hash_, door.clock())
        if user is None:
            raise SignInNeeded("This session has ended.", "Sign in again.")
        return tx.people.principal(user, session=True)

    return await door.facts.read(find)


def begin_session(tx: Transaction, user: User, now_ms: int) -> SignedIn:
    """A new session of someone who was proven to be that user."""
    signed_in = SignedIn(user, new_bearer(), now_ms + SESSION_MS)
    tx.people.add_session(user.id, hash_of(signed_in.text), signed_in.expires_ms)
    return signed_in


@dataclass(frozen=True, slots=True)
class _Proven:
    """A user whose password was named, at a time; to be confirmed in the transaction that relies on it."""

    user: User
    hash: str = field(repr=False)
    tries: Tries
    at_ms: int

    def confirm(self, tx: Transaction) -> Principal:
        """Take the count back. SignInNeeded when account or password are others by now."""
        principal = tx.people.principal(self.user.id, session=True)
        if tx.people.password_hash(self.user.id) != self.hash:
            raise _wrong()
        self.tries.succeeded(tx.people, self.at_ms)
        return principal


async def _prove(door: Door, email: str, password: str, address: str) -> _Proven:
    tries, now_ms = Tries.of(email, address), door.clock()

    def begin(tx: Transaction) -> tuple[User | None, str]:
        tries.admit(tx.people, now_ms)
        tries.count(tx.people, now_ms)
        user = tx.people.named(account_name(email))
        return user, "" if user is None else tx.people.password_hash(user.id)

    # A flood that is throttled must not queue for the one writer.
    await door.facts.read(lambda tx: tries.admit(tx.people, now_ms))
    user, hash_ = await door.facts.write(begin)
    try:
        matches = await door.passwords.matches(hash_, password[: MAX_LETTERS + 1])
    except Busy:
        await door.facts.write(lambda tx: tries.take_back(tx.people, now_ms))
        raise
    if user is None or not matches:
        raise _wrong()
    return _Proven(user, hash_, tries, now_ms)


def _wrong() -> SignInNeeded:
    return SignInNeeded(
        "The e-mail or the password is wrong.",
        "Try again; or make a one-time link on the server: moorage user link EMAIL",
    )
