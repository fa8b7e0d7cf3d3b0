"""Stores, mirrors, jobs, people and settings."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from moorage.edge.problems import report_of
from moorage.edge.security import policy_reaching
from moorage.model.access import Principal, Role, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.jobs import OPEN, JobId, JobState
from moorage.model.store import Provider, Store
from moorage.model.transaction import Transaction
from moorage.registering.declared import warnings_of
from moorage.registering.owning import may_own
from moorage.settings import shown as shown_settings
from moorage.warming import KIND as WARM
from moorage.web.api import render
from moorage.web.api.bodies import whole_id
from moorage.web.api.jobs import shown_job
from moorage.web.api.loans import open_loans
from moorage.web.api.people import shown_tokens, shown_users
from moorage.web.api.projects import shown
from moorage.web.api.replaced import undoable
from moorage.web.api.stores import usable, visible
from moorage.web.pages.rendering import page, services, signed_in

_STATES = {
    "": (),
    "open": OPEN,
    "failed": (JobState.FAILED, JobState.PARTIAL),
    "ended": tuple(state for state in JobState if state.final),
}
JOBS_PER_PAGE = 50


def told_store(of: Store, check: object) -> render.Json:
    """A store as pages show it."""
    one = render.store(of, check)  # type: ignore[arg-type]
    report = one["check"]
    return one | {
        "place": _place(of),
        "checked": None if report is None else report["checked"],
        "passed": None if report is None else report["passed"],
    }


def _open_to(tx: Transaction, asker: Principal, of: Store) -> list[str]:
    """Names of the projects, and addresses of the people, that the store is limited to; empty: everyone."""
    projects = {one.id: one.name for one in tx.projects.all(asker.visible)}
    people = {one.id: one.email for one in tx.people.all()} if of.scope.users and asker.everywhere is Role.ADMIN else {}
    named = [projects.get(ProjectId(one), "another project") for one in of.scope.projects]
    return named + [people.get(UserId(one), "a person") for one in of.scope.users]


def _place(of: Store) -> str:
    if of.connection.provider is Provider.DISK:
        return of.connection.root
    if of.connection.provider is Provider.HTTPS:
        return of.connection.endpoint or "any web address"
    return f"{of.connection.provider}://{of.bucket}/{of.prefix}"


async def stores(request: Request) -> Response:
    """The stores and how their last checks went."""
    asker, uses = await signed_in(request), services(request)
    return await page(
        request,
        "stores.html",
        title="Stores",
        principal=asker,
        section="stores",
        stores=[told_store(*one) for one in await usable(uses, asker)],
        warnings=await uses.facts.read(warnings_of) if asker.everywhere is Role.ADMIN else (),
        may_add=asker.everywhere is Role.ADMIN,
    )


async def store_add(request: Request) -> Response:
    """The form for a new store: any for admins, one of the named project for its managers."""
    asker, uses = await signed_in(request), services(request)
    asked = request.query_params.get("project", "")
    of = await uses.projects.get(asker, asked) if asked else None
    if of is None:
        asker.need_everywhere(Role.ADMIN)
    else:
        asker.need(Role.MANAGER, of.project.id)
    return await page(
        request,
        "store_add.html",
        title="Add a store",
        principal=asker,
        section="stores" if of is None else "projects",
        project=None if of is None else await shown(uses, of),
        projects=[] if of is not None else [await shown(uses, one) for one in await uses.projects.all(asker)],
    )


async def store(request: Request) -> Response:
    """One store: its last check, and what uses it."""
    asker, uses = await signed_in(request), services(request)
    of, check = await visible(uses, asker, request.path_params["name"])
    mirrors = [one for one in await uses.mirroring.all(asker) if one.mirror.store == of.id]
    reach = uses.crossing.reach(asker, of)
    response = await page(
        request,
        "store.html",
        title=of.name,
        principal=asker,
        section="stores",
        store=told_store(of, check),
        report=None if check is None else report_of(check),
        used_by=await uses.facts.read(lambda tx: tx.stores.users_of(of.id)),
        mirrors=[render.mirror(one) for one in mirrors],
        may_edit=may_own(asker, of),
        may_force=asker.everywhere is Role.ADMIN,
        open_to=await uses.facts.read(lambda tx: _open_to(tx, asker, of)),
        projects=[await shown(uses, one) for one in await uses.projects.all(asker)],
        reach=reach,
        loans=await open_loans(uses, asker, of),
        former=await undoable(uses, asker, of.name),
        traffic=uses.costs.prices.tip(of),
    )
    if reach:
        response.headers["content-security-policy"] = policy_reaching(reach)
    return response


async def mirrors(request: Request) -> Response:
    """The mirrors that the person may see."""
    asker, uses = await signed_in(request), services(request)
    return await page(
        request,
        "mirrors.html",
        title="Mirrors",
        principal=asker,
        section="mirrors",
        mirrors=[render.mirror(one) for one in await uses.mirroring.all(asker)],
        may_add=(asker.everywhere or max(asker.roles.values(), default=0)) >= Role.MANAGER,
        may_show=asker.everywhere is Role.ADMIN,
    )


async def mirror_add(request: Request) -> Response:
    """The form for a new mirror."""
    asker, uses = await signed_in(request), services(request)
    asked = request.query_params
    return await page(
        request,
        "mirror_add.html",
        title="Add a mirror",
        principal=asker,
        section="mirrors",
        stores=[told_store(*one) for one in await usable(uses, asker)],
        projects=[await shown(uses, one) for one in await uses.projects.all(asker)],
        may_make=(asker.everywhere or 0) >= Role.MANAGER,
        may_show=asker.everywhere is Role.ADMIN,
        chosen={name: asked.get(name, "") for name in ("store", "project", "prefix")},
    )


async def jobs(request: Request) -> Response:
    """Jobs, newest first."""
    asker, uses = await signed_in(request), services(request)
    state = request.query_params.get("state", "")
    state = state if state in _STATES else ""
    before = request.query_params.get("before")
    found = await uses.jobs.all(
        asker,
        states=_STATES[state],
        before=None if before is None else whole_id(before, "before"),
        limit=JOBS_PER_PAGE,
    )
    return await page(
        request,
        "jobs.html",
        title="Jobs",
        principal=asker,
        section="jobs",
        jobs=[shown_job(uses, job) for job in found],
        state=state,
        next=str(found[-1].id) if len(found) == JOBS_PER_PAGE else None,
    )


async def job(request: Request) -> Response:
    """One job."""
    asker, uses = await signed_in(request), services(request)
    found = await uses.jobs.get(asker, JobId(whole_id(request.path_params["job"])))
    shown_one = shown_job(uses, found)
    faults = (await uses.warm_ups.get(asker, found.id)).faults if found.kind == WARM else ()
    return await page(
        request, "job.html", title=found.title, principal=asker, section="jobs", job=shown_one, faults=faults
    )


async def users(request: Request) -> Response:
    """People and tokens."""
    asker, uses = await signed_in(request), services(request)
    return await page(
        request,
        "users.html",
        title="People",
        principal=asker,
        section="users",
        users=await shown_users(uses, asker),
        tokens=await shown_tokens(uses, asker),
        projects=[await shown(uses, one) for one in await uses.projects.all(asker)],
    )


async def settings(request: Request) -> Response:
    """Health, places and settings."""
    asker, uses = await signed_in(request), services(request)
    asker.need_everywhere(Role.ADMIN)
    checks = [
        {"name": name, "state": finding, "detail": sentence, "advice": ""}
        for name, finding, sentence in await uses.health()
    ]
    return await page(
        request,
        "settings.html",
        title="Settings",
        principal=asker,
        section="settings",
        checks=checks,
        settings=[
            {"name": one.name, "value": one.value, "origin": one.origin, "help": one.sentence}
            for one in shown_settings(uses.settings)
        ],
        places=[{"name": name, "value": value} for name, value in uses.places().items()],
    )
