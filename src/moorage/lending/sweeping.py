"""Sweeping: uploads whose time is over are cancelled, records of old loans forgotten. Each step may be repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from moorage.model.access import SYSTEM
from moorage.model.errors import MoorageError, NotFound
from moorage.model.keys import escape
from moorage.model.lending import Lender, Loan, LoanUpload
from moorage.model.store import Store
from moorage.model.transaction import Facts, Transaction

AGAIN_MS: Final = 30 * 60 * 1000
"""An upload that could not be cancelled is tried again after that time."""
KEPT_MS: Final = 90 * 24 * 3600 * 1000
log = logging.getLogger(__name__)


class Sweeping:
    """Cleans up behind borrowers who did not."""

    def __init__(self, facts: Facts, lender_of: Callable[[Store], Lender], *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._lender_of = lender_of
        self._now_ms = now_ms

    async def sweep(self) -> int:
        """Cancel all that is due and forget what is old; how many uploads were cancelled."""
        count = 0
        while due := await self._facts.write(self._due):
            for upload in due:
                count += await self._cancel(upload)
        before_ms = self._now_ms() - KEPT_MS
        while await self._facts.write(lambda tx: tx.loans.remove_old(before_ms)):
            continue
        return count

    def _due(self, tx: Transaction) -> list[LoanUpload]:
        now_ms = self._now_ms()
        return tx.loans.due(now_ms, now_ms + AGAIN_MS)

    async def _cancel(self, upload: LoanUpload) -> bool:
        def read(tx: Transaction) -> tuple[Loan, Store]:
            loan = tx.loans.get(upload.loan)
            return loan, tx.stores.get(loan.store)

        try:
            loan, store = await self._facts.read(read)
        except NotFound:  # the store is gone, and with it every way to reach the upload
            await self._facts.write(lambda tx: tx.loans.end_uploads([upload.id]))
            return False
        try:
            await self._lender_of(store).cancel(upload.begun)
        except MoorageError as error:
            log.warning("An upload of loan %d waits to be cancelled: %s", loan.id, error.message)
            return False
        await self._facts.write(lambda tx: ended(tx, loan, store, [upload]))
        return True


def ended(tx: Transaction, loan: Loan, store: Store, uploads: Sequence[LoanUpload]) -> None:
    """Note that uploads were cancelled because their time was over."""
    tx.loans.end_uploads([one.id for one in uploads])
    for one in uploads:
        tx.audit.add(SYSTEM, "loan.cancel", f"loan {loan.id}", store=store.name, key=escape(one.begun.key))
