"""``/folders`` and ``/lookup``: the tree, page by page."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from moorage.model.catalogue import FolderId, Order
from moorage.model.errors import Busy
from moorage.model.keys import unescape
from moorage.model.transaction import ItemQuery
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import FolderBody, FolderPatch, ManifestUrlBody, whole_id
from moorage.web.api.projects import gone_of, kind_of, rendered, stores_of
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import Children, FolderShape, FoundShape, ManifestUrl
from moorage.web.api.signing import manifest_url

router = APIRouter(route_class=OnceRoute, tags=["folders"])


@router.get("/folders/{folder}", responses={200: {"model": FolderShape}})
async def one(uses: Uses, asker: Asker, folder: str) -> Response:
    """A folder and its ancestors, from the project's root down to it."""
    found, ancestors = await uses.browsing.folder(asker, FolderId(whole_id(folder)))
    return answer(render.folder(found, ancestors))


@router.get("/folders/{folder}/children", responses={200: {"model": Children}})
async def children(
    uses: Uses,
    asker: Asker,
    folder: str,
    after: str | None = None,
    limit: int = 100,
    sort: Order = Order.NAME,
    order: Literal["asc", "desc"] = "asc",
    at: int | None = None,
    prefix: str = "",
    kind: str = "",
    state: str = "live",
) -> Response:
    """One page of a folder: folders first, then items. ``after`` is the ``next`` of the page before.

    ``at`` jumps to that index of the order; 503 with a job under way while a sort order is first built.
    """
    query = ItemQuery(order=sort, descending=order == "desc", prefix=prefix, kind=kind_of(kind), gone=gone_of(state))
    try:
        page = await uses.browsing.children(asker, FolderId(whole_id(folder)), query, after=after, limit=limit, at=at)
    except Busy:
        uses.wake_order(sort)
        raise
    return answer(render.children(page, await stores_of(uses, {item.store for item in page.items})))


@router.post("/folders", status_code=201, responses={201: {"model": FolderShape}})
async def add(uses: Uses, asker: Asker, body: FolderBody) -> Response:
    """Make a plain folder."""
    parent = FolderId(whole_id(body.parent, "parent"))
    return answer(render.folder(await uses.changing.add_folder(asker, parent, body.key(body.name))), 201)


@router.patch("/folders/{folder}", responses={200: {"model": FolderShape}})
async def rename(uses: Uses, asker: Asker, folder: str, body: FolderPatch) -> Response:
    """Rename a plain folder or the mount of a mirror."""
    renamed = await uses.changing.rename_folder(asker, FolderId(whole_id(folder)), body.key(body.name))
    return answer(render.folder(renamed))


@router.delete("/folders/{folder}", status_code=204)
async def remove(uses: Uses, asker: Asker, folder: str, with_uploads: bool = False) -> Response:
    """Remove an empty plain folder; 409 while its trash holds uploaded items, unless ``with_uploads``."""
    await uses.changing.remove_folder(asker, FolderId(whole_id(folder)), with_uploads=with_uploads)
    uses.wake_purge()
    return Response(status_code=204)


@router.post("/folders/{folder}/url", responses={200: {"model": ManifestUrl}})
async def url(uses: Uses, asker: Asker, folder: str, body: ManifestUrlBody) -> Response:
    """The IIIF manifest of a folder for whoever has the URL, with all images in it, until it expires."""
    found, _ = await uses.browsing.folder(asker, FolderId(whole_id(folder)))
    return answer(manifest_url(uses, found.id, body.expires_in))


@router.get("/lookup", responses={200: {"model": FoundShape}})
async def lookup(uses: Uses, asker: Asker, project: str, path: str = "", key_encoding: str = "") -> Response:
    """What lies at a path below a project's root; ``key_encoding=escaped`` when the path is escaped."""
    found = await uses.browsing.lookup(asker, project, unescape(path) if key_encoding == "escaped" else path)
    if found.folder is not None:
        return answer({"folder": render.folder(found.folder)})
    assert found.item is not None
    return answer({"item": (await rendered(uses, [found.item]))[0]})
