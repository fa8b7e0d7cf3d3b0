"""Loans, what is handed over, and what became of it."""

from __future__ import annotations

from typing import Literal

from moorage.web.api.shapes.parts import Encoded, Shape

Word = Literal["sts", "presigned", "sas", "session", "token"]


class LoanShape(Encoded):
    """The record of a loan; it holds no secret."""

    id: str
    store: str
    user: str
    email: str
    name: str
    action: Literal["read", "write"]
    prefix: str
    method: Word
    access_key: str
    list_uploads: bool
    revocable: bool
    issued: str | None
    expires: str | None
    revoked: str | None


class LoanList(Shape):
    """The loans of a store, the last one first."""

    loans: list[LoanShape]
    next: None


class LentKeys(Shape):
    """Keys of a session."""

    access_key: str
    secret_key: str
    session_token: str


class LentSas(Shape):
    """A shared access signature: the token alone, and the URL that it is for with it."""

    token: str
    url: str


class LentUrlShape(Encoded):
    """A signed URL and the verb that it admits; ``part`` is null for a whole object."""

    key: str
    verb: str
    url: str
    part: int | None


class LentForm(Shape):
    """A form to send a file with, as ``multipart/form-data``: all fields, then ``file``."""

    url: str
    fields: dict[str, str]


class IssuedLoan(LoanShape):
    """A loan with what is handed over, this once. What its method does not have is null or empty."""

    provider: str
    endpoint: str
    region: str
    bucket: str
    actions: list[str]
    credentials: LentKeys | None
    sas: LentSas | None
    urls: list[LentUrlShape]
    session_url: str | None
    form: LentForm | None
    token: str | None
    part_size: int | None
    renew_after: str | None
    note: str
    usage: str


class MoreUrls(Shape):
    """More URLs of an upload."""

    urls: list[LentUrlShape]


class MadeObject(Encoded):
    """An object that was made of its parts."""

    key: str
    size: int
    etag: str


class MadeObjects(Shape):
    """Objects that were made."""

    objects: list[MadeObject]


class FoundObject(Encoded):
    """What the store has of an object that was written with a loan, and the item that shows it."""

    key: str
    found: Literal["there", "absent", "differs", "unknown"]
    item: str | None
    size: int | None
    etag: str | None
    modified: str | None
    detail: str


class FoundObjects(Shape):
    """What the store has; ``complete`` where all of it is there as told."""

    complete: bool
    objects: list[FoundObject]


class RevokedLoan(Shape):
    """What became of a loan: ``ended`` where nobody can use it any more, else what would end it."""

    loan: LoanShape
    ended: bool
    note: str
    policy: str
