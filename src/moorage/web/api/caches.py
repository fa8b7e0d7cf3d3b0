"""``/cache``: what the caches hold, emptying and warming them, and what stores cost by day."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from moorage.costing import Priced
from moorage.model.access import Role
from moorage.model.caches import Which
from moorage.model.catalogue import FolderId, ItemId, Kind, ProjectId
from moorage.model.errors import Invalid
from moorage.model.jobs import JobId
from moorage.model.keys import ESCAPED, unescape
from moorage.model.warming import WarmUp
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body, KeyedBody, whole_id
from moorage.web.api.render import Json
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import CacheList, Problem, PurgedList, PurgedShape, StartedJob, StoreDayList, WarmUpShape

router = APIRouter(route_class=OnceRoute, prefix="/cache", tags=["running it"])
_FAILS: Any = {400: {"model": Problem}, 403: {"model": Problem}, 404: {"model": Problem}}
TABLE: Final = "text/csv"
_COLUMNS: Final = ("day", "store", "gets", "puts", "received", "sent", "served", "saved", "hits", "cost", "saving")
_KINDS: Final = {"image": Kind.IMAGE, "video": Kind.VIDEO, "file": Kind.FILE}


class CacheName(StrEnum):
    """Names of caches."""

    PREVIEWS = "previews"
    STORAGE = "storage"
    CONVERTED = "converted"


class WarmBody(Body):
    """What to warm up: previews of these sides in pixels, the originals, or both."""

    project: str = Field(description="Its id or name.")
    folder: str = Field(default="", description="Id of a folder; all below it is meant. Empty: the whole project.")
    prefix: str = Field(default="", description="Only items whose names begin so.")
    kind: Literal["", "image", "video", "file"] = ""
    previews: list[int] = Field(default=[], max_length=10, examples=[[256, 1024]])
    originals: bool = False


class PurgeBody(KeyedBody):
    """What to take out of caches: what was made of objects of a store, or of its keys that begin so."""

    cache: Literal["all", "previews", "storage", "converted"] = "all"
    store: str
    prefix: str = ""


@router.get("", responses={200: {"model": CacheList}, **_FAILS})
async def look(uses: Uses, asker: Asker) -> Response:
    """What each cache holds; hits and misses count from the start of the server on. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    return answer({"caches": [{"name": name, **asdict(await uses.caches[name].state())} for name in CacheName]})


@router.get("/days", responses={200: {"model": StoreDayList, "content": {TABLE: {}}}, **_FAILS})
async def days(
    uses: Uses,
    asker: Asker,
    request: Request,
    store: Annotated[str, Query(description="Only this store.")] = "",
    first: Annotated[date | None, Query(alias="from", description="The first day; default: 30 days to `to`.")] = None,
    to: Annotated[date | None, Query(description="The last day, which is included; default: today (UTC).")] = None,
    format: str = "",
) -> Response:
    """What stores were asked for by day, what readers got, and estimates of money. Needs an admin.

    With ``Accept: text/csv`` or ``format=csv`` as a table.
    """
    span = uses.costs.span(first, to)
    found = await uses.costs.days(asker, *span, store=store)
    if format == "csv" or TABLE in request.headers.get("accept", ""):
        headers = {"content-disposition": f'attachment; filename="costs-{span[0]}-{span[1]}.csv"'}
        return Response(_table(found), 200, headers, f"{TABLE}; charset=utf-8")
    prices = uses.costs.prices
    return answer(
        {
            "days": [shown_day(one) for one in found],
            "first": span[0].isoformat(),
            "last": span[1].isoformat(),
            "currency": prices.currency,
            "priced": prices.date.isoformat(),
            "server": uses.settings.server_region,
        }
    )


def shown_day(of: Priced) -> Json:
    """The figures of a store and a day."""
    money = {"cost": _rounded(of.cost), "saving": _rounded(of.saving)}
    return {"day": of.day.isoformat(), "store": of.name, **asdict(of.counts), **money}


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 6)


