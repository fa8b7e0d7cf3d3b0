"""``/folders/{id}/taken``: which names are in use, asked before files are sent."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from moorage.model.catalogue import FolderId
from moorage.model.keys import ESCAPED, escape
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import NamesBody, whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import TakenNames

router = APIRouter(route_class=OnceRoute, prefix="/folders", tags=["folders"])


@router.post("/{folder}/taken", responses={200: {"model": TakenNames}})
async def taken(uses: Uses, asker: Asker, folder: str, body: NamesBody) -> Response:
    """Which of at most 1,000 names items of a folder have, written as they came."""
    names = [body.key(name) for name in body.names]
    found = await uses.uploads.taken(asker, FolderId(whole_id(folder)), names)
    if body.key_encoding:
        return answer({"taken": [escape(name) for name in found], "key_encoding": ESCAPED})
    return answer({"taken": found})
