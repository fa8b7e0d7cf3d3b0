"""Metrics of stores and caches, as they stand when /metrics is read; they tell ids, because everybody may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from moorage.model.caches import CacheState, Shelf
from moorage.model.costs import Counts
from moorage.model.store import StoreId


class StoreMetrics(Collector):
    """What was asked of each store since the start of the process, and what readers got."""

    def __init__(self) -> None:
        self.totals: Mapping[StoreId, Counts] = {}

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The figures that were noted last."""
        requests = CounterMetricFamily(
            "moorage_store_requests", "Requests sent to the store, repeats too.", labels=["store", "class"]
        )
        bytes_ = CounterMetricFamily("moorage_store_bytes", "Bytes from and to the store.", labels=["store", "way"])
        served = CounterMetricFamily("moorage_store_served_bytes", "Bytes that readers were sent.", labels=["store"])
        hits = CounterMetricFamily("moorage_store_cache_hits", "Times that a cache had it all.", labels=["store"])
        saved = GaugeMetricFamily(
            "moorage_store_saved_bytes", "Bytes of originals that were handed on, less those fetched.", labels=["store"]
        )
        for store, counts in sorted(self.totals.items()):
            name = str(store)
            requests.add_metric([name, "get"], counts.gets)
            requests.add_metric([name, "put"], counts.puts)
            bytes_.add_metric([name, "received"], counts.received)
            bytes_.add_metric([name, "sent"], counts.sent)
            served.add_metric([name], counts.served)
            hits.add_metric([name], counts.hits)
            saved.add_metric([name], counts.saved)
        yield from (requests, bytes_, served, hits, saved)


class CacheMetrics(Collector):
    """What the caches hold, and how often they had what was asked for."""

    def __init__(self) -> None:
        self.states: Mapping[str, CacheState] = {}

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The figures that were noted last."""
        entries = GaugeMetricFamily("moorage_cache_entries", "Entries of the cache.", labels=["cache"])
        bytes_ = GaugeMetricFamily("moorage_cache_bytes", "Bytes of the cache.", labels=["cache"])
        most = GaugeMetricFamily("moorage_cache_max_bytes", "Bytes that the cache may hold.", labels=["cache"])
        hits = CounterMetricFamily("moorage_cache_hits", "Looks that found an entry.", labels=["cache"])
        misses = CounterMetricFamily("moorage_cache_misses", "Looks that found none.", labels=["cache"])
        failing = GaugeMetricFamily("moorage_cache_failing", "1 where its disk took nothing lately.", labels=["cache"])
        for name, state in self.states.items():
            entries.add_metric([name], state.entries)
            bytes_.add_metric([name], state.bytes)
            most.add_metric([name], state.max_bytes)
            hits.add_metric([name], state.hits)
            misses.add_metric([name], state.misses)
            failing.add_metric([name], bool(state.trouble))
        yield from (entries, bytes_, most, hits, misses, failing)


STORES: Final = StoreMetrics()
CACHES: Final = CacheMetrics()
REGISTRY.register(STORES)
REGISTRY.register(CACHES)


async def note_costs(totals: Mapping[StoreId, Counts], caches: Mapping[str, Shelf]) -> None:
    """Bring the figures up to date."""
    STORES.totals = totals
    CACHES.states = {name: await shelf.state() for name, shelf in caches.items()}
