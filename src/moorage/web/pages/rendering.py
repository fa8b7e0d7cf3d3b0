"""Rendering: one environment, and the context that every page has."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

import moorage
from moorage.edge.face import Face
from moorage.edge.problems import document
from moorage.model.access import Principal
from moorage.model.errors import MoorageError, SignInNeeded
from moorage.model.jobs import OPEN
from moorage.web.api.asking import asker_of, services_of

TEMPLATES: Final = Path(moorage.__file__).parent / "templates"
_environment: Final = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_HEADERS: Final = {"cache-control": "no-store"}


async def signed_in(request: Request) -> Principal:
    """Who looks at the page. SignInNeeded leads to the sign-in page."""
    return await asker_of(request)


def services(request: Request) -> Face:
    """The services of this application."""
    return services_of(request)


async def page(
    request: Request,
    template: str,
    *,
    title: str,
    principal: Principal | None,
    section: str = "",
    status: int = 200,
    **context: Any,
) -> Response:
    """A page with the context that all pages share."""
    uses = services(request)
    open_jobs = 0
    if principal is not None:
        open_jobs = len(await uses.jobs.all(principal, states=OPEN, limit=50))
    whole = context | {
        "url": lambda path: uses.path_prefix + path,
        "base": uses.path_prefix,
        "version": moorage.__version__,
        "section": section,
        "title": title,
        "user": None if principal is None else _user(principal),
        "open_jobs": open_jobs,
    }
    text = await run_in_threadpool(_environment.get_template(template).render, whole)
    return HTMLResponse(text, status, _HEADERS)


def see_other(request: Request, path: str) -> Response:
    """A 303 to one of our own pages."""
    return RedirectResponse(services(request).path_prefix + path, 303, _HEADERS)


async def problem_page(request: Request, error: MoorageError) -> Response:
    """The page for an error; who is not signed in is sent to sign in first."""
    if isinstance(error, SignInNeeded) and request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other(request, f"/sign-in?next={quote(wanted, safe='')}")
    try:
        principal: Principal | None = await signed_in(request)
    except MoorageError:
        principal = None
    shown = document(error)
    return await page(
        request,
        "problem.html",
        title=shown["title"],
        principal=principal,
        status=shown["status"],
        problem=shown,
        request_id=request.scope.get("moorage.request", ""),
    )


def _user(principal: Principal) -> dict[str, str]:
    role = "" if principal.everywhere is None else principal.everywhere.word
    return {"id": str(principal.user), "email": principal.email, "role": role}
