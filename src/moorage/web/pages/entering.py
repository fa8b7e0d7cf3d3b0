"""Signing in and out, one-time links, and the choice of a password: plain forms, answered by 303."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from moorage.admitting import MIN_LETTERS, change_password, look_at_link, sign_in, sign_out
from moorage.admitting.choosing import choose_password, enter_by_link, may_choose
from moorage.edge.admission import headers_of
from moorage.edge.problems import document
from moorage.model.errors import Invalid, MoorageError, SignInNeeded
from moorage.web.cookies import forget_cookie, give_cookie, sender
from moorage.web.pages.rendering import page, see_other, services, signed_in


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that our own pages sent. Refused for one from elsewhere."""
    services(request).admission.need_origin(headers_of(request.scope))
    form = await request.form(max_files=0, max_fields=20)
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def sign_in_page(request: Request) -> Response:
    """The form for e-mail and password."""
    return await _sign_in(request, next_=request.query_params.get("next", ""))


async def sign_in_sent(request: Request) -> Response:
    """Begin a session, then go where the person wanted to go."""
    uses = services(request)
    form = await form_of(request)
    email, wanted = form.get("email", ""), form.get("next", "")
    try:
        signed = await sign_in(uses.door, email, form.get("password", ""), address=sender(uses, request))
    except MoorageError as exc:
        return await _sign_in(request, next_=wanted, email=email, error=exc)
    return give_cookie(uses, see_other(request, inner_path(uses.path_prefix, wanted)), signed)


async def link_page(request: Request) -> Response:
    """A button; looking at a link does not use it up."""
    text = request.path_params["token"]
    uses = services(request)
    email, usable, problem = "", True, None
    try:
        email = (await look_at_link(uses.door, text)).email
    except SignInNeeded as exc:
        usable, problem = False, document(exc)
    return await page(
        request,
        "link.html",
        title="Sign in",
        principal=None,
        status=200 if usable else 410,
        action=f"{uses.path_prefix}/sign-in/{quote(text, safe='')}",
        usable=usable,
        email=email,
        problem=problem,
    )


async def link_sent(request: Request) -> Response:
    """Use the link up, then choose a password."""
    uses = services(request)
    uses.admission.need_origin(headers_of(request.scope))
    try:
        signed = await enter_by_link(uses.door, request.path_params["token"])
    except SignInNeeded:
        return await link_page(request)
    return give_cookie(uses, see_other(request, "/password"), signed)


async def password_page(request: Request) -> Response:
    """The form for a new password."""
    return await _password(request)


async def password_sent(request: Request) -> Response:
    """Set the password, then go to the start page."""
    uses = services(request)
    asker = await signed_in(request)
    form = await form_of(request)
    session, new = uses.admission.session_of(headers_of(request.scope)), form.get("password", "")
    try:
        if new != form.get("again", ""):
            raise Invalid("The two passwords differ. None was set.", "Type the same one twice.", field="again")
        if may_choose(session):
            signed = await choose_password(uses.door, asker, session, new)
        else:
            current = form.get("current", "")
            signed = await change_password(uses.door, asker, current, new, address=sender(uses, request))
    except MoorageError as exc:
        return await _password(request, exc)
    uses.admission.forget()
    return give_cookie(uses, see_other(request, "/"), signed)


async def sign_out_sent(request: Request) -> Response:
    """End the session."""
    uses = services(request)
    uses.admission.need_origin(headers_of(request.scope))
    await sign_out(uses.door, uses.admission.session_of(headers_of(request.scope)))
    uses.admission.forget()
    return forget_cookie(uses, see_other(request, "/sign-in"))


def inner_path(prefix: str, wanted: str) -> str:
    """The page to go to after signing in, below our own prefix; never another site."""
    path = wanted.removeprefix(prefix) if prefix and wanted.startswith(prefix + "/") else wanted
    safe = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if safe else "/"


async def _sign_in(request: Request, *, next_: str, email: str = "", error: MoorageError | None = None) -> Response:
    shown = None if error is None else document(error)
    return await page(
        request,
        "sign_in.html",
        title="Sign in",
        principal=None,
        status=200 if shown is None else shown["status"],
        next=next_,
        email=email,
        problem=shown,
    )


async def _password(request: Request, error: MoorageError | None = None) -> Response:
    asker = await signed_in(request)
    shown = None if error is None else document(error)
    return await page(
        request,
        "password.html",
        title="Choose a password",
        principal=asker,
        status=200 if shown is None else shown["status"],
        email=asker.email,
        min_length=MIN_LETTERS,
        needs_current=not may_choose(services(request).admission.session_of(headers_of(request.scope))),
        problem=shown,
    )
