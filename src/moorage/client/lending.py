"""Calls about loans: short-lived credentials and signed URLs for one prefix of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import AnyKey
from moorage.model.keys import ESCAPED, escape, needs_escape
from moorage.model.lending import Action, Method


@dataclass(frozen=True, slots=True)
class Loan:
    """The record of a loan; it holds no secret."""

    id: str
    store: str
    user: str
    email: str
    name: str
    action: Action
    prefix: AnyKey
    method: Method
    access_key: str
    revocable: bool
    issued: datetime
    expires: datetime
    list_uploads: bool = False
    revoked: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoanKeys:
    """Keys of a session."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoanSas:
    """A shared access signature of Azure, and the URL that it is for with it."""

    token: str = field(repr=False)
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoanUrl:
    """A signed URL and the verb that it admits; ``part`` is None for a whole object."""

    key: AnyKey
    verb: str
    url: str = field(repr=False)
    part: int | None = None


@dataclass(frozen=True, slots=True)
class LoanForm:
    """A form to send a file with, as ``multipart/form-data``: all fields, then ``file``."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuedLoan(Loan):
    """A loan with what is handed over. What its method does not have is None or empty."""

    provider: str = ""
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    actions: tuple[str, ...] = ()
    credentials: LoanKeys | None = None
    sas: LoanSas | None = None
    urls: tuple[LoanUrl, ...] = ()
    session_url: str | None = field(default=None, repr=False)
    form: LoanForm | None = None
    token: str | None = field(default=None, repr=False)
    part_size: int | None = None
    renew_after: datetime | None = None
    """When to ask for the next one."""
    note: str = ""
    usage: str = ""


@dataclass(frozen=True, slots=True)
class RevokedLoan:
    """What became of a loan: ``ended`` where nobody can use it any more, else ``policy``, if any, would end it."""

    loan: Loan
    ended: bool
    note: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class LentObject:
    """An object that was made of its parts."""

    key: AnyKey
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class FoundObject:
    """What the store has of an object: ``there``, ``absent``, ``differs`` or ``unknown``, and the item of it."""

    key: AnyKey
    found: str
    item: str | None = None
    size: int | None = None
    etag: str | None = None
    modified: datetime | None = None
    detail: str = ""


class LoanCalls(Calls):
    """Loans."""

    async def lend(
        self,
        store: str,
        action: Action | str,
        prefix: str = "",
        *,
        expires_in: int = 3600,
        keys: Sequence[str] = (),
        parts: int = 0,
        method: Method | str = "auto",
        list_uploads: bool = False,
    ) -> IssuedLoan:
        """Borrow what lies below a prefix, or one key, for some seconds. The secrets are told this once.

        ``keys``: URLs are made for these objects; ``parts``: so many for each that is written.
        Raises: Forbidden, ReadOnly, Invalid with the limit that was passed, Refused where there are no such loans.
        """
        odd = any(map(needs_escape, (prefix, *keys)))
        body: dict[str, object] = {
            "action": action,
            "prefix": escape(prefix) if odd else prefix,
            "expires_in": expires_in,
            "keys": [escape(key) if odd else key for key in keys],
            "parts": parts,
            "method": method,
            "list_uploads": list_uploads,
        }
        body |= {"key_encoding": ESCAPED} if odd else {}
        return decode(IssuedLoan, await self._transport.post(f"/stores/{part(store)}/loans", body))

    async def loans(self, store: str, *, open_only: bool = False) -> list[Loan]:
        """The loans of a store, the last one first: your own, or all where you look after it."""
        query = query_of(open_only="true" if open_only else None)
        answer = await self._transport.get(f"/stores/{part(store)}/loans", query)
        return [decode(Loan, row) for row in answer["loans"]]

    async def revoke_loan(self, loan: str) -> RevokedLoan:
        """Take a loan back as far as its provider allows; the answer says what is left."""
        return decode(RevokedLoan, await self._transport.delete(f"/loans/{part(loan)}"))

    async def loan_parts(self, loan: str, key: str, first: int, count: int = 1000) -> list[LoanUrl]:
        """URLs for more parts of an upload of a loan, from number ``first`` on."""
        body = {"key": key, "first": first, "count": count}
        answer = await self._transport.post(f"/loans/{part(loan)}/parts", body)
        return [decode(LoanUrl, row) for row in answer["urls"]]

    async def complete_loan(self, loan: str, parts: Mapping[str, Sequence[str]]) -> list[LentObject]:
        """Make objects of their parts: the ETags of each, in the order of the parts."""
        objects = [
            {"key": key, "parts": [{"number": number, "etag": etag} for number, etag in enumerate(etags, 1)]}
            for key, etags in parts.items()
        ]
        answer = await self._transport.post(f"/loans/{part(loan)}/complete", {"objects": objects})
        return [decode(LentObject, row) for row in answer["objects"]]

    async def finish_loan(
        self, loan: str, sizes: Mapping[str, int], *, project: str | None = None, folder: str | None = None
    ) -> list[FoundObject]:
        """Tell what was written, as sizes by key: the store is asked. With a project, what is there becomes items."""
        body: dict[str, object] = {"objects": [{"key": key, "size": size} for key, size in sizes.items()]}
        body |= {} if project is None else {"project": project}
        body |= {} if folder is None else {"folder": folder}
        answer = await self._transport.post(f"/loans/{part(loan)}/finished", body)
        return [decode(FoundObject, row) for row in answer["objects"]]
