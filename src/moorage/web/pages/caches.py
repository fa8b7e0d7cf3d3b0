"""The page of caches: what they hold, and what they save of what stores bill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from moorage.costing import Priced
from moorage.model.access import Role
from moorage.model.caches import CacheState
from moorage.model.costs import Counts
from moorage.web.api.caches import CacheName
from moorage.web.pages.rendering import page, services, signed_in

_WORDS: Final = {
    CacheName.PREVIEWS: ("Previews", "Small images for the grid, and the posters of videos."),
    CacheName.STORAGE: ("Originals", "Parts of objects as they came from buckets and web servers. Disks need none."),
    CacheName.CONVERTED: ("Conversions", "Images and videos in other forms than they are stored in."),
}
_STEPS: Final = (1, 2, 5, 10)
K = TypeVar("K", date, str)


@dataclass(frozen=True, slots=True)
class Figures:
    """The sum of some days; ``name`` is of a store, or of a day. Money is None where no price is known."""

    name: str
    counts: Counts
    cost: float | None
    saving: float | None

    @property
    def saved(self) -> int:
        """What is shown as saved: what was fetched and not read yet is no loss."""
        return max(0, self.counts.saved)


@dataclass(frozen=True, slots=True)
class Chart:
    """Two bars for each day, as shares of ``top`` in percent."""

    top: int
    """Bytes of the highest line."""
    bars: list[tuple[Figures, float, float]]
    """The day, what was asked of stores, and what was saved."""


async def cache(request: Request) -> Response:
    """Caches and costs; for admins."""
    asker, uses = await signed_in(request), services(request)
    asker.need_everywhere(Role.ADMIN)
    store = request.query_params.get("store", "")
    first, last = uses.costs.span()
    found = await uses.costs.days(asker, first, last, store=store)
    by_day = _grouped(found, lambda one: one.day)
    days = [_sum(_told(day), by_day.get(day, [])) for day in _days(first, last)]
    stores = [_sum(name, of) for name, of in _grouped(found, lambda one: one.name or "").items()]
    return await page(
        request,
        "cache.html",
        title="Cache",
        principal=asker,
        section="cache",
        caches=[shown_cache(name, await uses.caches[name].state()) for name in CacheName],
        chart=chart_of(days),
        days=days,
        stores=sorted(stores, key=lambda one: (-one.counts.received - one.counts.served, one.name)),
        total=_sum("", found),
        store=store,
        names=[one.name for one in await uses.facts.read(lambda tx: tx.stores.all())],
        money=uses.costs.prices.money,
        prices=uses.costs.prices,
        server=uses.settings.server_region,
    )


def _grouped(found: Iterable[Priced], key: Callable[[Priced], K]) -> dict[K, list[Priced]]:
    groups: dict[K, list[Priced]] = {}
    for one in found:
        groups.setdefault(key(one), []).append(one)
    return groups


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _told(day: date) -> str:
    return f"{day.day} {day:%b}"


def _sum(name: str, found: Sequence[Priced]) -> Figures:
    counts = Counts()
    for one in found:
        counts += one.counts
    costs, savings = (
        [amount for amount in amounts if amount is not None]
        for amounts in ((one.cost for one in found), (one.saving for one in found))
    )
    return Figures(name, counts, sum(costs) if costs else None, max(0.0, sum(savings)) if savings else None)


def chart_of(days: Sequence[Figures]) -> Chart | None:
    """None where nothing is to be drawn."""
    most = max(max(one.counts.received, one.saved) for one in days)
    if not most:
        return None
    unit = 10 ** (len(str(most)) - 1)
    top = next(step * unit for step in _STEPS if step * unit >= most)
    return Chart(top, [(one, one.counts.received * 100 / top, one.saved * 100 / top) for one in days])


def shown_cache(name: CacheName, state: CacheState) -> dict[str, object]:
    """A cache as the page shows it."""
    word, what = _WORDS[name]
    asked = state.hits + state.misses
    return {
        "name": name.value,
        "word": word,
        "what": what,
        "state": state,
        "share": f"{state.hits / asked:.0%} of {asked:,}" if asked else "not asked yet",
        "stays": _stays(state.expires_s),
    }


def _stays(seconds: float) -> str:
    """Such as ``7 days`` or ``12 hours``."""
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= unit or unit == 1:
            count = round(seconds / unit)
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    raise AssertionError(seconds)
