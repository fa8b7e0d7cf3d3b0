"""`moorage cache`: what is kept so that it need not be fetched or made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.options import Json, Url
from moorage.cli.printing import put_json, put_rows, say
from moorage.cli.session import connected
from moorage.cli.sizing import bytes_text
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import Cache
    from moorage.client.caches import CacheName

app = typer.Typer(help="What is kept so that it need not be fetched or made again.", no_args_is_help=True)
NAMES: tuple[CacheName, ...] = ("previews", "storage", "converted")
_SHOWN = {"previews": "previews", "storage": "originals", "converted": "conversions"}


@app.command()
def stats(*, json: Json = False, url: Url = None) -> None:
    """Show what each cache holds, and how often it had what was asked for since the server was started."""
    with connected(url) as client:
        found = client.caches()
    put_rows(
        found,
        [
            ("cache", lambda one: _SHOWN.get(one.name, one.name)),
            ("entries", lambda one: f"{one.entries:,}"),
            ("size", lambda one: f"{bytes_text(one.bytes)} of {bytes_text(one.max_bytes)}"),
            ("had it", _share),
        ],
        as_json=json,
    )


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
            say(f"{_SHOWN[one.name]}: {one.entries:,} entries went, {bytes_text(one.bytes)}.")


def _share(of: Cache) -> str:
    asked = of.hits + of.misses
    return f"{of.hits / asked:.0%} of {asked:,}" if asked else "not asked yet"
