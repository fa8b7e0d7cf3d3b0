"""``/items``: what is known of one, its signed URL, hide and restore. Bytes are served elsewhere."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from moorage.cataloguing.paths import path_of
from moorage.model.catalogue import ItemId
from moorage.model.keys import escape
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import UrlBody, whole_id
from moorage.web.api.projects import rendered
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import ItemShape, RemovedItem, SignedUrl
from moorage.web.api.signing import UrlMaker
from moorage.web.viewing import need_open

router = APIRouter(route_class=OnceRoute, prefix="/items", tags=["items"])


@router.get("/{item}", responses={200: {"model": ItemShape}})
async def one(uses: Uses, asker: Asker, item: str) -> Response:
    """One item, or its tombstone."""
    found = await uses.browsing.item(asker, ItemId(whole_id(item)))
    shown = (await rendered(uses, [found]))[0]
    if told := await uses.linking.metadata(found.id) if found.linked else {}:
        shown["metadata"] = {escape(name): escape(value) for name, value in told.items()}
    return answer(shown)


@router.delete("/{item}", responses={200: {"model": RemovedItem}})
async def remove(uses: Uses, asker: Asker, item: str) -> Response:
    """Put an uploaded item in the trash, from which it goes after 30 days; hide one of a mirror; forget a link.

    Objects that Moorage did not write stay.
    """
    removed = await uses.changing.remove_item(asker, ItemId(whole_id(item)))
    uses.locator.forget(removed.id)
    state = "removed" if removed.gone is None else removed.gone.value
    return answer({"kept_object": removed.linked, "state": state})


@router.post("/{item}/restore", responses={200: {"model": ItemShape}})
async def restore(uses: Uses, asker: Asker, item: str) -> Response:
    """Make a tombstone live again, under its old id."""
    restored = await uses.changing.restore_item(asker, ItemId(whole_id(item)))
    uses.locator.forget(restored.id)
    return answer((await rendered(uses, [restored]))[0])


@router.post("/{item}/url", responses={200: {"model": SignedUrl}})
async def url(uses: Uses, asker: Asker, item: str, body: UrlBody) -> Response:
    """A URL that reads one variant of the item without further credentials, until it expires."""
    found = await uses.browsing.item(asker, ItemId(whole_id(item)))
    path, store = await uses.facts.read(lambda tx: (path_of(tx, found.folder, found.name), tx.stores.get(found.store)))
    need_open(store, found.project, asker)
    make = UrlMaker(uses, body)
    make.need(found)
    return answer(make(found, path))
