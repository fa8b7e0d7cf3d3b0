"""The verbs of lending. grant -> state -> provider -> transaction -> audit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from moorage.lending.asking import Wish, checked, need_storable
from moorage.lending.finishing import Claimed, Found, look
from moorage.lending.granting import may_watch, need_lend
from moorage.model.access import Principal
from moorage.model.errors import Conflict, MoorageError, NotFound
from moorage.model.keys import ETag, Key, escape
from moorage.model.lending import Lender, Lent, LentUrl, Loan, LoanId, LoanUpload, Method
from moorage.model.objects import ObjectInfo
from moorage.model.store import ObjectStore, Store
from moorage.model.transaction import Facts, Transaction

REVOKED: Final = "What was lent is of no use any more."
IMPOSSIBLE: Final = (
    "The provider cannot take back a single loan: whoever holds it can use it for up to {minutes} min more."
)
POLICY: Final = "The policy, put on the role that loans assume, ends all sessions of it that began before now."
OTHERWISE: Final = "To end it before, replace the credentials that the store signs with, at the provider."


@dataclass(frozen=True, slots=True)
class Issued:
    """A loan with what is handed over, and its store."""

    loan: Loan
    lent: Lent
    store: Store


@dataclass(frozen=True, slots=True)
class Revoked:
    """What became of a loan. ``ended``: nobody can use it any more; else ``policy`` ends it, where there is one."""

    loan: Loan
    store: Store
    ended: bool
    note: str
    policy: str = ""


class Lending:
    """What borrowers do, and those who look after a store."""

    def __init__(
        self,
        facts: Facts,
        lender_of: Callable[[Store], Lender],
        adapter: Callable[[Store], ObjectStore],
        *,
        longest: timedelta,
        now_ms: Callable[[], int],
    ) -> None:
        self._facts = facts
        self._lender_of = lender_of
        self._adapter = adapter
        self._longest_s = int(longest.total_seconds())
        self._now_ms = now_ms

    async def lend(self, principal: Principal, store: str, wish: Wish) -> Issued:
        """Lend what the wish names. It is recorded before it is handed over; of the secret nothing is kept.

        Raises Forbidden, ReadOnly, Invalid for what no loan may be, Refused where the store has no such loans, and
        what the provider says.
        """
        found = await self._facts.read(lambda tx: tx.stores.named(store))
        need_lend(principal, found)
        ask = checked(principal, found, wish, longest_s=self._longest_s)
        need_storable(self._adapter(found), ask)
        issued_ms = self._now_ms()
        lender = self._lender_of(found)
        lent = await lender.lend(ask)
        loan = Loan(
            user=principal.user,
            email=principal.email,
            store=found.id,
            name=ask.name,
            action=ask.action,
            area=ask.area,
            method=lent.method,
            issued_ms=issued_ms,
            expires_ms=lent.expires_ms,
            access_key=lent.access_key,
            list_uploads=ask.list_uploads,
            revocable=lent.revocable,
        )

        def write(tx: Transaction) -> Loan:
            tx.stores.get(found.id)  # NotFound where it was removed meanwhile
            added = tx.loans.add(loan, lent.begun, due_ms=lent.expires_ms + lent.kept_ms)
            tx.audit.add(principal, "loan.issue", f"loan {added.id}", **_told(found, added), keys=len(ask.keys))
            return added

        try:
            return Issued(await self._facts.write(write), lent, found)
        except BaseException:
            for one in lent.begun:
                with contextlib.suppress(MoorageError):
                    await lender.cancel(one)
            raise

    async def all(self, principal: Principal, store: str) -> list[Loan]:
        """The loans of a store, the last one first; one's own, unless one looks after the store."""

        def read(tx: Transaction) -> list[Loan]:
            found = tx.stores.named(store)
            loans = tx.loans.of_store(found.id)
            if not may_watch(principal, found):
                loans = [loan for loan in loans if loan.user == principal.user]
                if not loans:
                    need_lend(principal, found)
            return loans

        return await self._facts.read(read)

    async def get(self, principal: Principal, loan: LoanId) -> tuple[Loan, Store]:
        """One loan and its store. NotFound for one that the principal may not see."""

        def read(tx: Transaction) -> tuple[Loan, Store]:
            found = tx.loans.get(loan)
            store = tx.stores.get(found.store)
            if found.user != principal.user and not may_watch(principal, store):
                raise _not_yours(loan)
            return found, store

        return await self._facts.read(read)

    async def part_urls(self, principal: Principal, loan: LoanId, key: Key, numbers: range) -> tuple[LentUrl, ...]:
        """URLs for more parts of an upload, numbered from 1 on; they live as long as the loan."""
        found, store, uploads = await self._own(principal, loan)
        left_s = (found.expires_ms - self._now_ms()) // 1000
        if left_s < 1:
            raise Conflict("This loan has ended.", "Ask for a new one.")
        upload = _open(uploads, key)
        return await self._lender_of(store).part_urls(upload.begun, numbers, left_s)

    async def complete(
        self, principal: Principal, loan: LoanId, parts: Mapping[Key, Sequence[tuple[int, ETag]]]
    ) -> list[ObjectInfo]:
        """Make objects of the parts that the borrower sent; one that was made stays, whatever becomes of the next."""
        _, store, uploads = await self._own(principal, loan)
        lender, made = self._lender_of(store), []
        for upload, told in [(_open(uploads, key), told) for key, told in parts.items()]:
            info = await lender.complete(upload.begun, told)
            made.append(info)
            await self._facts.write(lambda tx, one=upload, info=info: self._made(tx, principal, loan, one, info))  # type: ignore[misc]
        return made

    async def finished(self, principal: Principal, loan: LoanId, objects: Sequence[Claimed]) -> list[Found]:
        """What the store has of the objects that the borrower says to have written."""
        found, store, _ = await self._own(principal, loan)
        return await look(found, self._adapter(store), objects)

    async def revoke(self, principal: Principal, loan: LoanId) -> Revoked:
        """Take a loan back as far as the provider lets us: what was begun is cancelled. A repeat does no harm."""
        found, store, uploads = await self._own(principal, loan, watch=True)
        lender = self._lender_of(store)
        for upload in uploads:
            await lender.cancel(upload.begun)
        now_ms = self._now_ms()

        def write(tx: Transaction) -> Loan:
            tx.loans.revoke(loan, now_ms)
            tx.loans.end_uploads([one.id for one in uploads])
            told = {"store": store.name, "cancelled": len(uploads)}
            tx.audit.add(principal, "loan.revoke", f"loan {loan}", **told)
            return tx.loans.get(loan)

        revoked = await self._facts.write(write)
        if found.revocable or found.expires_ms <= now_ms:
            return Revoked(revoked, store, ended=True, note=REVOKED)
        policy = lender.denial(now_ms) if found.method is Method.STS else ""
        note = IMPOSSIBLE.format(minutes=-(-(found.expires_ms - now_ms) // 60_000))
        return Revoked(revoked, store, ended=False, note=f"{note} {POLICY if policy else OTHERWISE}", policy=policy)

    async def _own(
        self, principal: Principal, loan: LoanId, *, watch: bool = False
    ) -> tuple[Loan, Store, list[LoanUpload]]:
        """A loan of the principal's own, or, to ``watch``, of a store that it looks after. NotFound for others."""

        def read(tx: Transaction) -> tuple[Loan, Store, list[LoanUpload]]:
            found = tx.loans.get(loan)
            store = tx.stores.get(found.store)
            if found.user != principal.user and not (watch and may_watch(principal, store)):
                raise _not_yours(loan)
            if not watch:
                need_lend(principal, store)
            return found, store, tx.loans.uploads(loan)

        return await self._facts.read(read)

    def _made(self, tx: Transaction, principal: Principal, loan: LoanId, upload: LoanUpload, info: ObjectInfo) -> None:
        tx.loans.end_uploads([upload.id])
        key, size = escape(info.key), info.size
        tx.audit.add(principal, "loan.complete", f"loan {loan}", key=key, size=size)


def _not_yours(loan: LoanId) -> NotFound:
    return NotFound(f"There is no loan {loan}, or it is not yours.", "Loans are listed by store.")


def _open(uploads: Sequence[LoanUpload], key: Key) -> LoanUpload:
    found = next((one for one in uploads if one.begun.key == key), None)
    if found is None:
        raise NotFound(
            f"No upload of {escape(key)!r} is open in this loan.",
            "It was completed or cancelled, or the loan was asked for without parts.",
        )
    return found


def _told(store: Store, loan: Loan) -> dict[str, object]:
    return {
        "store": store.name,
        "name": loan.name,
        "loan_action": loan.action.value,
        "prefix": escape(loan.area.prefix),
        "method": loan.method.value,
        "expires_ms": loan.expires_ms,
        "access_key": loan.access_key,
    }
