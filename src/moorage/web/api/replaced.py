"""``/stores/{name}/credentials``: what ends, and those before the last replacement: looked at, undone, forgotten."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from moorage.edge.times import iso
from moorage.model.access import Principal
from moorage.model.clock import now_ms
from moorage.model.errors import NotFound, Refused
from moorage.model.expiry import days_left
from moorage.model.store import Connection
from moorage.registering.identity import endings_of
from moorage.registering.replacing import Replaced
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import Problem, StoreCredentials, StoreShape
from moorage.web.api.stores import visible

router = APIRouter(route_class=OnceRoute, prefix="/stores/{name}/credentials", tags=["stores"])


class UndoBody(Body):
    """How to undo a replacement."""

    force: bool = Field(default=False, description="Bring them back though their check failed.")


@router.get("", responses={200: {"model": StoreCredentials}})
async def look(uses: Uses, asker: Asker, name: str) -> Response:
    """What may be told of a store's credentials, what of them ends, and the former ones."""
    store, _ = await visible(uses, asker, name)
    return answer(
        {
            "credentials": render.credentials(store.connection),
            "endings": endings_shown(store.connection),
            "former": await former_shown(uses, asker, name),
        }
    )


@router.post("/undo", responses={200: {"model": StoreShape}, 409: {"model": Problem}, 422: {"model": Problem}})
async def undo(uses: Uses, asker: Asker, name: str, body: UndoBody | None = None) -> Response:
    """Bring the former credentials back, for all stores of the connection; they are tried first.

    409 where none are kept, or where the connection is declared in a file.
    """
    await uses.replacing.undo(asker, name, force=body is not None and body.force)
    uses.locator.forget()
    return answer(render.store(*await visible(uses, asker, name)))


@router.delete("/former", status_code=204)
async def forget(uses: Uses, asker: Asker, name: str) -> Response:
    """Forget the former credentials now; nothing can be undone then."""
    await uses.replacing.forget(asker, name)
    return Response(status_code=204)


async def former_shown(uses: Uses, asker: Principal, name: str) -> render.Json | None:
    """What is kept of a store's former credentials; null: nothing can be undone."""
    kept = await uses.replacing.replaced(asker, name)
    return None if kept is None else _former(kept)


async def undoable(uses: Uses, asker: Principal, name: str) -> render.Json | None:
    """The same, and null for those who may not change the store."""
    try:
        return await former_shown(uses, asker, name)
    except (NotFound, Refused):
        return None


def endings_shown(of: Connection) -> list[render.Json]:
    """What of a connection ends, the earliest first."""
    return [
        {"what": one.what, "expires": iso(one.at_ms), "days_left": days_left(one.at_ms, now_ms())}
        for one in endings_of(of)
    ]


def _former(of: Replaced) -> render.Json:
    return {
        "credentials": render.credentials(of.connection),
        "endings": endings_shown(of.connection),
        "replaced": iso(of.replaced_ms),
        "by": of.by,
        "settles": iso(of.settles_ms),
        "failing": list(of.failing),
    }