def _table(found: Sequence[Priced]) -> str:
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, _COLUMNS)
    rows.writeheader()
    rows.writerows(shown_day(one) for one in found)
    return text.getvalue()


@router.post("/warm", status_code=202, responses={202: {"model": StartedJob}, **_FAILS})
async def warm(uses: Uses, asker: Asker, body: WarmBody) -> Response:
    """Make previews and fetch originals before anybody asks for them. The answer names the job.

    It ends before it would push out of a cache what it brought there. Needs an editor of the project.
    """
    project = (await uses.projects.get(asker, body.project)).project
    folder = FolderId(whole_id(body.folder, "folder")) if body.folder else project.root
    wanted = WarmUp(
        ProjectId(project.id),
        folder,
        tuple(body.previews),
        originals=body.originals,
        prefix=body.prefix,
        kind=_KINDS.get(body.kind),
    )
    job = await uses.warm_ups.begin(asker, wanted)
    return answer({"id": str(job.id), "job": str(job.id)}, 202)


@router.get("/warm/{job}", responses={200: {"model": WarmUpShape}, **_FAILS})
async def warmed(uses: Uses, asker: Asker, job: str) -> Response:
    """What a job was asked to warm up, and the first 100 items that failed, with reasons."""
    of = await uses.warm_ups.get(asker, JobId(whole_id(job)))
    return answer(
        {
            "job": str(of.job),
            "project": str(of.project),
            "folder": str(of.folder),
            "prefix": of.prefix,
            "kind": "" if of.kind is None else of.kind.name.lower(),
            "previews": list(of.sizes),
            "originals": of.originals,
            "needed": of.needed,
            "fetched": of.fetched,
            "made": of.made,
            "faults": [{"item": str(one.item), "name": one.name, "reason": one.reason} for one in of.faults],
        }
    )


@router.post("/purge", responses={200: {"model": PurgedList}, **_FAILS})
async def purge_store(uses: Uses, asker: Asker, body: PurgeBody) -> Response:
    """Take what was made of a store's objects out of one cache or all. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    store = await uses.facts.read(lambda tx: tx.stores.named(body.store))
    which = Which(store.id, body.key(body.prefix))
    named = [one for one in CacheName if body.cache in ("all", one)]
    gone = [{"name": name, **asdict(await uses.caches[name].purge(which))} for name in named]
    entries = sum(one["entries"] for one in gone)
    return answer({"caches": gone, "note": f"{entries:,} {'entry' if entries == 1 else 'entries'} went."})


@router.delete("/{cache}", responses={200: {"model": PurgedShape}, **_FAILS})
async def purge(
    uses: Uses,
    asker: Asker,
    cache: CacheName,
    item: Annotated[str, Query(description="Only what was made of this item's object.")] = "",
    store: Annotated[str, Query(description="Only what was made of objects of this store.")] = "",
    prefix: Annotated[str, Query(description="With `store`: only of keys that begin so.")] = "",
    key_encoding: Annotated[str, Query(description="`escaped` for a prefix that is written so.")] = "",
) -> Response:
    """Empty a cache, or take a part out of it; what is asked for again is fetched and made anew. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    if item and (store or prefix):
        raise Invalid("An item was named, and a store or prefix too. Nothing was purged.", "Name one.", field="item")
    if prefix and not store:
        raise Invalid("A prefix was named without its store. Nothing was purged.", "Add store=NAME.", field="store")
    which = Which()
    if item:
        found = (await uses.locator.locate(ItemId(whole_id(item, "item")))).item
        which = Which(found.store, key=found.key)
    elif store:
        begin = unescape(prefix) if key_encoding == ESCAPED else prefix
        which = Which((await uses.facts.read(lambda tx: tx.stores.named(store))).id, begin)
    return answer({"name": cache, **asdict(await uses.caches[cache].purge(which))})
