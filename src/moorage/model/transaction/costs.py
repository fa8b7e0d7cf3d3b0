"""Ports to what stores cost by day, and to the wishes of jobs that warm caches up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from moorage.model.costs import Counts, StoreDay
from moorage.model.jobs import JobId
from moorage.model.store import StoreId
from moorage.model.warming import Fault, WarmUp


class Costs(Protocol):
    """Figures by store and day."""

    def add(self, day: date, counts: Mapping[StoreId, Counts]) -> None:
        """Add to what the day has already, whoever wrote it."""

    def days(self, first: date, last: date, store: StoreId | None = None) -> list[StoreDay]:
        """From the first day to the last one, both included, by day and store."""

    def remove_old(self, before: date) -> int:
        """Forget the days before that one; how many rows."""


class WarmUps(Protocol):
    """What jobs of the kind 'warm' were asked for, and how far they are."""

    def add(self, wanted: WarmUp) -> None: ...

    def get(self, job: JobId) -> WarmUp: ...

    def note(
        self, job: JobId, *, needed: int = 0, fetched: int = 0, made: int = 0, faults: Sequence[Fault] = ()
    ) -> WarmUp:
        """Add to its figures, and to its faults as long as there is room; what it is now."""

    def forget_gone(self, limit: int = 1000) -> int:
        """Delete those whose job is gone; 0: nothing is left."""
