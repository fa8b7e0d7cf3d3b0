"""Transactions: who may write, what is seen, what is undone."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import cast

import psycopg
import pytest

from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.database.transaction import Repositories
from moorage.model.errors import Busy, Changed, Invalid
from moorage.model.secrecy import Sealer
from moorage.model.transaction import Facts

NO_SEALER = cast("Sealer", None)
PORT: type[Facts] = Database
"""mypy proves here that the database is what flows expect."""


def _count(tx: Repositories) -> int:
    return int(tx.statements.rows("SELECT COUNT(*) FROM instance")[0][0])


def _put(name: str, tx: Repositories) -> int:
    return tx.statements.change("INSERT INTO instance (name, value) VALUES (?, ?)", (name, b"\x00"))


async def test_a_write_is_seen_by_the_next_read(facts: Database) -> None:
    await facts.write(lambda tx: _put("a", tx))
    assert await facts.read(_count) == 1


async def test_a_write_that_raises_leaves_nothing_and_its_neighbours_stay(facts: Database) -> None:
    def broken(tx: Repositories) -> None:
        _put("broken", tx)
        raise KeyError("mine")

    writes = [facts.write(partial(_put, f"n{i}")) for i in range(20)]
    answers = await asyncio.gather(facts.write(broken), *writes, facts.write(broken), return_exceptions=True)
    assert [type(answer) for answer in (answers[0], answers[-1])] == [KeyError, KeyError]
    assert await facts.read(_count) == 20


async def test_a_read_cannot_write(facts: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction)):
        await facts.read(lambda tx: _put("a", tx))
    assert await facts.read(_count) == 0


async def test_a_read_stays_on_its_snapshot_while_others_write(facts: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def slow(tx: Repositories) -> tuple[int, int]:
        before = _count(tx)
        begun.set()
        assert written.wait(10)
        return before, _count(tx)

    reading = asyncio.ensure_future(facts.read(slow))
    await asyncio.to_thread(begun.wait, 10)
    await facts.write(lambda tx: _put("a", tx))
    written.set()
    assert await reading == (0, 0)


async def test_a_cancelled_wait_leaves_the_whole_write_or_none_of_it(facts: Database, database_url: str) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(tx: Repositories) -> None:
        _put("first", tx)
        begun.set()
        assert go.wait(10)
        _put("second", tx)

    writing = asyncio.ensure_future(facts.write(slow))
    await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go.set()
    await facts.aclose()
    again = Database.open(database_url, sealer=NO_SEALER)
    assert await again.read(_count) in (0, 2)
    await again.aclose()


async def test_ids_never_come_twice_whatever_is_rolled_back(facts: Database) -> None:
    async def take(i: int) -> list[int]:
        def work(tx: Repositories) -> list[int]:
            ids = tx.statements.new_ids(700)
            if i % 3 == 0:
                raise KeyError(i)
            return ids

        return await facts.write(work)

    answers = await asyncio.gather(*(take(i) for i in range(60)), return_exceptions=True)
    kept = [id_ for answer in answers if not isinstance(answer, BaseException) for id_ in answer]
    assert len(kept) == len(set(kept)) == 40 * 700
    assert all(id_ % 4096 == 0 and 0 < id_ < 2**53 for id_ in kept)


async def test_two_processes_get_different_ids(database_url: str, facts: Database) -> None:
    other = Database.open(database_url, sealer=NO_SEALER)
    try:
        one, two = await asyncio.gather(
            *(database.write(lambda tx: tx.statements.new_ids(5)) for database in (facts, other))
        )
    finally:
        await other.aclose()
    assert not set(one) & set(two)


async def test_a_deadlock_is_run_again_until_both_are_through(facts: Database) -> None:
    await facts.write(lambda tx: _put("a", tx) + _put("b", tx))
    meeting = threading.Barrier(2)

    def swap(first: str, second: str, tx: Repositories) -> None:
        tx.statements.change("UPDATE instance SET value = ? WHERE name = ?", (b"1", first))
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(0.5)
        tx.statements.change("UPDATE instance SET value = ? WHERE name = ?", (b"2", second))

    await asyncio.gather(facts.write(lambda tx: swap("a", "b", tx)), facts.write(lambda tx: swap("b", "a", tx)))
    assert await facts.read(_count) == 2


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(Invalid, match="mysql"):
        Database.open("mysql://localhost/x", sealer=NO_SEALER)


async def test_a_closed_database_says_so(facts: Database) -> None:
    await facts.aclose()
    await facts.aclose()
    with pytest.raises(Busy):
        await facts.read(_count)
    with pytest.raises(Busy):
        await facts.write(partial(_put, "a"))


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    upgrade(url)
    database = Database.open(url, sealer=NO_SEALER)
    yield database
    await database.aclose()


async def test_a_full_disk_is_busy_and_takes_back_nothing_that_was_acknowledged(on_sqlite: Database) -> None:
    def fill(tx: Repositories) -> None:
        for i in range(2000):
            tx.statements.change("INSERT INTO instance (name, value) VALUES (?, ?)", (f"big{i}", bytes(4000)))

    pages = await on_sqlite.read(lambda tx: int(tx.statements.rows("PRAGMA page_count")[0][0]))
    await on_sqlite.write(lambda tx: tx.statements.rows(f"PRAGMA max_page_count = {pages + 100}"))
    small = [on_sqlite.write(partial(_put, f"n{i}")) for i in range(10)]
    answers = await asyncio.gather(*small[:5], on_sqlite.write(fill), *small[5:], return_exceptions=True)
    assert isinstance(answers[5], Busy)
    assert "space" in str(answers[5])
    acknowledged = sum(answer == 1 for answer in answers)
    assert await on_sqlite.read(_count) == acknowledged
    await on_sqlite.write(partial(_put, "after"))
    assert await on_sqlite.read(_count) == acknowledged + 1


async def test_a_text_that_the_database_cannot_hold_is_invalid(facts: Database) -> None:
    with pytest.raises(Invalid):
        await facts.write(partial(_put, "\ud800"))
    assert await facts.read(_count) == 0


async def test_a_row_that_is_there_already_is_a_conflict(facts: Database) -> None:
    await facts.write(partial(_put, "a"))
    with pytest.raises(Changed):
        await facts.write(partial(_put, "a"))


async def test_a_database_that_cannot_be_reached_is_busy(tmp_path: Path) -> None:
    for url in (f"postgresql://moorage@/none?host={tmp_path}", f"sqlite:///{tmp_path}/no/such/folder.db"):
        database = Database.open(url, sealer=NO_SEALER)
        with pytest.raises(Busy):
            await database.read(_count)
        await database.aclose()
