"""``/projects/{project}/urls``: a signed URL for each item of a project, or of what lies below a path."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from moorage.cataloguing.browsing import Found
from moorage.cataloguing.paths import FolderPaths
from moorage.cataloguing.projects import CountedProject
from moorage.model.catalogue import FolderId, Item, ProjectId
from moorage.model.store import Store, StoreId
from moorage.model.transaction import ItemQuery, Transaction
from moorage.web.api.asking import Asker, Uses, asker_of, dumped
from moorage.web.api.bodies import UrlsBody
from moorage.web.api.projects import kind_of
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.signing import UrlMaker
from moorage.web.viewing import is_open

router = APIRouter(route_class=OnceRoute, prefix="/projects", tags=["projects"])


@router.post("/{project}/urls")
async def urls(uses: Uses, asker: Asker, request: Request, project: str, body: UrlsBody) -> Response:
    """A signed URL for every item at and below a path that passes the filters, as a stream of NDJSON lines.

    Items in stores that are not open to the asker are left out, and so is what there is no such variant of.
    """
    of = await uses.projects.get(asker, project)
    found = await uses.browsing.lookup(asker, str(of.project.id), body.key(body.path)) if body.path else Found()
    query = ItemQuery(
        prefix=body.key(body.prefix), kind=kind_of(body.kind), min_size=body.min_size, max_size=body.max_size
    )
    make, paths = UrlMaker(uses, body), FolderPaths()

    async def lines() -> AsyncIterator[bytes]:
        async for page in _pages(uses, request, of, found, query):
            where, stores = await uses.facts.read(lambda tx, page=page: _places(tx, paths, page))  # type: ignore[misc]
            shown = [one for one in page if make.suits(one) and is_open(stores[one.store], one.project, asker)]
            yield b"".join(dumped(make(item, where[item.folder] + item.name)) + b"\n" for item in shown)

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _places(tx: Transaction, paths: FolderPaths, page: list[Item]) -> tuple[dict[FolderId, str], dict[StoreId, Store]]:
    """The paths of the items' folders, and their stores."""
    stores = {store: tx.stores.get(store) for store in {item.store for item in page}}
    return paths.among(tx, {item.folder for item in page}), stores


async def _pages(
    uses: Uses, request: Request, of: CountedProject, found: Found, query: ItemQuery
) -> AsyncIterator[list[Item]]:
    """Pages of items, as long as the reader may see them."""
    project = ProjectId(of.project.id)
    if found.item is not None:
        if _passes(found.item, query):
            yield [found.item]
        return
    folder: FolderId | None = None if found.folder is None else found.folder.id
    after: str | None = None
    while True:
        asker = await asker_of(request)
        page = await uses.browsing.walk(asker, project, query, folder=folder, after=after)
        if page.rows:
            yield page.rows
        if page.next is None:
            return
        after = page.next


def _passes(item: Item, query: ItemQuery) -> bool:
    return (
        item.name.startswith(query.prefix)
        and query.kind in (None, item.kind)
        and (query.min_size is None or item.size >= query.min_size)
        and (query.max_size is None or item.size <= query.max_size)
    )
