"""The application: byte routes before everything, then the JSON API, pages, static files and health."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import moorage
from moorage.edge import problems
from moorage.edge.face import Face
from moorage.edge.front import Front, fault
from moorage.model.access import Role
from moorage.model.errors import Invalid, MoorageError, NotFound, SignInNeeded, WrongMethod
from moorage.web.api import (
    adopting,
    aliases,
    bucket_links,
    caches,
    connections,
    cors,
    folders,
    items,
    jobs,
    links,
    loans,
    mirrors,
    objects,
    people,
    policies,
    projects,
    replaced,
    sheets,
    stores,
    strip,
    taken,
    urls,
    videos,
)
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.document import describe
from moorage.web.api.shapes import Health
from moorage.web.bytes import ByteRoutes
from moorage.web.heads import Heads
from moorage.web.iiif import Iiif
from moorage.web.pages import routes as page_routes
from moorage.web.pages.rendering import problem_page
from moorage.web.uploads import UploadRoute, most_bytes

METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")
STATIC: Final = Path(moorage.__file__).parent / "static"


class Static(StaticFiles):
    """Static files that a browser asks about again, unless their address names a version."""

    async def get_response(self, path: str, scope: Any) -> Response:
        """The file with its caching."""
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope["query_string"]
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def make_app(face: Face) -> ASGIApp:
    """The one ASGI application of these services."""
    api = FastAPI(
        title="Moorage",
        version=moorage.__version__,
        summary="Moors media in buckets and folders in one catalogue and serves it from there.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        servers=[{"url": face.public_url}],
    )
    api.state.services = face
    for one in (
        adopting,
        aliases,
        stores,
        replaced,
        bucket_links,
        caches,
        connections,
        cors,
        objects,
        projects,
        urls,
        folders,
        taken,
        items,
        mirrors,
        links,
        loans,
        jobs,
        people,
        policies,
        strip,
        videos,
        sheets,
    ):
        api.include_router(one.router, prefix="/api/v1")
    api.include_router(links.once, prefix="/api/v1")
    api.include_router(bucket_links.open_to_all, prefix="/api/v1")
    api.add_api_route("/api/v1/health", health, responses={200: {"model": Health}}, tags=["running it"])
    api.router.routes += [*_health_routes(), *page_routes.ROUTES, Mount("/static", Static(directory=STATIC))]
    api.router.routes.append(Route("/openapi.json", _openapi))
    api.add_exception_handler(MoorageError, _on_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_http)
    api.add_exception_handler(Exception, _on_fault)
    routes = UploadRoute(face, ByteRoutes(face, Iiif(face, Heads(api))))
    return Front(routes, prefix=face.path_prefix, journal=face.journal, most_bytes=links.longest(face, most_bytes))


async def health(uses: Uses, asker: Asker) -> Response:
    """What doctor finds. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    lines = await uses.health()
    return answer({"lines": [dict(zip(("name", "finding", "sentence"), line, strict=True)) for line in lines]})


def _health_routes() -> list[Route]:
    return [Route("/healthz", _healthz), Route("/readyz", _readyz), Route("/metrics", _metrics)]


async def _healthz(request: Request) -> Response:
    del request
    return answer({"status": "ok"})


async def _readyz(request: Request) -> Response:
    """Ready when the catalogue answers and somebody takes work."""
    uses: Face = request.app.state.services
    await uses.facts.read(lambda tx: tx.jobs.all(limit=1))
    workers = uses.workers()
    return answer({"status": "ok", "workers": workers})


async def _metrics(request: Request) -> Response:
    """Counters for Prometheus; they name no key, address, store or person."""
    uses: Face = request.app.state.services
    await uses.note_metrics()
    uses.journal.flush()
    return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _openapi(request: Request) -> Response:
    uses: Face = request.app.state.services
    return answer(describe(request.app, cookie=uses.admission.cookie))


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, MoorageError)
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", ""):
        return await problem_page(request, error)
    headers = dict(problems.headers(error)) | {"cache-control": "no-store"}
    return Response(problems.body(error), problems.status_of(error), headers, problems.MEDIA_TYPE)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"][1:] if not str(part).endswith("Body")]
    if place[:1] == ["credentials"] and len(place) > 2:  # noqa: PLR2004 - credentials, their kind, the field
        del place[1]
    field, what = ".".join(place), first["msg"]
    if first["type"] == "union_tag_invalid":  # its message shows what was sent, which may be a secret
        what = f"kind is none of {first['ctx']['expected_tags']}"
    told = Invalid(f"{field or 'The request'}: {what}. Nothing was changed.", "Correct it.", field=field)
    if first["type"] == "json_invalid":
        told = Invalid("The body is no JSON. Nothing was changed.", "Send UTF-8 JSON; /openapi.json describes it.")
    elif not field and first["loc"] == ("body",):
        told = Invalid(
            "A JSON object is needed as the body. Nothing was changed.",
            "Send it with Content-Type: application/json; /openapi.json describes it.",
        )
    return await _on_error(request, told)


async def _on_fault(request: Request, error: Exception) -> Response:
    """A fault of ours: the front logs it with its trace, the answer names the request only."""
    del error
    return await _on_error(request, fault(request.scope.get("moorage.request", "")))


def _allowed(request: Request) -> str:
    """The methods that are answered at this path, as ``Allow`` lists them."""
    routes = request.app.router.routes
    asked = {method: dict(request.scope, method=method) for method in METHODS}
    found = {method for method in asked if any(route.matches(asked[method])[0] is Match.FULL for route in routes)}
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told: MoorageError
    if isinstance(error.__cause__, MoorageError):  # FastAPI wraps what goes wrong while it reads a body
        return await _on_error(request, error.__cause__)
    if error.status_code == 404:  # noqa: PLR2004 - the status that starlette raises
        told = NotFound("There is nothing at this address.", "Start at the first page, or read /openapi.json.")
    elif error.status_code == 401:  # noqa: PLR2004 - likewise
        told = SignInNeeded(str(error.detail), "Sign in.")
    elif error.status_code == 405:  # noqa: PLR2004 - likewise
        told = WrongMethod(f"{request.method} does not work here.", "Read /openapi.json.", allowed=_allowed(request))
    else:
        told = Invalid(f"{error.detail}. Nothing was changed.", "Correct the request.")
    return await _on_error(request, told)
