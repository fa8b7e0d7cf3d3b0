"""``/projects/{project}/adopt``: register objects that are there already, under ids that stay."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from moorage.adopting import MOST, Outcome, Wish
from moorage.adopting.outcome import DENIED, NO_OBJECT, NO_STORE
from moorage.model.catalogue import FolderId, ItemId, ProjectId
from moorage.model.keys import ESCAPED, escape, needs_escape
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import KeyedBody, whole_id
from moorage.web.api.render import Json
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import AdoptedShape

router = APIRouter(route_class=OnceRoute, prefix="/projects", tags=["projects"])
_NOT_FOUND: Final = frozenset({NO_OBJECT, NO_STORE})


class AdoptBody(KeyedBody):
    """Objects to adopt: by address, or what lies in a store below a prefix."""

    urls: list[str] = Field(default=[], max_length=MOST, examples=[["s3://reef-2021/2021/frame_0001.jpg"]])
    store: str = Field(default="", description="Name of a store, in place of addresses.")
    prefix: str = Field(default="", examples=["2021/"])
    glob: str = Field(default="", description="On the key behind the prefix; empty: all.", examples=["**/*.jpg"])
    folder: str | None = Field(default=None, description="Id of the folder of new items; null: the project's root.")


@router.post("/{project}/adopt", responses={200: {"model": AdoptedShape}, 404: {"model": AdoptedShape}})
async def adopt(uses: Uses, asker: Asker, project: str, body: AdoptBody) -> Response:
    """Give each object an id that never means another one, and show it as an item; nothing is copied.

    A repeat finds the same ids. 200 when any succeeded; 404 when a single address was not found.
    """
    found = await uses.projects.get(asker, project)
    wish = Wish(
        project=ProjectId(found.project.id),
        urls=tuple(body.key(url) for url in body.urls),
        store=body.store,
        prefix=body.key(body.prefix),
        glob=body.key(body.glob),
        folder=None if body.folder is None else FolderId(whole_id(body.folder, "folder")),
    )
    outcome = await uses.adopting.adopt(asker, wish)
    return answer(_shown(outcome, escaped=bool(body.key_encoding)), _status(outcome))


def _status(outcome: Outcome) -> int:
    codes = {fault.code for fault in outcome.errors.values()}
    if outcome.created or outcome.existing or not codes:
        return HTTPStatus.OK
    if codes <= _NOT_FOUND:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.FORBIDDEN if codes == {DENIED} else HTTPStatus.UNPROCESSABLE_ENTITY


def _shown(outcome: Outcome, *, escaped: bool) -> Json:
    """The answer; addresses are written as they came, or escaped where one of them is no UTF-8."""
    escaped = escaped or any(map(needs_escape, [*outcome.created, *outcome.existing, *outcome.errors]))
    written = escape if escaped else str

    def ids(found: Mapping[str, ItemId]) -> dict[str, str]:
        return {written(url): str(item) for url, item in found.items()}

    shown: Json = {
        "ok": not outcome.errors,
        "created": ids(outcome.created),
        "existing": ids(outcome.existing),
        "errors": {written(url): {"code": one.code, "message": one.message} for url, one in outcome.errors.items()},
    }
    return shown | ({"key_encoding": ESCAPED} if escaped else {})
