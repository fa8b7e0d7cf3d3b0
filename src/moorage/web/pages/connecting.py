"""The stores of a project, and the form behind a link to connect a bucket."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from moorage.edge.problems import report_of
from moorage.model.access import Role
from moorage.model.errors import NotFound
from moorage.web.api.bucket_links import shown_link
from moorage.web.api.projects import shown
from moorage.web.api.stores import usable
from moorage.web.pages.rendering import page, services, signed_in
from moorage.web.pages.working import told_store

UNKNOWN = "unknown"


async def project_stores(request: Request) -> Response:
    """The stores that are open to one project only, or to some, and the links that are out."""
    asker, uses = await signed_in(request), services(request)
    of = await uses.projects.get(asker, request.path_params["project"])
    asker.need(Role.MANAGER, of.project.id)
    found = [one for one in await usable(uses, asker) if of.project.id in one[0].scope.projects]
    return await page(
        request,
        "project_stores.html",
        title=f"Stores of {of.project.name}",
        principal=asker,
        section="projects",
        project=await shown(uses, of) | {"limited": any(len(one.scope.projects) > 1 for one, _ in found)},
        stores=[told_store(*one) for one in found],
        links=[shown_link(uses, one) for one in await uses.inviting.all(asker, str(of.project.id))],
    )


async def connect_page(request: Request) -> Response:
    """The form of a link that works, thanks for a while after it was used, or that it does not work any more."""
    uses, text = services(request), request.path_params["token"]
    try:
        found = await uses.offering.look(text)
    except NotFound:
        found = None
    state = UNKNOWN if found is None else found.state.value
    report = None if found is None else found.report
    works = state == "open" or report is not None
    response = await page(
        request,
        "connect.html",
        title="Connect a bucket",
        principal=None,
        status=200 if works else 410,
        state=state,
        token=text,
        project="" if found is None else found.project,
        link=None if found is None else shown_link(uses, found.link),
        report=None if report is None else report_of(report),
    )
    # The address is a secret: no other site is told of it.
    response.headers["referrer-policy"] = "no-referrer"
    return response
