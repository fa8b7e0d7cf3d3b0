"""``/projects``: make, list, change, remove, and their items as JSON, CSV or NDJSON."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from moorage.cataloguing.projects import CountedProject
from moorage.edge.times import from_iso
from moorage.model.access import Role
from moorage.model.catalogue import Item, Kind, Page, ProjectId
from moorage.model.errors import Invalid
from moorage.model.store import Store, StoreId
from moorage.model.transaction import ItemQuery
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer, asker_of, dumped
from moorage.web.api.bodies import ProjectBody, ProjectPatch
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import ItemList, ProjectList, ProjectShape

router = APIRouter(route_class=OnceRoute, prefix="/projects", tags=["projects"])
COLUMNS = ("id", "name", "folder", "kind", "address", "size", "etag", "modified", "media_type", "state")


@router.post("", status_code=201, responses={201: {"model": ProjectShape}})
async def add(uses: Uses, asker: Asker, body: ProjectBody) -> Response:
    """Make an empty project."""
    made = await uses.projects.add(asker, body.name, default_store=body.default_store)
    return answer(await shown(uses, made), 201)


@router.get("", responses={200: {"model": ProjectList}})
async def all_projects(uses: Uses, asker: Asker) -> Response:
    """The projects that the caller may see, by name."""
    found = await uses.projects.all(asker)
    return answer({"projects": [await shown(uses, one) for one in found], "next": None})


@router.get("/{project}", responses={200: {"model": ProjectShape}})
async def one(uses: Uses, asker: Asker, project: str) -> Response:
    """One project by id or name."""
    return answer(await shown(uses, await uses.projects.get(asker, project)))


@router.patch("/{project}", responses={200: {"model": ProjectShape}})
async def change(uses: Uses, asker: Asker, project: str, body: ProjectPatch) -> Response:
    """Rename a project or set its default store."""
    made = await uses.projects.change(asker, project, name=body.name, default_store=body.default_store)
    return answer(await shown(uses, made))


@router.delete("/{project}", status_code=204)
async def remove(uses: Uses, asker: Asker, project: str, with_uploads: bool = False) -> Response:
    """Take a project out of the catalogue; 409 while it holds uploaded items, unless ``with_uploads``.

    The objects of uploaded items are deleted then. No other object is touched.
    """
    await uses.projects.remove(asker, project, with_uploads=with_uploads)
    uses.locator.forget()
    uses.wake_purge()
    return Response(status_code=204)


@router.get("/{project}/items", responses={200: {"model": ItemList}})
async def items(
    uses: Uses,
    asker: Asker,
    request: Request,
    project: str,
    after: str | None = None,
    limit: int = 100,
    recursive: bool = True,
    prefix: str = "",
    kind: str = "",
    state: str = "live",
    min_size: int | None = None,
    max_size: int | None = None,
    modified_after: str | None = None,
    modified_before: str | None = None,
) -> Response:
    """Items of a project; with ``Accept: text/csv`` or ``application/x-ndjson`` all of them as a stream."""
    found = await uses.projects.get(asker, project)
    query = ItemQuery(
        prefix=prefix,
        kind=kind_of(kind),
        gone=gone_of(state),
        min_size=min_size,
        max_size=max_size,
        modified_after_ms=moment(modified_after, "modified_after"),
        modified_before_ms=moment(modified_before, "modified_before"),
    )
    rows = _Rows(uses, request, found, query, recursive=recursive)
    accept = request.headers.get("accept", "")
    if "text/csv" in accept:
        return StreamingResponse(rows.csv(after), media_type="text/csv; charset=utf-8")
    if "application/x-ndjson" in accept:
        return StreamingResponse(rows.ndjson(after), media_type="application/x-ndjson")
    page = await rows.page(after, limit)
    return answer({"items": await rendered(uses, page.rows), "next": page.next})


class _Rows:
    """Items of one project, page by page, in the form that was asked for, as long as the reader may see them."""

    def __init__(self, uses: Uses, request: Request, of: CountedProject, query: ItemQuery, *, recursive: bool) -> None:
        self._uses = uses
        self._request = request
        self._project = of.project
        self._query = query
        self._recursive = recursive

    async def page(self, after: str | None, limit: int) -> Page[Item]:
        asker, project = await asker_of(self._request), ProjectId(self._project.id)
        if self._recursive:
            return await self._uses.browsing.walk(asker, project, self._query, after=after, limit=limit)
        asker.need(Role.VIEWER, project)
        size = max(1, min(limit, 1000))
        return await self._uses.facts.read(
            lambda tx: tx.items.page(self._project.root, self._query, after=after, limit=size)
        )

    async def ndjson(self, after: str | None) -> AsyncIterator[bytes]:
        while True:
            page = await self.page(after, 1000)
            yield b"".join(dumped(one) + b"\n" for one in await rendered(self._uses, page.rows))
            if page.next is None:
                return
            after = page.next

    async def csv(self, after: str | None) -> AsyncIterator[bytes]:
        yield (",".join(COLUMNS) + "\r\n").encode()
        while True:
            page = await self.page(after, 1000)
            text = io.StringIO()
            csv.writer(text).writerows([one[name] for name in COLUMNS] for one in await rendered(self._uses, page.rows))
            yield text.getvalue().encode()
            if page.next is None:
                return
            after = page.next


async def shown(uses: Uses, made: CountedProject) -> render.Json:
    """A project with its default store by name."""
    default = made.project.default_store
    name = None if default is None else (await stores_of(uses, {default}))[default].name
    return render.project(made, name)


async def rendered(uses: Uses, items_: list[Item]) -> list[render.Json]:
    """Items with the addresses of their stores."""
    stores = await stores_of(uses, {item.store for item in items_})
    return [render.item(item, stores[item.store]) for item in items_]


async def stores_of(uses: Uses, ids: set[StoreId]) -> dict[int, Store]:
    """The stores with these ids."""
    return await uses.facts.read(lambda tx: {one: tx.stores.get(one) for one in ids})


def kind_of(word: str) -> Kind | None:
    """The kind of that word; empty: any."""
    if not word:
        return None
    try:
        return Kind[word.upper()]
    except KeyError as exc:
        raise Invalid(f"{word!r} is no kind of item.", "Use image, video or file.", field="kind") from exc


def gone_of(state: str) -> bool:
    """False for ``live``, True for ``gone``."""
    if state not in ("live", "gone"):
        raise Invalid(f"{state!r} is no state to list.", "Use live or gone.", field="state")
    return state == "gone"


def moment(text: str | None, field: str) -> int | None:
    """Unix milliseconds of an ISO 8601 time."""
    if text is None:
        return None
    try:
        return from_iso(text)
    except ValueError as exc:
        raise Invalid(f"{text!r} is no time.", "Write 2026-11-20T15:04:05Z.", field=field) from exc
