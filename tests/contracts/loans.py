"""What every catalogue promises about loans."""

from __future__ import annotations

import pytest

from moorage.model.access import UserId
from moorage.model.errors import NotFound
from moorage.model.keys import Key
from moorage.model.lending import Action, Area, Begun, Loan, LoanId, Method
from moorage.model.store import StoreId
from moorage.model.transaction import Facts, Transaction

REEF, KELP = StoreId(11), StoreId(12)
ODD = Key("in/\udcff\x00ü/")


def loan(store: StoreId = REEF, *, expires_ms: int = 5000, prefix: Key = ODD) -> Loan:
    return Loan(
        user=UserId(3),
        email="ada@example.org",
        store=store,
        name="moorage-ada-1",
        action=Action.WRITE,
        area=Area(prefix),
        method=Method.STS,
        issued_ms=1000,
        expires_ms=expires_ms,
        access_key="AKIA1",
        list_uploads=True,
    )


class LoanContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_loan_is_read_as_it_was_written_and_revoked_once(self, facts: Facts) -> None:
        added = await facts.write(lambda tx: tx.loans.add(loan()))
        assert await facts.read(lambda tx: tx.loans.get(added.id)) == added
        for at_ms in (7, 8):
            await facts.write(lambda tx, at_ms=at_ms: tx.loans.revoke(added.id, at_ms))  # type: ignore[misc]
        assert (await facts.read(lambda tx: tx.loans.get(added.id))).revoked_ms == 7
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.loans.get(LoanId(1)))

    async def test_loans_are_listed_by_store_the_last_one_first(self, facts: Facts) -> None:
        def add(tx: Transaction) -> list[LoanId]:
            return [tx.loans.add(loan(store)).id for store in (REEF, KELP, REEF)]

        first, other, last = await facts.write(add)
        assert [one.id for one in await facts.read(lambda tx: tx.loans.of_store(REEF))] == [last, first]
        assert [one.id for one in await facts.read(lambda tx: tx.loans.of_store(KELP))] == [other]

    async def test_uploads_are_given_out_when_they_are_due_and_to_one_only(self, facts: Facts) -> None:
        begun = [Begun(ODD, "secret-one"), Begun(Key("b"), "secret-two")]
        added = await facts.write(lambda tx: tx.loans.add(loan(), begun, due_ms=100))
        assert [one.begun for one in await facts.read(lambda tx: tx.loans.uploads(added.id))] == begun
        assert await facts.write(lambda tx: tx.loans.due(99, 500)) == []
        (one,) = await facts.write(lambda tx: tx.loans.due(100, 500, limit=1))
        (two,) = await facts.write(lambda tx: tx.loans.due(100, 500))
        assert {one.begun.handle, two.begun.handle} == {"secret-one", "secret-two"}
        assert await facts.write(lambda tx: tx.loans.due(499, 900)) == []
        await facts.write(lambda tx: tx.loans.end_uploads([one.id, one.id]))
        assert [left.id for left in await facts.write(lambda tx: tx.loans.due(500, 900))] == [two.id]
        await facts.write(lambda tx: tx.loans.forget_uploads())
        assert await facts.read(lambda tx: tx.loans.uploads(added.id)) == []

    async def test_every_handle_is_sealed_again_batch_by_batch(self, facts: Facts) -> None:
        begun = [Begun(Key(str(number)), f"secret-{number}") for number in range(3)]
        added = await facts.write(lambda tx: tx.loans.add(loan(), begun, due_ms=100))
        after, batches = 0, 0
        while after := await facts.write(lambda tx, after=after: tx.loans.seal_again(after=after, limit=2)):  # type: ignore[misc]
            batches += 1
        assert batches == 2
        assert [one.begun for one in await facts.read(lambda tx: tx.loans.uploads(added.id))] == begun

    async def test_old_loans_go_unless_an_upload_of_theirs_is_open(self, facts: Facts) -> None:
        def add(tx: Transaction) -> list[LoanId]:
            begun = [Begun(Key("b"), "secret")]
            made = [tx.loans.add(loan(expires_ms=1)), tx.loans.add(loan(expires_ms=1), begun), tx.loans.add(loan())]
            return [one.id for one in made]

        _, held, young = await facts.write(add)
        assert await facts.write(lambda tx: tx.loans.remove_old(5000)) == 1
        assert [one.id for one in await facts.read(lambda tx: tx.loans.of_store(REEF))] == [young, held]
        assert await facts.write(lambda tx: tx.loans.remove_old(5000)) == 0
