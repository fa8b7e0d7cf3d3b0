"""Figures of answers for ``/metrics``, noted many at once: a counter's lock for each costs more than the count."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_WORDS: Final = [*map(str, _BOUNDS), "+Inf"]


class _Seconds:
    """How long answers of one face took to begin."""

    def __init__(self) -> None:
        self.buckets = [0] * len(_WORDS)
        self.total = 0.0


class Figures(Collector):
    """Counts answers. Belongs to the event loop."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._sent: Counter[str] = Counter()
        self._seconds: dict[str, _Seconds] = {}
        self._at_once = 0

    def note(self, face: str, status: int, first_s: float, sent: int) -> None:
        """Count an answer that began after ``first_s`` seconds and sent so many bytes of a body."""
        self._requests[face, status] += 1
        self._sent[face] += sent
        seconds = self._seconds.get(face)
        if seconds is None:
            seconds = self._seconds[face] = _Seconds()
        seconds.buckets[bisect_left(_BOUNDS, first_s)] += 1
        seconds.total += first_s

    def note_at_once(self, count: int) -> None:
        """Count answers that waited for nothing; they are noted besides."""
        self._at_once += count

    def collect(self) -> Iterable[Metric]:
        """For the registry."""
        requests = CounterMetricFamily("moorage_requests", "Requests answered.", labels=["face", "status"])
        for (face, status), count in self._requests.items():
            requests.add_metric([face, str(status)], count)
        sent = CounterMetricFamily("moorage_sent_bytes", "Bytes of bodies sent.", labels=["face"])
        for face, count in self._sent.items():
            sent.add_metric([face], count)
        seconds = HistogramMetricFamily("moorage_request_seconds", "Seconds until the answer began.", labels=["face"])
        for face, one in self._seconds.items():
            seconds.add_metric([face], [*zip(_WORDS, accumulate(one.buckets), strict=True)], one.total)
        at_once = "Requests for bytes answered without waiting for anything."
        yield from (requests, sent, seconds)
        yield CounterMetricFamily("moorage_requests_at_once", at_once, self._at_once)


FIGURES: Final = Figures()
REGISTRY.register(FIGURES)
