"""``/stores``: register, check, browse, remove."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from moorage.edge.problems import report_of
from moorage.model.access import Principal
from moorage.model.errors import NotFound
from moorage.model.keys import Key, unescape
from moorage.model.probe import ProbeReport
from moorage.model.store import Store
from moorage.model.transaction import Transaction
from moorage.registering.register import may_use
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import Objects, Problem, Report, StoreList, StoreShape
from moorage.web.api.store_bodies import StoreBody, StorePatch

router = APIRouter(route_class=OnceRoute, prefix="/stores", tags=["stores"])


@router.post("", status_code=201, responses={201: {"model": StoreShape}, 422: {"model": Problem}})
async def add(uses: Uses, asker: Asker, body: StoreBody) -> Response:
    """Register a store after its check passed; 422 with the report when it did not, unless forced."""
    added = await uses.registering.add(asker, await body.store(asker, uses.facts), force=body.force)
    check = await uses.facts.read(lambda tx: tx.stores.last_check(added.id))
    return answer(render.store(added, check), 201)


@router.get("", responses={200: {"model": StoreList}})
async def all_stores(uses: Uses, asker: Asker) -> Response:
    """The stores that the caller may use, by name, with their last check."""
    return answer({"stores": [render.store(*one) for one in await usable(uses, asker)], "next": None})


@router.post("/check", responses={200: {"model": Report}})
async def check_new(uses: Uses, asker: Asker, body: StoreBody) -> Response:
    """Check a store without registering it."""
    return answer(report_of(await uses.registering.check_new(asker, await body.store(asker, uses.facts))))


@router.get("/{name}", responses={200: {"model": StoreShape}})
async def one(uses: Uses, asker: Asker, name: str) -> Response:
    """One store with its last check."""
    store, check = await visible(uses, asker, name)
    return answer(render.store(store, check) | {"traffic": uses.costs.prices.tip(store)})


@router.patch("/{name}", responses={200: {"model": StoreShape}})
async def change(uses: Uses, asker: Asker, name: str, body: StorePatch) -> Response:
    """Change a store; the new facts are checked first."""
    before, _ = await visible(uses, asker, name)
    changed = await uses.registering.change(asker, name, await body.patched(before, asker), force=body.force)
    uses.locator.forget()
    check = await uses.facts.read(lambda tx: tx.stores.last_check(changed.id))
    return answer(render.store(changed, check))


@router.delete("/{name}", status_code=204)
async def remove(uses: Uses, asker: Asker, name: str) -> Response:
    """Forget a store. 409 while anything uses it; no object is touched."""
    await uses.registering.remove(asker, name)
    return Response(status_code=204)


@router.post("/{name}/check", responses={200: {"model": Report}})
async def check(uses: Uses, asker: Asker, name: str) -> Response:
    """Check a registered store again."""
    uses.locator.refusals.forget()
    return answer(report_of(await uses.registering.check(asker, name)))


@router.get("/{name}/objects", responses={200: {"model": Objects}})
async def objects(
    uses: Uses,
    asker: Asker,
    name: str,
    prefix: str = "",
    delimiter: Literal["", "/"] = "",
    after: str | None = None,
    limit: int = 100,
    key_encoding: str = "",
) -> Response:
    r"""One page of what the store itself lists. ``after`` is the ``next`` of the page before (``\xNN`` escapes).

    ``key_encoding=escaped`` when the prefix is escaped.
    """
    store, _ = await visible(uses, asker, name)
    if key_encoding == "escaped":
        prefix = unescape(prefix)
    if not prefix.startswith(store.prefix):
        prefix = store.prefix + prefix
    start = None if after is None else Key(unescape(after))
    opened = uses.adapters.of(store)
    page = await opened.list_page(prefix, after=start, limit=max(1, min(limit, 1000)), delimiter=delimiter == "/")
    return answer(render.listing(page))


async def usable(uses: Uses, asker: Principal) -> list[tuple[Store, ProbeReport | None]]:
    """Stores that the asker may use, with their last checks."""

    def read(tx: Transaction) -> list[tuple[Store, ProbeReport | None]]:
        return [(store, tx.stores.last_check(store.id)) for store in tx.stores.all() if may_use(asker, store)]

    return await uses.facts.read(read)


async def visible(uses: Uses, asker: Principal, name: str) -> tuple[Store, ProbeReport | None]:
    """The named store if the asker may use it. NotFound otherwise."""

    def read(tx: Transaction) -> tuple[Store, ProbeReport | None]:
        store = tx.stores.named(name)
        if not may_use(asker, store):
            raise NotFound(f"There is no store {name}, or it is not open to you.", "List them with store ls.")
        return store, tx.stores.last_check(store.id)

    return await uses.facts.read(read)
