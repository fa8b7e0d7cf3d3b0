"""Costs and warm-ups, on every database."""

from __future__ import annotations

from contracts.costs import CostContract, WarmUpContract


class TestCosts(CostContract):
    """By store and day."""


class TestWarmUps(WarmUpContract):
    """What jobs were asked for."""
