"""Everything that Moorage raises on purpose.

MoorageError
├── Invalid             the request itself is wrong; nothing was changed
│   ├── KeyReused           an idempotency key came with another request before
│   ├── TooLarge            the request's body is longer than any that is taken
│   ├── WrongMethod         nothing here answers such a method
│   └── Unsupported         well formed, but nothing here does it
├── NotFound            nothing has that name, id or key
│   └── ObjectNotFound      the store has no object at that key
├── Refused             understood, but not allowed
│   ├── SignInNeeded        no valid session, token or signature
│   ├── Forbidden           signed in, but the role does not suffice
│   ├── StoreDenied         the provider refused our credentials or permission
│   │   └── AddressRefused      the address guard does not let this server connect there
│   ├── ReadOnly            the store must not be written to
│   └── TooManyTries        sign-in is throttled
├── Conflict            the state of things does not admit it now
│   ├── Changed             the object or row is not the version that was named
│   ├── AlreadyExists       the name or key is taken
│   └── InUse               others still depend on it
├── Unstorable          the provider cannot hold such a key
├── RangeUnsatisfiable  the range asked for has no byte in the object
├── TryAgain            a passing fault; the same call may succeed later
│   ├── StoreUnreachable    no answer, or not the answer of a store
│   └── Busy                a limit of this server is reached
├── BodyBroken          bytes ended early, came too many or failed a checksum
├── ProbeFailed         a store's check found a required permission missing
├── SealBroken          sealed credentials, but no key that opens them
└── Undecodable         the bytes are not an image or video that we can open

Each error carries its facts as fields and says, in ``advice``, what to do next.
HTTP status codes and exit codes stand in one table each, in ``edge`` and ``cli``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moorage.model.probe import ProbeReport


@dataclass(eq=False)
class MoorageError(Exception):
    """The root of all errors that Moorage raises on purpose.

    ``message`` says what happened and what was not changed; ``advice`` the next thing to do.
    Neither ever holds a secret.
    """

    message: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".rstrip()


@dataclass(eq=False)
class Invalid(MoorageError):
    """The request is wrong in itself; ``field`` names the part at fault."""

    field: str = ""


@dataclass(eq=False)
class KeyReused(Invalid):
    """An idempotency key came with another request before."""


@dataclass(eq=False)
class TooLarge(Invalid):
    """The request's body is longer than any that is taken."""


@dataclass(eq=False)
class WrongMethod(Invalid):
    """Nothing at this address answers such a method; ``allowed`` names those that are answered."""

    allowed: str = ""


@dataclass(eq=False)
class Unsupported(Invalid):
    """The request is well formed by its specification, but what it asks for is not done here."""


@dataclass(eq=False)
class NotFound(MoorageError):
    """Nothing has that name or id, or the caller may not know that it exists."""


@dataclass(eq=False)
class StoreError(MoorageError):
    """A fault that concerns one store; mixed into the classes below, never raised itself."""

    store: str = ""
    bucket: str = ""
    key: str = ""


@dataclass(eq=False)
class ObjectNotFound(StoreError, NotFound):
    """The store has no object at that key."""


@dataclass(eq=False)
class Refused(MoorageError):
    """Understood, but not allowed."""


@dataclass(eq=False)
class SignInNeeded(Refused):
    """No valid session, token or signature came with the request."""


@dataclass(eq=False)
class Forbidden(Refused):
    """The principal is known, but ``role_needed`` is more than it holds."""

    role_needed: str = ""


@dataclass(eq=False)
class TooManyTries(Refused):
    """Sign-in is throttled for this account or address for ``retry_after_s`` seconds."""

    retry_after_s: int = 0


@dataclass(eq=False)
class StoreDenied(StoreError, Refused):
    """The provider refused; ``permission`` names what is missing where it is known."""

    permission: str = ""
    code: str = ""


@dataclass(eq=False)
class AddressRefused(StoreDenied):
    """The address guard does not let this server connect there; no request was made.

    ``reach`` is the class of the address, such as ``loopback``; ``setting`` names the list that lets ``host`` through.
    """

    host: str = ""
    reach: str = ""
    setting: str = ""


@dataclass(eq=False)
class ReadOnly(StoreError, Refused):
    """The store is registered read-only and is never written to."""


@dataclass(eq=False)
class Conflict(MoorageError):
    """The state of things does not admit this now."""


@dataclass(eq=False)
class Changed(StoreError, Conflict):
    """The object or row is no longer (or not yet) the version that the caller named."""


@dataclass(eq=False)
class AlreadyExists(StoreError, Conflict):
    """The name or key is taken."""


@dataclass(eq=False)
class InUse(Conflict):
    """Others depend on it; ``users`` lists them as 'kind name'."""

    users: tuple[str, ...] = ()


@dataclass(eq=False)
class Unstorable(StoreError):
    """The provider cannot hold such a key; ``reason`` says why. Nothing was written."""

    reason: str = ""


@dataclass(eq=False)
class RangeUnsatisfiable(StoreError):
    """No byte of the object lies in the range asked for; ``size`` is the object's length."""

    size: int = 0


@dataclass(eq=False)
class TryAgain(MoorageError):
    """A passing fault; ``retry_after_s`` is the server's own wish, or None."""

    retry_after_s: float | None = None


@dataclass(eq=False)
class StoreUnreachable(StoreError, TryAgain):
    """The store gave no answer, or one that no store gives; ``cause`` is a short word for it."""

    cause: str = ""


@dataclass(eq=False)
class Busy(TryAgain):
    """A limit of this server is reached."""


@dataclass(eq=False)
class BodyBroken(StoreError):
    """A body ended early, came too long or failed its checksum. No object was made of it."""


@dataclass(eq=False)
class ProbeFailed(Refused):
    """A check found a required permission missing; nothing was registered."""

    report: ProbeReport | None = field(default=None, repr=False)


@dataclass(eq=False)
class SealBroken(MoorageError):
    """Credentials are sealed with a key that is not at hand."""


@dataclass(eq=False)
class Undecodable(MoorageError):
    """The bytes are not an image or video that can be opened here; ``reason`` is shown to people."""

    reason: str = ""
