"""``/projects/{project}/aliases``: names for items, and what they stood for before."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from moorage.edge.times import iso
from moorage.model.aliases import Alias, AliasSet
from moorage.model.catalogue import ItemId, ProjectId
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body, whole_id
from moorage.web.api.render import Json
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import AliasList, AliasShape

router = APIRouter(route_class=OnceRoute, prefix="/projects", tags=["projects"])


class AliasBody(Body):
    """A name, and the item that it shall stand for."""

    name: str = Field(examples=["reference-frame"])
    item: str = Field(description="Id of an item of the project.", examples=["40960"])


@router.post("/{project}/aliases", responses={200: {"model": AliasShape}})
async def set_alias(uses: Uses, asker: Asker, project: str, body: AliasBody) -> Response:
    """Let a name stand for an item from now on. What it stood for before is kept in its history."""
    found = await uses.projects.get(asker, project)
    item = ItemId(whole_id(body.item, "item"))
    return answer(_whole(await uses.aliasing.set(asker, ProjectId(found.project.id), body.name, item)))


@router.get("/{project}/aliases", responses={200: {"model": AliasList}})
async def all_aliases(uses: Uses, asker: Asker, project: str, after: str | None = None, limit: int = 100) -> Response:
    """The names of a project and what each stands for now. ``after`` is the ``next`` of the page before."""
    found = await uses.projects.get(asker, project)
    page = await uses.aliasing.page(asker, ProjectId(found.project.id), after=after, limit=limit)
    return answer({"aliases": [{"name": one.name, **_set(one.now)} for one in page.rows], "next": page.next})


@router.get("/{project}/aliases/{name}", responses={200: {"model": AliasShape}})
async def one_alias(uses: Uses, asker: Asker, project: str, name: str) -> Response:
    """What a name stands for: keep the id of the item, because the name may stand for another one later."""
    found = await uses.projects.get(asker, project)
    return answer(_whole(await uses.aliasing.get(asker, ProjectId(found.project.id), name)))


def _whole(of: Alias) -> Json:
    return {"name": of.name, **_set(of.now), "history": [_set(one) for one in of.history]}


def _set(of: AliasSet) -> Json:
    return {"item": str(of.item), "set_by": of.email, "set_at": iso(of.set_ms)}
