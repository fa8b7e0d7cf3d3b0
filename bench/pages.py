"""Folder pages of a small and a large catalogue, side by side: the query alone, without HTTP.

python bench/pages.py [--rows 1000000] [--postgres]

Prints the p50 of a page of 100 rows at the beginning, the middle and the end of a flat folder in each order, in a
catalogue of 10,000 rows and in one of many, and their ratio; then the same beside tombstones. The flat folder of the
large catalogue holds up to a million rows; what is left lies in folders of 1,000.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from contracts.catalogue_rows import Moored, moor
from moorage.database.cursors import Cursor
from moorage.database.engine import Database
from moorage.database.paging import mark_of
from moorage.database.postgres import postgres_engine
from moorage.database.schema import upgrade
from moorage.model.catalogue import FolderId, Gone, ItemId, Kind, Order
from moorage.model.transaction import ItemQuery, NewRow, Transaction
from servers import postgres

SMALL = 10_000
FLAT = 1_000_000
STRIDE = 7_919
"""Sizes are a permutation of the names' order; prime, so that it holds for every number of rows in use."""
BATCH = 10_000
ROUNDS = 200


class PlainSealer:
    """There is nothing to seal here."""

    def seal(self, plain: bytes) -> bytes:
        return plain

    def open(self, sealed: bytes) -> bytes:
        return sealed


@dataclass(frozen=True)
class Catalogue:
    """An open database with a flat folder of ``flat`` rows."""

    database: Database
    moored: Moored
    flat: int


def row(folder: FolderId, index: int, flat: int) -> NewRow:
    size = index * STRIDE % flat
    return NewRow(folder, b"image-%09d.jpg" % index, Kind.IMAGE, size, f"{index:032x}", 1_700_000_000_000 + index, "")


def insert_rows(moored: Moored, rows: list[NewRow], tx: Transaction) -> None:
    tx.items.insert(moored.project, rows)


def build_order(order: Order, tx: Transaction) -> None:
    tx.items.build_order(order)


def bury_some(ids: list[ItemId], tx: Transaction) -> None:
    tx.items.bury(ids, Gone.VANISHED)


async def insert(database: Database, moored: Moored, folder: FolderId, count: int, flat: int) -> None:
    for start in range(0, count, BATCH):
        rows = [row(folder, index, flat) for index in range(start, min(start + BATCH, count))]
        await database.write(partial(insert_rows, moored, rows))


