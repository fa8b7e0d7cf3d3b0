"""Loans, on every database."""

from __future__ import annotations

from sqlalchemy import text

from contracts.loans import LoanContract, loan
from moorage.database.engine import Database
from moorage.model.keys import Key
from moorage.model.lending import Begun


class TestLoans(LoanContract):
    """Records, and uploads that were begun."""


async def test_no_handle_is_in_the_database_as_it_is(facts: Database) -> None:
    begun = [Begun(Key("a"), "secret-handle")]
    await facts.write(lambda tx: tx.loans.add(loan(), begun, due_ms=1))
    rows = await facts.read(lambda tx: tx.statements.run(text("SELECT handle FROM loan_upload")).all())
    assert [bytes(row[0]) for row in rows] == [b"sealed:" + b"secret-handle"[::-1]]
