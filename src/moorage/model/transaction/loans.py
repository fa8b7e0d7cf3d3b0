"""Port to loans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from moorage.model.lending import Begun, Loan, LoanId, LoanUpload, LoanUploadId
from moorage.model.store import StoreId


class Loans(Protocol):
    """Records of loans, and the uploads that were begun for them; what these are known by is sealed."""

    def add(self, loan: Loan, begun: Sequence[Begun] = (), *, due_ms: int = 0) -> Loan:
        """Insert with a new id. ``due_ms``: when what was begun is to be cancelled."""

    def get(self, loan: LoanId) -> Loan: ...

    def of_store(self, store: StoreId, *, limit: int = 1000) -> list[Loan]:
        """The loans of a store, the last one first."""

    def revoke(self, loan: LoanId, now_ms: int) -> None:
        """Note that it was revoked; the first time counts."""

    def uploads(self, loan: LoanId) -> list[LoanUpload]:
        """What was begun for it and is still open."""

    def due(self, now_ms: int, again_ms: int, limit: int = 100) -> list[LoanUpload]:
        """Open uploads whose time is over; until ``again_ms`` nobody else is given them."""

    def end_uploads(self, ids: Sequence[LoanUploadId]) -> None:
        """Forget uploads that were completed or cancelled."""

    def forget_uploads(self) -> None:
        """Forget all of them, unopened: the key that sealed them is lost."""

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the next ``limit`` handles after that id with today's key; the last id, 0 where none is left."""

    def remove_old(self, before_ms: int, limit: int = 1000) -> int:
        """Forget loans that ended before that time and have no open upload; how many."""
