"""What every catalogue promises about the audit and about idempotency keys."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import pytest

from moorage.model.access import SYSTEM, Principal, UserId
from moorage.model.clock import now_ms
from moorage.model.errors import Conflict
from moorage.model.transaction import Answered, AuditRow, Facts, Transaction

ADA = Principal(UserId(3), "ada@example.org")
ANSWER = Answered(b"hash", 201, b'{"id": "7"}')


class AuditContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_rows_come_newest_first_page_by_page(self, facts: Facts) -> None:
        def five(tx: Transaction) -> None:
            for number in range(5):
                tx.audit.add(ADA, "store.add", f"store {number}", number=number, role=None)

        await facts.write(five)

        def pages(tx: Transaction) -> list[list[AuditRow]]:
            first = tx.audit.all(limit=2)
            return [first, tx.audit.all(before=first[-1].id, limit=10)]

        first, rest = await facts.read(pages)
        assert [row.subject for row in first] == ["store 4", "store 3"]
        assert [row.subject for row in rest] == ["store 2", "store 1", "store 0"]
        row = first[0]
        assert (row.user, row.email, row.action) == (3, "ada@example.org", "store.add")
        assert row.detail == {"number": 4, "role": None}
        assert abs(row.at_ms - now_ms()) < 60_000

    async def test_the_last_row_of_an_action_on_a_subject_is_found(self, facts: Facts) -> None:
        def some(tx: Transaction) -> None:
            for action, subject, number in (("a", "s", 1), ("a", "s", 2), ("b", "s", 3), ("a", "t", 4)):
                tx.audit.add(ADA, action, subject, number=number)

        await facts.write(some)
        row = await facts.read(lambda tx: tx.audit.last("a", "s"))
        assert row is not None
        assert (row.email, row.detail) == ("ada@example.org", {"number": 2})
        assert await facts.read(lambda tx: tx.audit.last("b", "t")) is None

    async def test_a_change_that_fails_leaves_no_row(self, facts: Facts) -> None:
        def fail(tx: Transaction) -> None:
            tx.audit.add(SYSTEM, "store.add", "store 1")
            raise KeyError

        with pytest.raises(KeyError):
            await facts.write(fail)
        assert await facts.read(lambda tx: tx.audit.all()) == []

    @pytest.mark.parametrize("subject", ["item a\x00b", "item \udcff", "item 🐙", "'; DROP TABLE audit"])
    async def test_a_subject_may_hold_any_letter(self, facts: Facts, subject: str) -> None:
        await facts.write(lambda tx: tx.audit.add(SYSTEM, "x", subject, name=subject))
        (row,) = await facts.read(lambda tx: tx.audit.all())
        assert (row.subject, row.detail["name"]) == (subject, subject)


class IdempotencyContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_an_answer_is_kept_for_its_user_key_and_time(self, facts: Facts) -> None:
        later = now_ms() + 1000
        await facts.write(lambda tx: tx.idempotency.add(UserId(1), "k", ANSWER, later))

        def look(tx: Transaction) -> list[Answered | None]:
            asked = [(1, "k", later - 1), (1, "k", later), (2, "k", 1), (1, "K", 1)]
            return [tx.idempotency.get(UserId(user), key, at) for user, key, at in asked]

        assert await facts.read(look) == [ANSWER, None, None, None]
        assert json.loads(ANSWER.body) == {"id": "7"}

    async def test_an_expired_answer_gives_way(self, facts: Facts) -> None:
        later = now_ms() + 100_000
        await facts.write(lambda tx: tx.idempotency.add(UserId(1), "k", ANSWER, 5))
        other = Answered(b"other", 200, b"")
        await facts.write(lambda tx: tx.idempotency.add(UserId(1), "k", other, later))
        assert await facts.read(lambda tx: tx.idempotency.get(UserId(1), "k", 1)) == other

    async def test_of_two_requests_with_one_key_the_effect_of_one_is_kept(self, facts: Facts) -> None:
        later = now_ms() + 100_000

        def effect(tx: Transaction, name: str) -> None:
            tx.audit.add(SYSTEM, "effect", name)
            tx.idempotency.add(UserId(1), "k", ANSWER, later)

        both = [facts.write(partial(effect, name=name)) for name in ("one", "two")]
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [Conflict]
        assert len(await facts.read(lambda tx: tx.audit.all())) == 1
