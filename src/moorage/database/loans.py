"""Loans and the uploads that were begun for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from moorage.database.statements import Statements
from moorage.database.tables_loans import LOAN, LOAN_UPLOAD
from moorage.model.access import UserId
from moorage.model.errors import NotFound, SealBroken
from moorage.model.lending import Action, Area, Begun, Loan, LoanId, LoanUpload, LoanUploadId, Method
from moorage.model.store import StoreId

_OPEN: Final = LOAN_UPLOAD.c


class Loans:
    """Implements ``moorage.model.transaction.Loans``."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, loan: Loan, begun: Sequence[Begun] = (), *, due_ms: int = 0) -> Loan:
        """Insert with a new id."""
        added = replace(loan, id=LoanId(self._statements.new_id()))
        self._statements.run(insert(LOAN).values(**_values(added)))
        if begun:
            rows = [
                {"loan": added.id, "key": one.key, "handle": self._sealed(one.handle), "due_ms": due_ms}
                for one in begun
            ]
            self._statements.run(insert(LOAN_UPLOAD), rows)
        return added

    def get(self, loan: LoanId) -> Loan:
        """Raises NotFound."""
        row = self._statements.first(select(LOAN).where(LOAN.c.id == loan))
        if row is None:
            raise NotFound(f"There is no loan {loan}.", "Loans are forgotten 90 days after their end.")
        return _loan(row)

    def of_store(self, store: StoreId, *, limit: int = 1000) -> list[Loan]:
        """The last one first."""
        query = select(LOAN).where(LOAN.c.store == store).order_by(LOAN.c.id.desc()).limit(limit)
        return [_loan(row) for row in self._statements.run(query)]

    def revoke(self, loan: LoanId, now_ms: int) -> None:
        """Note that it was revoked; the first time counts."""
        open_ = LOAN.c.revoked_ms.is_(None)
        self._statements.run(update(LOAN).where(LOAN.c.id == loan, open_).values(revoked_ms=now_ms))

    def uploads(self, loan: LoanId) -> list[LoanUpload]:
        """What was begun for it and is still open, in the order in which it was."""
        query = select(LOAN_UPLOAD).where(_OPEN.loan == loan).order_by(_OPEN.id)
        return self._uploads(self._statements.run(query).all())

    def due(self, now_ms: int, again_ms: int, limit: int = 100) -> list[LoanUpload]:
        """Open uploads whose time is over; until ``again_ms`` nobody else is given them."""
        found = self._statements.rows(
            "UPDATE loan_upload SET due_ms = ? WHERE id IN"
            f" (SELECT id FROM loan_upload WHERE due_ms <= ? ORDER BY due_ms, id LIMIT ?{self._statements.for_update})"
            " AND due_ms <= ? RETURNING id",
            (again_ms, now_ms, limit, now_ms),
        )
        query = select(LOAN_UPLOAD).where(_OPEN.id.in_([id_ for (id_,) in found])).order_by(_OPEN.id)
        return self._uploads(self._statements.run(query).all())

    def end_uploads(self, ids: Sequence[LoanUploadId]) -> None:
        """Forget uploads; those that are gone are passed over."""
        self._statements.delete_among("loan_upload", "id", ids)

    def forget_uploads(self) -> None:
        """Forget all of them, unopened."""
        self._statements.run(delete(LOAN_UPLOAD))

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the next handles after that id with today's key; the last id, 0 where none is left."""
        query = select(_OPEN.id, _OPEN.handle).where(_OPEN.id > after).order_by(_OPEN.id).limit(limit)
        sealer, last = self._statements.sealer, 0
        for row in self._statements.run(query).all():
            last = row.id
            again = sealer.seal(sealer.open(bytes(row.handle)))
            self._statements.run(update(LOAN_UPLOAD).where(_OPEN.id == last).values(handle=again))
        return last

    def remove_old(self, before_ms: int, limit: int = 1000) -> int:
        """Forget loans that ended before that time and have no open upload; how many."""
        held = select(_OPEN.loan)
        old = select(LOAN.c.id).where(LOAN.c.expires_ms < before_ms, LOAN.c.id.not_in(held)).limit(limit)
        return self._statements.run(delete(LOAN).where(LOAN.c.id.in_(old))).rowcount

    def _sealed(self, handle: str) -> bytes:
        return self._statements.sealer.seal(handle.encode())

    def _uploads(self, rows: Sequence[Row[Any]]) -> list[LoanUpload]:
        """The uploads of these rows; one whose seal no key opens can never be ended, and is passed over."""
        opened = []
        for row in rows:
            try:
                handle = self._statements.sealer.open(bytes(row.handle)).decode()
            except SealBroken:
                continue
            opened.append(LoanUpload(LoanUploadId(row.id), LoanId(row.loan), Begun(row.key, handle), row.due_ms))
        return opened


def _values(loan: Loan) -> dict[str, Any]:
    return {
        "id": loan.id,
        "user": loan.user,
        "email": loan.email,
        "store": loan.store,
        "name": loan.name,
        "action": loan.action.value,
        "prefix": loan.area.prefix,
        "method": loan.method.value,
        "access_key": loan.access_key,
        "list_uploads": loan.list_uploads,
        "revocable": loan.revocable,
        "issued_ms": loan.issued_ms,
        "expires_ms": loan.expires_ms,
        "revoked_ms": loan.revoked_ms,
    }


def _loan(row: Row[Any]) -> Loan:
    return Loan(
        user=UserId(row.user),
        email=row.email,
        store=StoreId(row.store),
        name=row.name,
        action=Action(row.action),
        area=Area(row.prefix),
        method=Method(row.method),
        issued_ms=row.issued_ms,
        expires_ms=row.expires_ms,
        access_key=row.access_key,
        list_uploads=row.list_uploads,
        revocable=row.revocable,
        revoked_ms=row.revoked_ms,
        id=LoanId(row.id),
    )
