"""What every database keeps of costs and warm-ups."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from moorage.costing import Tally
from moorage.database.engine import Database
from moorage.model.catalogue import FolderId, ItemId, Kind, ProjectId
from moorage.model.costs import Counts, StoreDay
from moorage.model.errors import NotFound
from moorage.model.jobs import JobId
from moorage.model.store import StoreId
from moorage.model.warming import MOST_FAULTS, Fault, WarmUp

DAY = date(2026, 2, 28)
REEF, TIDES = StoreId(7), StoreId(8)
SOME = Counts(gets=1, puts=2, received=3, sent=4, served=5, saved=-6, hits=7)


class CostContract:
    """Figures are added up by store and day."""

    async def test_what_several_processes_counted_is_added_up(self, facts: Database) -> None:
        one, other = (Tally(facts, now_ms=lambda: 1_772_236_800_000) for _ in range(2))
        for tally in (one, other):
            tally.served(REEF, 1000)
            tally.hit(REEF)
            await tally.save()
        other.served(REEF, 5)
        other.handed(TIDES, 40)
        other.fetched(TIDES, 100)
        await other.save()
        await other.save()
        found = await facts.read(lambda tx: tx.costs.days(DAY, DAY))
        assert found == [
            StoreDay(REEF, DAY, Counts(served=2005, hits=2)),
            StoreDay(TIDES, DAY, Counts(saved=-60)),
        ]

    async def test_a_span_has_both_its_days_and_one_store_alone_can_be_asked_for(self, facts: Database) -> None:
        for number in range(5):
            day = DAY + timedelta(days=number)
            await facts.write(lambda tx, day=day: tx.costs.add(day, {TIDES: SOME, REEF: SOME}))  # type: ignore[misc]
        first, last = DAY + timedelta(days=1), DAY + timedelta(days=3)
        found = await facts.read(lambda tx: tx.costs.days(first, last))
        assert [(one.day, one.store) for one in found] == [
            (DAY + timedelta(days=number), store) for number in (1, 2, 3) for store in (REEF, TIDES)
        ]
        assert {one.counts for one in found} == {SOME}
        only = await facts.read(lambda tx: tx.costs.days(first, last, TIDES))
        assert [one.store for one in only] == [TIDES] * 3
        assert await facts.write(lambda tx: tx.costs.remove_old(last)) == 6
        assert len(await facts.read(lambda tx: tx.costs.days(DAY, DAY + timedelta(days=9)))) == 4

    async def test_what_could_not_be_written_is_written_later(self, facts: Database) -> None:
        tally = Tally(facts, now_ms=lambda: 1_772_236_800_000)
        tally.served(REEF, 10)

        class Broken(Exception):
            pass

        write = facts.write

        async def fail(work: object) -> None:
            raise Broken

        facts.write = fail  # type: ignore[method-assign, assignment]
        with pytest.raises(Broken):
            await tally.save()
        facts.write = write  # type: ignore[method-assign]
        await tally.save()
        (found,) = await facts.read(lambda tx: tx.costs.days(DAY, DAY))
        assert found.counts.served == 10


class WarmUpContract:
    """What jobs were asked to warm up."""

    async def test_it_comes_back_as_it_was_and_figures_are_added(self, facts: Database) -> None:
        wanted = WarmUp(
            ProjectId(1), FolderId(2), (256, 1024), originals=True, prefix="a\udcff", kind=Kind.IMAGE, job=JobId(3)
        )
        await facts.write(lambda tx: tx.warm_ups.add(wanted))
        assert await facts.read(lambda tx: tx.warm_ups.get(JobId(3))) == wanted
        faults = [Fault(ItemId(number), f"{number}", "broken") for number in range(MOST_FAULTS - 1)]
        await facts.write(lambda tx: tx.warm_ups.note(JobId(3), needed=5, made=1, faults=faults))
        now = await facts.write(lambda tx: tx.warm_ups.note(JobId(3), needed=5, fetched=2, faults=faults))
        assert (now.needed, now.fetched, now.made) == (10, 2, 1)
        assert now.faults == (*faults, faults[0])

    async def test_it_goes_with_its_job(self, facts: Database) -> None:
        await facts.write(lambda tx: tx.warm_ups.add(WarmUp(ProjectId(1), FolderId(2), job=JobId(3))))
        assert await facts.write(lambda tx: tx.warm_ups.forget_gone()) == 1
        assert await facts.write(lambda tx: tx.warm_ups.forget_gone()) == 0
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.warm_ups.get(JobId(3)))
