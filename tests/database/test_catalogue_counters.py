"""Counters that went wrong, however they did, are found and put right."""

from __future__ import annotations

from contracts.catalogue_rows import Moored, moor, plant, planted
from moorage.database.engine import Database
from moorage.model.catalogue import Counts


async def _spoilt(facts: Database) -> Moored:
    moored = await facts.write(moor)
    await planted(facts, moored, {b"a/b": 5, b"a/c/d": 6, b"e": 7})
    await facts.write(lambda tx: tx.folders.fold())
    await planted(facts, moored, {b"a/x": 100})
    await facts.write(
        lambda tx: tx.statements.change(
            "UPDATE folder SET items = 9, subtree_bytes = 1, folders = 4 WHERE path = ?", (b"a/",)
        )
    )
    return moored


async def test_a_recount_names_the_folder_that_is_wrong_and_changes_nothing(facts: Database) -> None:
    moored = await _spoilt(facts)
    for _ in range(2):
        lines = await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False))
        assert len(lines) == 1
        assert "'a/'" in lines[0]
        assert "items 10" in lines[0]
        assert "items 2" in lines[0]


async def test_a_repair_puts_it_right_while_deltas_wait(facts: Database) -> None:
    moored = await _spoilt(facts)
    assert len(await facts.write(lambda tx: tx.folders.recount(moored.project, repair=True))) == 1
    assert await facts.read(lambda tx: tx.folders.recount(moored.project, repair=False)) == []
    while await facts.write(lambda tx: tx.folders.fold()):
        pass
    folder = (await facts.write(lambda tx: tx.folders.ensure(moored.tree, [b"a/"])))[b"a/"]
    assert (await facts.read(lambda tx: tx.folders.get(folder))).counts == Counts(2, 105, 3, 111, 1)


async def test_an_unchanged_scan_writes_no_row(facts: Database) -> None:
    moored = await facts.write(moor)
    await facts.write(lambda tx: plant(tx, moored, [b"a/%d" % i for i in range(50)]))
    while await facts.write(lambda tx: tx.folders.fold()):
        pass
    before = await facts.read(lambda tx: tx.statements.rows("SELECT * FROM folder ORDER BY id"))
    await facts.write(lambda tx: tx.folders.ensure(moored.tree, [b"a/"]))
    await facts.write(lambda tx: tx.items.change([]))
    assert await facts.write(lambda tx: tx.folders.fold()) == 0
    assert await facts.read(lambda tx: tx.statements.rows("SELECT * FROM folder ORDER BY id")) == before
    assert await facts.read(lambda tx: tx.statements.rows("SELECT COUNT(*) FROM folder_delta")) == [(0,)]
