"""What borrowers left behind, on Ceph: uploads are cancelled after a day, records forgotten after 90."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from moorage.lending import Lending, Sweeping, Wish
from moorage.model.access import Principal, Role, UserId
from moorage.model.clock import now_ms
from moorage.model.errors import Forbidden, NotFound
from moorage.model.keys import Key
from moorage.model.lending import Action, Lender
from moorage.model.store import Scope, Store
from moorage.model.transaction import Facts
from moorage.prescribing import session_policy
from moorage.stores.aws import Machine
from moorage.stores.lending import S3Lender
from moorage.stores.s3 import S3Store
from servers import ceph
from stores.s3_bucket import admin, bucket_of, store_at

DAY_MS = 24 * 3600 * 1000
ADA = Principal(UserId(7), "ada@example.org", Role.MANAGER)
BEN = Principal(UserId(8), "ben@example.org", roles={4: Role.EDITOR})
EVE = Principal(UserId(9), "eve@example.org", Role.VIEWER)


@dataclass
class Pier:
    """Lending on a registered bucket, at a time that the test sets."""

    facts: Facts
    store: Store
    opened: S3Store
    bucket: Any
    ahead_ms: int = 0
    lending: Lending = field(init=False)
    sweeping: Sweeping = field(init=False)

    def __post_init__(self) -> None:
        longest = timedelta(hours=12)
        self.lending = Lending(self.facts, self.lender, lambda _: self.opened, longest=longest, now_ms=self.now_ms)
        self.sweeping = Sweeping(self.facts, self.lender, now_ms=self.now_ms)

    def now_ms(self) -> int:
        return now_ms() + self.ahead_ms

    def lender(self, store: Store) -> Lender:
        return S3Lender(store, self.opened.client, policy=session_policy, machine=Machine())

    def open_uploads(self) -> list[str]:
        return [one["Key"] for one in self.bucket.list_multipart_uploads(Bucket=self.store.bucket).get("Uploads", [])]


@pytest.fixture
async def pier(facts: Facts) -> AsyncIterator[Pier]:
    server = ceph()
    async with bucket_of(server) as name:
        store = await facts.write(lambda tx: tx.stores.add(store_at(server, name, read_only=False)))
        opened = S3Store(store)
        yield Pier(facts, store, opened, admin(server))
        await opened.aclose()


async def test_an_upload_that_nobody_completes_is_cancelled_after_a_day(pier: Pier) -> None:
    wish = Wish(Action.WRITE, Key("in/"), keys=(Key("in/a"), Key("in/b")), parts=1)
    issued = await pier.lending.lend(ADA, pier.store.name, wish)
    pier.ahead_ms = DAY_MS - 60_000
    assert await pier.sweeping.sweep() == 0
    assert pier.open_uploads() == ["in/a", "in/b"]
    pier.ahead_ms = DAY_MS + 60_000
    assert await pier.sweeping.sweep() == 2
    assert pier.open_uploads() == []
    assert await pier.sweeping.sweep() == 0
    audit = await pier.facts.read(lambda tx: tx.audit.all())
    assert [row.action for row in audit] == ["loan.cancel", "loan.cancel", "loan.issue"]
    assert (await pier.lending.get(ADA, issued.loan.id))[0] == issued.loan
    pier.ahead_ms = 91 * DAY_MS
    await pier.sweeping.sweep()
    with pytest.raises(NotFound):
        await pier.lending.get(ADA, issued.loan.id)


async def test_uploads_of_a_store_that_is_gone_are_forgotten(pier: Pier) -> None:
    await pier.lending.lend(ADA, pier.store.name, Wish(Action.WRITE, Key("in/a"), parts=1))
    await pier.facts.write(lambda tx: tx.stores.remove(pier.store.id))
    pier.ahead_ms = 2 * DAY_MS
    assert await pier.sweeping.sweep() == 0
    assert await pier.facts.write(lambda tx: tx.loans.due(10**15, 10**15)) == []


async def test_a_loan_that_cannot_be_recorded_leaves_no_upload(pier: Pier) -> None:
    longest = timedelta(hours=12)
    lending = Lending(_Removing(pier), pier.lender, lambda _: pier.opened, longest=longest, now_ms=pier.now_ms)
    with pytest.raises(NotFound):
        await lending.lend(ADA, pier.store.name, Wish(Action.WRITE, Key("in/a"), parts=1))
    assert pier.open_uploads() == []


@dataclass
class _Removing:
    """The facts, from which the store is removed just before a loan of it is written down."""

    pier: Pier

    async def read(self, work: Any) -> Any:
        return await self.pier.facts.read(work)

    async def write(self, work: Any) -> Any:
        await self.pier.facts.write(lambda tx: tx.stores.remove(self.pier.store.id))
        return await self.pier.facts.write(work)


async def test_who_may_borrow_and_who_sees_what_others_borrowed(pier: Pier) -> None:
    wish, name = Wish(Action.READ, Key("in/a")), pier.store.name
    for nobody in (BEN, EVE):
        with pytest.raises(Forbidden):
            await pier.lending.lend(nobody, name, wish)
    of_ada = await pier.lending.lend(ADA, name, wish)
    await pier.facts.write(lambda tx: tx.stores.update(replace(pier.store, scope=Scope(projects=(4,)))))
    of_ben = await pier.lending.lend(BEN, name, wish)
    with pytest.raises(Forbidden):
        await pier.lending.lend(EVE, name, wish)
    assert await pier.lending.all(BEN, name) == [of_ben.loan]
    assert await pier.lending.all(ADA, name) == [of_ben.loan, of_ada.loan]
    with pytest.raises(Forbidden):
        await pier.lending.all(EVE, name)
    for verb in (pier.lending.get, pier.lending.revoke):
        with pytest.raises(NotFound):
            await verb(BEN, of_ada.loan.id)
    assert (await pier.lending.revoke(ADA, of_ben.loan.id)).loan.revoked_ms
    assert (of_ben.loan.name[:24], len(of_ben.loan.name)) == ("moorage-ben@example.org-", 32)


async def test_a_long_or_odd_name_of_a_person_fits_into_the_providers_log(pier: Pier) -> None:
    odd = Principal(UserId(9), "zoë " + "x" * 90 + "@example.org", Role.ADMIN)
    issued = await pier.lending.lend(odd, pier.store.name, Wish(Action.READ, Key("in/a")))
    assert len(issued.loan.name) == 64
    assert issued.loan.name.isascii()
    assert " " not in issued.loan.name
