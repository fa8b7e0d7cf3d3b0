"""Counters: what a store has been asked for, which is what the provider's bill is made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Totals since the transport was made. Read them at any time; only the transport writes."""

    requests: Counter[str] = field(default_factory=Counter)
    """Requests sent, repeats included, by operation: ``list``, ``get``, ``stat``, ``put``, ``copy``..."""
    repeats: int = 0
    """Requests sent again after a passing fault."""
    faults: int = 0
    """Tries that ended without an answer."""
    bytes_sent: int = 0
    """Of request bodies."""
    bytes_received: int = 0
    """Of answer bodies."""
