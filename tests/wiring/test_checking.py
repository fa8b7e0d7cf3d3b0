"""The daily check: one store at a time, the oldest first, none twice a day; sooner where a reader was refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from moorage.model.credentials import Forgotten
from moorage.model.errors import StoreUnreachable
from moorage.model.probe import Finding, Permission, ProbeLine, ProbeReport
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.model.transaction import Facts
from moorage.registering.register import Registering
from moorage.settings import Settings
from moorage.wiring import open_offline
from moorage.wiring.adapters import Openings
from moorage.wiring.checking import DAY_MS, DOUBT_MS, DailyChecks


@dataclass
class Watch:
    """Daily checks with a clock that is set by hand."""

    facts: Facts
    root: Path
    openings: Openings
    now_ms: int = 10 * DAY_MS
    broken: bool = False

    def __post_init__(self) -> None:
        registering = Registering(self.facts, self.opened, lambda: self.now_ms)
        self.checks = DailyChecks(self.facts, registering, now_ms=lambda: self.now_ms)

    def opened(self, store: Store) -> ObjectStore:
        if self.broken:
            raise StoreUnreachable("There is no way to it.", "Try again.")
        return self.openings.for_checks(store)

    async def add(self, name: str, checked_ms: int) -> Store:
        (self.root / name).mkdir()
        connection = Connection(Provider.DISK, root=str(self.root / name))
        store = await self.facts.write(lambda tx: tx.stores.add(Store(name, connection)))
        await self.facts.write(lambda tx: tx.stores.note_check(store.id, ProbeReport((), checked_ms=checked_ms)))
        return store

    async def report(self, store: Store) -> ProbeReport:
        found = await self.facts.read(lambda tx: tx.stores.last_check(store.id))
        assert found is not None
        return found


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    settings = Settings.load({"data": tmp_path / "data"}, {}, tmp_path)
    async with open_offline(settings) as offline:
        yield Watch(offline.facts, tmp_path, Openings(settings))


async def test_each_store_is_checked_once_a_day_the_oldest_first(watch: Watch) -> None:
    late = await watch.add("late", watch.now_ms - DAY_MS)
    later = await watch.add("later", watch.now_ms - 2 * DAY_MS)
    fresh = await watch.add("fresh", watch.now_ms - DAY_MS + 1)
    assert [await watch.checks.check_one() for _ in range(3)] == ["later", "late", None]
    assert (await watch.report(late)).checked_ms == (await watch.report(later)).checked_ms == watch.now_ms
    assert (await watch.report(late)).lines
    assert not (await watch.report(fresh)).lines
    watch.now_ms += 1
    assert await watch.checks.check_one() == "fresh"


async def test_what_cannot_be_checked_is_left_alone_for_a_day(watch: Watch) -> None:
    store = await watch.add("gone", 0)
    watch.broken = True
    assert [await watch.checks.check_one() for _ in range(2)] == ["gone", None]
    assert (await watch.report(store)).checked_ms == 0
    watch.now_ms += DAY_MS
    watch.broken = False
    assert await watch.checks.check_one() == "gone"
    forgotten = replace(store.connection, credentials=Forgotten())
    await watch.facts.write(lambda tx: tx.stores.update(replace(store, connection=forgotten)))
    watch.now_ms += 2 * DAY_MS
    assert await watch.checks.check_one() is None


async def test_a_report_of_a_store_that_changed_meanwhile_is_not_kept(watch: Watch) -> None:
    store = await watch.add("moving", 0)
    changed = replace(store, serve=store.serve, read_only=False)

    def opened(_: Store, /) -> ObjectStore:
        return watch.openings.for_checks(store)

    await watch.facts.write(lambda tx: tx.stores.update(changed))
    await Registering(watch.facts, opened, lambda: watch.now_ms).check_quietly(store)
    assert (await watch.report(store)).checked_ms == 0


async def test_a_store_that_refuses_a_reader_is_checked_at_once_and_not_again_and_again(watch: Watch) -> None:
    reef = await watch.add("reef", watch.now_ms)
    failing = await watch.add("failing", watch.now_ms)
    line = ProbeLine(Permission.LIST, Finding.MISSING, required=True)
    await watch.facts.write(lambda tx: tx.stores.note_check(failing.id, ProbeReport((line,))))
    watch.now_ms += 1
    for store in (reef, failing):
        watch.checks.doubt(store.id)
    assert [await watch.checks.check_doubted() for _ in range(2)] == [["reef"], []]
    assert (await watch.report(reef)).checked_ms == watch.now_ms
    watch.checks.doubt(reef.id)
    assert await watch.checks.check_doubted() == []
    watch.now_ms += DOUBT_MS
    watch.checks.doubt(reef.id)
    assert await watch.checks.check_doubted() == ["reef"]


async def test_it_starts_and_stops(watch: Watch) -> None:
    watch.checks.start()
    await watch.checks.stop()
    await watch.checks.stop()
