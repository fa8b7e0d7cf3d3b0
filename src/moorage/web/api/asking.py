"""What every route of the JSON API takes: the services, the principal, and answers as bytes."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from starlette.responses import Response

from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.model.access import Principal

JSON: Final = "application/json"


def services_of(request: Request) -> Face:
    """The services of this application."""
    found = request.app.state.services
    assert isinstance(found, Face)
    return found


async def asker_of(request: Request) -> Principal:
    """Who asks. SignInNeeded when nobody that we know does."""
    return await services_of(request).admission.principal(request.method, headers_of(request.scope))


Uses = Annotated[Face, Depends(services_of)]
Asker = Annotated[Principal, Depends(asker_of)]


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as it stands, without a second validation of what we made ourselves."""
    return Response(dumped(body), status, headers, JSON)


def dumped(body: Any) -> bytes:
    """Compact JSON. Odd keys were escaped before, so every text is UTF-8 here."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