async def build(url: str, rows: int) -> Catalogue:
    await asyncio.to_thread(upgrade, url)
    database = Database.open(url, sealer=PlainSealer())
    moored = await database.write(moor)
    begun = time.perf_counter()
    flat = min(rows, FLAT)
    await insert(database, moored, moored.tree, flat, flat)
    paths = [b"%06d/" % index for index in range((rows - flat) // 1000)]
    folders = await database.write(lambda tx: tx.folders.ensure(moored.tree, paths)) if paths else {}
    for folder in folders.values():
        await insert(database, moored, folder, 1000, flat)
    for order in (Order.MODIFIED, Order.SIZE):
        await database.write(partial(build_order, order))
    while await database.write(lambda tx: tx.folders.fold()):
        pass
    print(f"  {rows:>10,} rows built in {time.perf_counter() - begun:.0f} s")
    return Catalogue(database, moored, flat)


async def cursor(catalogue: Catalogue, query: ItemQuery, index: int) -> str | None:
    """The cursor after the row at ``index`` of the order."""
    if index < 0:
        return None
    by_name = index * pow(STRIDE, -1, catalogue.flat) % catalogue.flat if query.order is Order.SIZE else index
    tree = catalogue.moored.tree
    item = await catalogue.database.read(lambda tx: tx.items.named(tree, f"image-{by_name:09d}.jpg"))
    assert item is not None
    values: dict[Order, bytes | int] = {
        Order.NAME: item.name.encode(),
        Order.SIZE: item.size,
        Order.MODIFIED: item.modified_ms,
    }
    return Cursor(mark_of(tree, query), values[query.order], item.id, None).text()


async def page(catalogue: Catalogue, query: ItemQuery, after: str | None, at: int | None = None) -> None:
    tree = catalogue.moored.tree
    found = await catalogue.database.read(lambda tx: tx.items.page(tree, query, after=after, limit=100, at=at))
    assert len(found.rows) == 100


async def p50_us(*calls: Callable[[], Awaitable[None]]) -> list[float]:
    """The median of each call, taken in turns so that what else the machine does hits all alike."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, taken in zip(calls, times, strict=True):
            begun = time.perf_counter()
            await call()
            taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) * 1e6 for taken in times]


def told(label: str, small: float, large: float) -> None:
    print(f"  {label:<28} {small:>7.0f} us {large:>7.0f} us   ratio {large / small:.2f}")


async def compare(small: Catalogue, large: Catalogue) -> None:
    for order in Order:
        query = ItemQuery(order=order)
        for label in ("first", "middle", "end"):
            calls = []
            for catalogue in (small, large):
                index = {"first": -1, "middle": catalogue.flat // 2, "end": catalogue.flat - 101}[label]
                after = await cursor(catalogue, query, index)
                calls.append(partial(page, catalogue, query, after))
            told(f"{order.value}, {label}", *await p50_us(*calls))
    jumps = [partial(page, catalogue, ItemQuery(), None, catalogue.flat // 2 + 77) for catalogue in (small, large)]
    told("name, jump to the middle", *await p50_us(*jumps))


async def bury(catalogue: Catalogue, count: int) -> None:
    """Turn all rows but the first thousand and the last into tombstones, up to ``count``."""
    tree = catalogue.moored.tree
    rows = await catalogue.database.read(
        lambda tx: tx.items.between(
            tree, b"image-%09d.jpg" % 1000, b"image-%09d.jpg" % min(count, catalogue.flat - 200)
        )
    )
    ids = [ItemId(row.id) for row in rows]
    for start in range(0, len(ids), BATCH):
        await catalogue.database.write(partial(bury_some, ids[start : start + BATCH]))
    while await catalogue.database.write(lambda tx: tx.folders.fold()):
        pass
    print(f"  {len(ids):,} rows of the large flat folder are tombstones now")


def vacuum(url: str) -> None:
    """Do at once what autovacuum does within minutes of a great deletion."""
    engine = postgres_engine(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM item")
    engine.dispose()


async def measure(small_url: str, large_url: str, rows: int) -> None:
    small, large = await build(small_url, SMALL), await build(large_url, rows)
    try:
        await compare(small, large)
        await bury(large, rows)
        if large_url.startswith("postgresql"):
            await asyncio.to_thread(vacuum, large_url)
        after = await cursor(large, ItemQuery(), 950)
        middle = await cursor(small, ItemQuery(), SMALL // 2)
        over = await p50_us(lambda: page(small, ItemQuery(), middle), lambda: page(large, ItemQuery(), after))
        told("name, across tombstones", *over)
    finally:
        await small.database.aclose()
        await large.database.aclose()


@contextlib.contextmanager
def urls(*, on_postgres: bool) -> Iterator[tuple[str, str]]:
    if on_postgres:
        with (
            postgres.running({"shared_buffers": "512MB"}) as cluster,
            cluster.database() as one,
            cluster.database() as two,
        ):
            yield one, two
        return
    with tempfile.TemporaryDirectory(prefix="moorage-bench-") as folder:
        yield f"sqlite:///{folder}/small.db", f"sqlite:///{folder}/large.db"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    options = parser.parse_args()
    print("PostgreSQL" if options.postgres else "SQLite", "- p50 of a page of 100: small catalogue, large catalogue")
    with urls(on_postgres=options.postgres) as (small, large):
        asyncio.run(measure(small, large, options.rows))


if __name__ == "__main__":
    main()
