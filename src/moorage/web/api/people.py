"""Signing in, users, grants, tokens, and the audit."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from moorage.admitting import (
    add_token,
    add_user,
    list_tokens,
    list_users,
    make_link,
    remove_token,
    remove_user,
    set_disabled,
    set_role,
    sign_in,
    sign_out,
)
from moorage.admitting.users import Member
from moorage.cataloguing.projects import find
from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.times import iso
from moorage.model.access import Grant, Principal, Role, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.transaction import Transaction
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import (
    GrantBody,
    SignInBody,
    TokenBody,
    UngrantBody,
    UserBody,
    UserPatch,
    role_of,
    whole_id,
)
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import AuditList, LinkShape, Me, TokenList, TokenShape, UserList, UserShape
from moorage.web.cookies import forget_cookie, give_cookie, sender

router = APIRouter(route_class=OnceRoute, tags=["people"])


@router.post("/sign-in")
async def enter(uses: Uses, request: Request, body: SignInBody) -> Response:
    """Begin a session; the answer sets its cookie."""
    uses.admission.need_origin(headers_of(request.scope))
    signed = await sign_in(uses.door, body.email, body.password.get_secret_value(), address=sender(uses, request))
    return give_cookie(uses, answer({"email": signed.user.email}), signed)


@router.post("/sign-out", status_code=204)
async def leave(uses: Uses, asker: Asker, request: Request) -> Response:
    """End the session."""
    del asker
    await sign_out(uses.door, uses.admission.session_of(headers_of(request.scope)))
    uses.admission.forget()
    return forget_cookie(uses, Response(status_code=204))


@router.get("/me", responses={200: {"model": Me}})
async def me(asker: Asker) -> Response:
    """Who asks, and with which roles."""
    roles = {str(project): role.word for project, role in asker.roles.items()}
    everywhere = None if asker.everywhere is None else asker.everywhere.word
    return answer({"user": str(asker.user), "email": asker.email, "everywhere": everywhere, "roles": roles})


@router.get("/users", responses={200: {"model": UserList}})
async def users(uses: Uses, asker: Asker) -> Response:
    """All users for an admin, oneself for others."""
    return answer({"users": await shown_users(uses, asker), "next": None})


@router.post("/users", status_code=201, responses={201: {"model": UserShape}})
async def add(uses: Uses, asker: Asker, body: UserBody) -> Response:
    """Add a user; the answer holds a one-time link to send, shown once."""
    role = None if body.role is None else role_of(body.role)
    project = await _project(uses, asker, body.project)
    user = await add_user(uses.door, asker, body.email, role=role, project=project)
    link = await make_link(uses.door, asker, user.id)
    grants = await uses.facts.read(lambda tx: tx.people.grants(user.id))
    return answer(render.user(user, grants) | {"link": _link(uses, link.text, link.expires_ms)}, 201)


@router.patch("/users/{user}", responses={200: {"model": UserShape}})
async def change(uses: Uses, asker: Asker, user: str, body: UserPatch) -> Response:
    """Change a user's role on everything, or shut the user out."""
    asker.need_everywhere(Role.ADMIN)
    id = UserId(whole_id(user))
    try:
        if "role" in body.model_fields_set:
            await set_role(uses.door, asker, id, None if body.role is None else role_of(body.role))
        if body.disabled is not None:
            await set_disabled(uses.door, asker, id, disabled=body.disabled)
    finally:
        uses.admission.forget()
    return answer(await uses.facts.read(lambda tx: render.user(tx.people.get(id), tx.people.grants(id))))


@router.delete("/users/{user}", status_code=204)
async def remove(uses: Uses, asker: Asker, user: str) -> Response:
    """Remove a user with sessions and tokens."""
    await remove_user(uses.door, asker, UserId(whole_id(user)))
    uses.admission.forget()
    return Response(status_code=204)


@router.post("/users/{user}/link", responses={200: {"model": LinkShape}})
async def link(uses: Uses, asker: Asker, user: str) -> Response:
    """A new one-time link for a user."""
    made = await make_link(uses.door, asker, UserId(whole_id(user)))
    return answer(_link(uses, made.text, made.expires_ms))


