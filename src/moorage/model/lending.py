"""Loans: short-lived credentials and signed URLs for one prefix of a store, and the port of what issues them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, Protocol

from moorage.model.access import UserId
from moorage.model.credentials import Keys
from moorage.model.keys import ETag, Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import StoreId

LoanId = NewType("LoanId", int)
LoanUploadId = NewType("LoanUploadId", int)


class Action(StrEnum):
    """What a borrower may do below the prefix."""

    READ = "read"
    WRITE = "write"


class Method(StrEnum):
    """What is handed over."""

    STS = "sts"
    """Keys of a session, cut down to the prefix by the provider's token service."""
    PRESIGNED = "presigned"
    """URLs of single objects and parts, or a form, signed with the store's own credentials."""
    SAS = "sas"
    """Shared access signatures of Azure."""
    SESSION = "session"
    """Addresses of resumable uploads at Google, one an object."""
    TOKEN = "token"  # noqa: S105 - a word
    """An access token of Google, cut down to the prefix by a credential access boundary."""


@dataclass(frozen=True, slots=True)
class Area:
    """What a loan reaches: everything below ``prefix``, or, where that does not end with ``/``, this one key."""

    prefix: Key

    @property
    def exact(self) -> bool:
        """True for one key."""
        return not self.prefix.endswith("/")

    def holds(self, key: str) -> bool:
        """True where the loan reaches the key."""
        return key == self.prefix if self.exact else key.startswith(self.prefix) and key != self.prefix


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be lent, checked against the store but not against the provider."""

    area: Area
    action: Action
    life_s: int
    method: Method | None = None
    """None: the best that the store has."""
    keys: tuple[Key, ...] = ()
    """Objects for which URLs are wanted; empty: the whole area."""
    parts: int = 0
    """Parts of each object that is written; 0: it goes in one request."""
    list_uploads: bool = False
    name: str = ""
    """Names the loan in the provider's own log: letters, digits and ``+=,.@_-``, at most 64."""


@dataclass(frozen=True, slots=True)
class LentUrl:
    """A signed URL: what it is for and the verb of HTTP that it admits."""

    key: Key
    verb: str
    url: str = field(repr=False)
    part: int = 0
    """Number of the part from 1 on; 0: the whole object."""


@dataclass(frozen=True, slots=True)
class LentSas:
    """A shared access signature of Azure: the token without ``?``, and the URL that it is for, with it."""

    token: str = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """A form that browsers and curl send a file with, as ``multipart/form-data``: the fields, then ``file``."""

    url: str
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that the server began for the borrower. ``handle`` is what the provider knows it by."""

    key: Key
    handle: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lent:
    """What is handed over, once. Nothing of it is kept but ``access_key``, which is no secret, and what was begun."""

    method: Method
    expires_ms: int
    usage: str
    credentials: Keys | None = field(default=None, repr=False)
    sas: LentSas | None = None
    endpoint: str = ""
    """Where it is used; empty: the store's own endpoint."""
    region: str = ""
    urls: tuple[LentUrl, ...] = ()
    form: Form | None = None
    token: str = field(default="", repr=False)
    begun: tuple[Begun, ...] = ()
    kept_ms: int = 0
    """How long after its end what was begun may stay; then it is cancelled."""
    note: str = ""

    @property
    def access_key(self) -> str:
        """The public name of what was lent; empty where it has none."""
        return self.credentials.access_key if self.credentials else ""

    @property
    def revocable(self) -> bool:
        """True where all that was lent can be made useless before its time."""
        return bool(self.begun)


class Lender(Protocol):
    """What issues loans of one store. Raises the errors of ``moorage.model.errors``; Refused names another way."""

    async def lend(self, ask: Ask) -> Lent: ...

    async def part_urls(self, begun: Begun, numbers: range, life_s: int) -> tuple[LentUrl, ...]:
        """More URLs for parts of an upload that was begun."""

    async def complete(self, begun: Begun, parts: Sequence[tuple[int, ETag]]) -> ObjectInfo:
        """Make the object of its parts; a repeat answers the object. BodyBroken where a part is missing."""

    async def cancel(self, begun: Begun) -> None:
        """Drop an upload that was begun; a repeat does nothing, and neither does one that was completed."""

    def denial(self, before_ms: int) -> str:
        """A policy that makes all sessions from before that time useless; empty where there is no such thing."""


@dataclass(frozen=True, slots=True)
class Loan:
    """The record of a loan: never a secret."""

    user: UserId
    email: str
    store: StoreId
    name: str
    action: Action
    area: Area
    method: Method
    issued_ms: int
    expires_ms: int
    access_key: str = ""
    list_uploads: bool = False
    revocable: bool = False
    revoked_ms: int | None = None
    id: LoanId = LoanId(0)


@dataclass(frozen=True, slots=True)
class LoanUpload:
    """An upload of a loan that is neither completed nor cancelled."""

    id: LoanUploadId
    loan: LoanId
    begun: Begun
    due_ms: int
    """From then on it is cancelled."""
