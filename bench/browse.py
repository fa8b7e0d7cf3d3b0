"""Folder pages over HTTP, of a small and a large catalogue, side by side; the query alone is printed beside them.

python bench/browse.py [--rows 10000000] [--postgres]

Prints the p50 of GET /folders/{id}/children with 100 rows at the beginning, the middle and the end of a flat folder in
each order, in a catalogue of 10,000 rows and in one of many, and their ratio; then across tombstones. Bar: 1.30.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from moorage.database.engine import Database
from moorage.model.catalogue import Order
from moorage.model.transaction import ItemQuery
from pages import ROUNDS, SMALL, Catalogue, PlainSealer, build, bury, cursor, p50_us, page, vacuum
from servers import postgres
from servers.moorage import Moorage

PLACES = ("first", "middle", "end")


@dataclass
class Site:
    """A catalogue, and the server that shows it."""

    catalogue: Catalogue
    server: Moorage
    token: str = ""
    connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> float:
        """Seconds of one GET on a connection that is kept."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        began = time.perf_counter()
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        spent = time.perf_counter() - began
        assert answer.status == 200, body
        return spent


def children(site: Site, query: ItemQuery, after: str | None) -> str:
    """The page of items after a cursor; ``i.`` alone is their beginning, behind the child folders."""
    path = f"/api/v1/folders/{site.catalogue.moored.tree}/children?limit=100&sort={query.order.value}"
    return f"{path}&after={quote('i.' + (after or ''))}"


def over_http(sites: list[Site], paths: list[str]) -> list[float]:
    """The median of each in milliseconds, taken in turns."""
    times: list[list[float]] = [[] for _ in sites]
    for _ in range(ROUNDS):
        for site, path, taken in zip(sites, paths, times, strict=True):
            taken.append(site.get(path))
    return [statistics.median(taken) * 1000 for taken in times]


def told(label: str, http_ms: list[float], query_us: list[float]) -> None:
    print(
        f"  {label:<24} {http_ms[0]:6.2f} ms {http_ms[1]:6.2f} ms  ratio {http_ms[1] / http_ms[0]:.2f}   "
        f"query alone {query_us[0]:5.0f} us {query_us[1]:5.0f} us  ratio {query_us[1] / query_us[0]:.2f}",
        flush=True,
    )


async def at(site: Site, query: ItemQuery, place: str) -> str | None:
    index = {"first": -1, "middle": site.catalogue.flat // 2, "end": site.catalogue.flat - 101}[place]
    return await cursor(site.catalogue, query, index)


async def compare(sites: list[Site]) -> None:
    for order in Order:
        query = ItemQuery(order=order)
        for place in PLACES:
            cursors = [await at(site, query, place) for site in sites]
            queries = [partial(page, site.catalogue, query, after) for site, after in zip(sites, cursors, strict=True)]
            alone = await p50_us(*queries)
            paths = [children(site, query, after) for site, after in zip(sites, cursors, strict=True)]
            told(f"{order.value}, {place}", await asyncio.to_thread(over_http, sites, paths), alone)


async def across_tombstones(sites: list[Site], rows: int, url: str) -> None:
    small, large = sites
    await bury(large.catalogue, rows)
    if url.startswith("postgresql"):
        await asyncio.to_thread(vacuum, url)
    query = ItemQuery()
    cursors = [await at(small, query, "middle"), await cursor(large.catalogue, query, 950)]
    queries = [partial(page, site.catalogue, query, after) for site, after in zip(sites, cursors, strict=True)]
    paths = [children(site, query, after) for site, after in zip(sites, cursors, strict=True)]
    told("across tombstones", await asyncio.to_thread(over_http, sites, paths), await p50_us(*queries))


async def built(url: str, rows: int) -> Catalogue:
    """A filled catalogue whose database is closed again."""
    catalogue = await build(url, rows)
    await catalogue.database.aclose()
    return catalogue


def opened(url: str) -> Database:
    return Database.open(url, sealer=PlainSealer())


def run(servers: list[Moorage], urls: list[str], rows: int) -> None:
    for server in servers:  # makes the key and the schema
        server.start().stop()
    catalogues = [asyncio.run(built(url, count)) for url, count in zip(urls, (SMALL, rows), strict=True)]
    sites = [Site(catalogue, server.start()) for catalogue, server in zip(catalogues, servers, strict=True)]
    for site in sites:
        site.token = site.server.token("bench")

    async def measure() -> None:
        for site, url in zip(sites, urls, strict=True):
            site.catalogue = replace(site.catalogue, database=opened(url))
        await compare(sites)
        await across_tombstones(sites, rows, urls[1])
        for site in sites:
            await site.catalogue.database.aclose()

    asyncio.run(measure())
    for server in servers:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL instead of SQLite")
    options = parser.parse_args()
    print("PostgreSQL" if options.postgres else "SQLite", "- p50 of a page of 100: small catalogue, large catalogue")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="moorage-bench-")))
        servers = [Moorage(home / name) for name in ("small", "large")]
        urls = [f"sqlite:///{server.data}/catalogue.db" for server in servers]
        if options.postgres:
            cluster = stack.enter_context(postgres.running({"shared_buffers": "512MB"}))
            urls = [stack.enter_context(cluster.database()) for _ in servers]
            for server, url in zip(servers, urls, strict=True):
                server.settings["MOORAGE_DATABASE_URL"] = url
        run(servers, urls, options.rows)


if __name__ == "__main__":
    main()