@router.get("/grants")
async def grants(uses: Uses, asker: Asker) -> Response:
    """All grants for an admin, one's own for others."""
    mine = None if asker.everywhere is Role.ADMIN else asker.user
    held = await uses.facts.read(lambda tx: tx.people.grants(mine))
    shown = [{"user": str(one.user), "role": one.role.word, "project": render.text_id(one.project)} for one in held]
    return answer({"grants": shown, "next": None})


@router.post("/grants", status_code=201)
async def grant(uses: Uses, asker: Asker, body: GrantBody) -> Response:
    """Grant a role on a project, or on everything."""
    project = await _project(uses, asker, body.project)
    await set_role(uses.door, asker, UserId(whole_id(body.user)), role_of(body.role), project=project)
    uses.admission.forget()
    return answer({"user": body.user, "role": body.role, "project": render.text_id(project)}, 201)


@router.delete("/grants", status_code=204)
async def ungrant(uses: Uses, asker: Asker, body: UngrantBody) -> Response:
    """Withdraw a role."""
    project = await _project(uses, asker, body.project)
    await set_role(uses.door, asker, UserId(whole_id(body.user)), None, project=project)
    uses.admission.forget()
    return Response(status_code=204)


@router.get("/tokens", responses={200: {"model": TokenList}})
async def tokens(uses: Uses, asker: Asker) -> Response:
    """One's own tokens; all of them for an admin."""
    return answer({"tokens": await shown_tokens(uses, asker), "next": None})


@router.post("/tokens", status_code=201, responses={201: {"model": TokenShape}})
async def new_token(uses: Uses, asker: Asker, body: TokenBody) -> Response:
    """Make a token for oneself; its text is shown now and never again."""
    made = await add_token(
        uses.door,
        asker,
        body.name,
        role=None if body.role is None else role_of(body.role),
        project=await _project(uses, asker, body.project),
        lives=None if body.expires_in is None else timedelta(seconds=body.expires_in),
    )
    return answer(render.token(made.token, asker.email) | {"token": made.text}, 201)


@router.delete("/tokens/{token}", status_code=204)
async def end_token(uses: Uses, asker: Asker, token: str) -> Response:
    """End a token."""
    await remove_token(uses.door, asker, whole_id(token))
    uses.admission.forget()
    return Response(status_code=204)


@router.get("/audit", responses={200: {"model": AuditList}})
async def audit(uses: Uses, asker: Asker, before: str | None = None, limit: int = 100) -> Response:
    """Changes, newest first. Needs an admin."""
    asker.need_everywhere(Role.ADMIN)
    size = max(1, min(limit, 1000))
    start = None if before is None else whole_id(before, "before")
    rows = await uses.facts.read(lambda tx: tx.audit.all(before=start, limit=size))
    shown = [
        {
            "id": str(row.id),
            "at": iso(row.at_ms),
            "user": str(row.user),
            "email": row.email,
            "action": row.action,
            "subject": row.subject,
            "detail": dict(row.detail),
        }
        for row in rows
    ]
    return answer({"audit": shown, "next": str(rows[-1].id) if len(rows) == size else None})


async def shown_users(uses: Face, asker: Principal) -> list[render.Json]:
    """All users for an admin, oneself for others."""
    if asker.everywhere is Role.ADMIN:
        members = await list_users(uses.door, asker)
    else:
        members = [await uses.facts.read(lambda tx: _member(tx, asker.user))]
    return [render.user(member.user, list(member.grants)) for member in members]


async def shown_tokens(uses: Face, asker: Principal) -> list[render.Json]:
    """One's own tokens; all of them for an admin."""
    everyone = asker.everywhere is Role.ADMIN
    found = await list_tokens(uses.door, asker, everyone=everyone)
    emails = {asker.user: asker.email}
    if everyone:
        emails = {user.id: user.email for user in await uses.facts.read(lambda tx: tx.people.all())}
    return [render.token(one, emails.get(one.user, "")) for one in found]


def _member(tx: Transaction, user: UserId) -> Member:
    held: list[Grant] = tx.people.grants(user)
    return Member(tx.people.get(user), tuple(held))


async def _project(uses: Face, asker: Principal, which: str | None) -> ProjectId | None:
    return None if which is None else (await uses.facts.read(lambda tx: find(tx, asker, which))).id


def _link(uses: Face, text: str, expires_ms: int) -> render.Json:
    return {"url": f"{uses.public_url}/sign-in/{text}", "expires": iso(expires_ms)}
