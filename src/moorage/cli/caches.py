"""`moorage cache`: what is kept so that it need not be fetched or made again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.finding import found
from moorage.cli.options import Json, Url, Wait
from moorage.cli.printing import Told, put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.cli.sizing import bytes_text
from moorage.cli.watching import follow
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import Cache
    from moorage.client.caches import CacheName, StoreDay, StoreDays, StoreTotal

app = typer.Typer(help="What is kept so that it need not be fetched or made again.", no_args_is_help=True)
NAMES: tuple[CacheName, ...] = ("previews", "storage", "converted")
_SHOWN = {"previews": "previews", "storage": "originals", "converted": "conversions"}


@app.command()
def stats(
    *,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days, today included.")] = 30,
    json: Json = False,
    url: Url = None,
) -> None:
    """Show what each cache holds, what each store was asked for, what the caches saved, and estimates of money.

    How often a cache had what was asked for counts since the server was started.
    """
    with connected(url) as client:
        caches = client.caches()
        today = datetime.now(UTC).date()
        costs = client.store_days(first=today - timedelta(days=days - 1), last=today)
    stores = _by_store(costs.days)
    if json:
        put_json({"caches": caches, "stores": stores, "first": costs.first, "last": costs.last, **_priced(costs)})
        return
    put_rows(
        caches,
        [
            ("cache", lambda one: _SHOWN.get(one.name, one.name)),
            ("entries", lambda one: f"{one.entries:,}"),
            ("size", lambda one: f"{bytes_text(one.bytes)} of {bytes_text(one.max_bytes)}"),
            ("had it", _share),
        ],
        as_json=False,
    )
    for one in caches:
        if one.trouble:
            shown = _SHOWN.get(one.name, one.name)
            say(f"The cache of {shown} keeps nothing: {one.trouble}. What is asked for is made or fetched each time.")
            say("Make room on the disk of the data directory, and see that the server may write there.")
    if not stores:
        say(f"\nNo store was asked for anything in {days} days, and nothing of one was served.")
        return
    say(f"\nStores, {costs.first} to {costs.last}:")
    put_rows(
        stores,
        [
            ("store", lambda one: one.store or "(gone)"),
            ("requests", lambda one: one.gets + one.puts),
            ("asked", lambda one: bytes_text(one.received)),
            ("served", lambda one: bytes_text(one.served)),
            ("saved", lambda one: bytes_text(max(0, one.saved))),
            ("cost", lambda one: _money(one.cost)),
            ("cost saved", lambda one: _money(one.saving)),
        ],
        as_json=False,
    )
    say(f"Money is an estimate in {costs.currency} at list prices of {costs.priced}; - where no price is known.")


def _by_store(days: Iterable[StoreDay]) -> list[StoreTotal]:
    """The sums of the days, by store."""
    from moorage.client.caches import StoreTotal

    totals: dict[str | None, StoreTotal] = {}
    for day in days:
        totals[day.store] = totals.get(day.store, StoreTotal(day.store)).with_day(day)
    return sorted(totals.values(), key=lambda one: (one.store is None, one.store))


def _priced(costs: StoreDays) -> dict[str, object]:
    return {"currency": costs.currency, "priced": costs.priced}


def _money(amount: float | None) -> str | None:
    return None if amount is None else f"{max(0.0, amount):,.4f}"


@app.command()
def purge(
    name: Annotated[str, typer.Argument(metavar="CACHE", help="previews, storage (the originals), converted, or all.")],
    *,
    store: Annotated[str, typer.Option(help="Only what was made of objects of this store.")] = "",
    prefix: Annotated[str, typer.Option(help="With --store: only of keys that begin so.")] = "",
    item: Annotated[str, typer.Option(help="Only what was made of the item of this id.")] = "",
    json: Json = False,
    url: Url = None,
) -> None:
    """Empty a cache, or take a part out of it. No object is touched: what is asked for again is fetched anew."""
    named: tuple[CacheName, ...] = NAMES if name == "all" else tuple(one for one in NAMES if one == name)
    if not named:
        raise Invalid(f"There is no cache {name}.", "Name previews, storage, converted or all.", field="cache")
    with connected(url) as client:
        done = [client.purge_cache(one, store=store, prefix=prefix, item=item) for one in named]
    for one in done:
        if json:
            put_json(one)
        else:
            entries = "entry" if one.entries == 1 else "entries"
            say(f"{_SHOWN[one.name]}: {one.entries:,} {entries} went, {bytes_text(one.bytes)}.")


@app.command()
def warm(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="PROJECT or PROJECT/folder.")],
    *,
    previews: Annotated[
        str, typer.Option(help="Make previews of these sides in pixels.", metavar="256,1024", show_default=False)
    ] = "",
    originals: Annotated[bool, typer.Option("--originals", help="Fetch the objects themselves.")] = False,
    prefix: Annotated[str, typer.Option(help="Only items whose names begin so.")] = "",
    kind: Annotated[str, typer.Option(help="Only image, video or file.")] = "",
    wait: Wait = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Make previews and fetch originals before anybody asks for them; without either, previews of 256 and 1024 pixels.

    The job ends before it would push out of a cache what it brought there.
    """
    from moorage.client import Folder

    sizes = _sizes(previews) if previews or originals else [256, 1024]
    if kind not in ("", "image", "video", "file"):
        raise Invalid(f"There is no kind {kind}.", "Name image, video or file.", field="kind")
    with connected(url) as client:
        top = found(client, place)
        if not isinstance(top, Folder):
            raise Invalid(f"{place} is an item.", "Name a project or a folder of it.", field="place")
        started = client.warm(top.project, folder=top.id, prefix=prefix, kind=kind, previews=sizes, originals=originals)
        if not wait:
            if json:
                put_json(started)
            else:
                put_fields([("job", started.job)])
                say(f"Watch it: moorage job watch {started.job}")
            return
        code = follow(client, started.job, as_json=False)
        done = client.warmed(started.job)
    if json:
        put_json(done)
    else:
        put_rows(done.faults, [("item", lambda one: one.name), ("why", lambda one: Told(one.reason))], as_json=False)
    raise typer.Exit(code)


def _sizes(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and len(word) < 6 for word in words):  # noqa: PLR2004 - no screen is so wide
        raise Invalid(f"{text!r} are no sizes in pixels.", "Write them as 256,1024.", field="previews")
    return [int(word) for word in words]


def _share(of: Cache) -> str:
    asked = of.hits + of.misses
    return f"{of.hits / asked:.0%} of {asked:,}" if asked else "not asked yet"
