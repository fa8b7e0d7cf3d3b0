"""``/cache``: what the caches hold, and emptying them."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from moorage.model.access import Role
from moorage.model.caches import Which
from moorage.model.catalogue import ItemId
from moorage.model.errors import Invalid
from moorage.model.keys import ESCAPED, unescape
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import CacheList, Problem, PurgedShape

router = APIRouter(route_class=OnceRoute, prefix="/cache", tags=["running it"])
_FAILS: Any = {400: {"model": Problem}, 403: {"model": Problem}, 404: {"model": Problem}}


class CacheName(StrEnum):
    """Names of caches."""

    PREVIEWS = "previews"
    STORAGE = "storage"
    CONVERTED = "converted"


@router.get("", responses={200: {"model": CacheList}, **_FAILS})
async def look(uses: Uses, asker: Asker) -> Response:
    """What each cache holds; hits and misses count from the start of the server on. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    return answer({"caches": [{"name": name, **asdict(await uses.caches[name].state())} for name in CacheName]})


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
