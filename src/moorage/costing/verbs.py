"""The verbs on costs: the figures of days, with their estimates of money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from moorage.costing.prices import Prices, Route
from moorage.costing.tally import Tally
from moorage.model.access import Principal, Role
from moorage.model.costs import DAY_MS, Counts, StoreDay, day_of
from moorage.model.errors import Invalid
from moorage.model.store import Store, StoreId
from moorage.model.transaction import Facts, Transaction

KEPT_DAYS: Final = 800
"""Figures are forgotten after it: two years can be compared."""
USUAL_DAYS: Final = 30
MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Priced:
    """Figures of a store. ``name`` is None for one that is gone; money is None where no price is known."""

    day: date
    store: StoreId
    name: str | None
    counts: Counts
    cost: float | None
    saving: float | None


class Costs:
    """What stores cost. ``tally`` counts; what it holds is written down before anybody is told."""

    def __init__(self, facts: Facts, tally: Tally, prices: Prices, *, now_ms: Callable[[], int]) -> None:
        self._facts = facts
        self._now_ms = now_ms
        self.tally = tally
        self.prices = prices
        self._forgot_ms = 0

    def span(self, first: date | None = None, last: date | None = None) -> tuple[date, date]:
        """The days that are meant, both included: the last 30 where nothing is said. Raises Invalid."""
        last = last or day_of(self._now_ms())
        first = first or last - timedelta(days=USUAL_DAYS - 1)
        if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            raise Invalid(f"{first} to {last} is no span of up to {MOST_DAYS} days.", "Ask for another.", field="from")
        return first, last

    async def days(self, principal: Principal, first: date, last: date, *, store: str = "") -> list[Priced]:
        """By day and store, from the first day to the last one, both included. Needs an admin."""
        principal.need_everywhere(Role.ADMIN)
        await self.tally.save()

        def read(tx: Transaction) -> tuple[list[StoreDay], list[Store]]:
            stores = [tx.stores.named(store)] if store else tx.stores.all()
            return tx.costs.days(first, last, stores[0].id if store else None), stores

        found, stores = await self._facts.read(read)
        named = {one.id: (one.name, self.prices.route(one)) for one in stores}
        return [_priced(one, *named.get(one.store, (None, None))) for one in found]

    async def save(self) -> None:
        """Write down what was counted; once a day also forget what is too old."""
        await self.tally.save()
        now_ms = self._now_ms()
        if now_ms - self._forgot_ms >= DAY_MS:
            oldest = day_of(now_ms) - timedelta(days=KEPT_DAYS)
            await self._facts.write(lambda tx: tx.costs.remove_old(oldest))
            self._forgot_ms = now_ms


def _priced(of: StoreDay, name: str | None, route: Route | None) -> Priced:
    cost, saving = (None, None) if route is None else (route.price(of.counts), route.saving(of.counts))
    return Priced(of.day, of.store, name, of.counts, cost, saving)
