"""Routes that honour ``Idempotency-Key`` on POST: a repeat is answered as the first time."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from moorage.web.api.asking import asker_of, services_of
from moorage.wiring import PENDING, Pending, known_answer, request_hash

HEADER: Final = "idempotency-key"
LIFE_MS: Final = 24 * 3600 * 1000
SECRET: Final = ("/tokens", "/users", "/link", "/sign-in", "/loans", "/parts", "/bucket-links")
"""Paths whose answers hold a secret that is shown once: they are never kept."""
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route whose POST with a key is done once."""

    def get_route_handler(self) -> Handler:
        """The handler, behind a look at the key."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            key = request.headers.get(HEADER, "")
            if not key or request.method != "POST":
                return await inner(request)
            return await _once(request, key, inner)

        return handler


async def _once(request: Request, key: str, inner: Handler) -> Response:
    uses, asker = services_of(request), await asker_of(request)
    path = f"{request.url.path}?{request.url.query}"
    hash_ = request_hash(request.method, path, await request.body())
    pending = Pending(asker.user, key, hash_, uses.now_ms() + LIFE_MS)
    known = await known_answer(uses.facts, pending, uses.now_ms())
    if known is not None:
        return Response(known.body, known.status, {"idempotent-replay": "true"}, "application/json")
    mark = PENDING.set(pending)
    try:
        response = await inner(request)
    finally:
        PENDING.reset(mark)
    if pending.written and not request.url.path.endswith(SECRET):
        status, body = response.status_code, bytes(response.body)
        await uses.facts.write(lambda tx: tx.idempotency.keep_answer(asker.user, key, status, body))
    return response
