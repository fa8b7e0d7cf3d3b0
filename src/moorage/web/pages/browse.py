"""Start page, folders and items."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from moorage.edge.security import policy_showing
from moorage.edge.times import iso
from moorage.mirroring import MirrorStatus
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Folder, FolderId, Gone, Item, ItemId, Kind, Project
from moorage.model.jobs import OPEN, Job
from moorage.model.keys import escape
from moorage.model.media import WHOLE
from moorage.model.mirror import Mirror, MirrorId, MirrorState
from moorage.model.transaction import ItemQuery, Transaction
from moorage.web.api import render
from moorage.web.api.bodies import whole_id
from moorage.web.api.jobs import shown_job
from moorage.web.api.projects import rendered, shown
from moorage.web.api.stores import usable
from moorage.web.pages.elsewhere import lines_of, lives
from moorage.web.pages.rendering import page, see_other, services, signed_in
from moorage.web.pages.trying import strip_of
from moorage.web.redirecting import origin_of
from moorage.wiring.housekeeping import TRASH_MS

_CHOICES: Final = {
    "view": ("grid", "list"),
    "sort": ("name", "modified", "size"),
    "order": ("asc", "desc"),
    "kind": ("", "image", "video", "file"),
    "state": ("live", "gone"),
}
COVERS: Final = 4


async def start(request: Request) -> Response:
    """The projects, and what is under way."""
    asker, uses = await signed_in(request), services(request)
    projects = []
    for one in await uses.projects.all(asker):
        cover = await _cover(request, one.project.root)
        projects.append(await shown(uses, one) | {"cover": cover})
    jobs = await uses.jobs.all(asker, states=OPEN, limit=5)
    return await page(
        request,
        "start.html",
        title="Projects",
        principal=asker,
        section="projects",
        projects=projects,
        jobs=[shown_job(uses, job) for job in jobs],
        stores=len(await usable(uses, asker)),
        may_add=(asker.everywhere or 0) >= Role.MANAGER,
        may_show=asker.everywhere is Role.ADMIN,
    )


async def show(request: Request) -> Response:
    """The form that shows one more folder or bucket."""
    asker, uses = await signed_in(request), services(request)
    projects = await uses.projects.all(asker)
    chosen = [one.project.name for one in projects if str(one.project.id) == request.query_params.get("project")]
    return await page(
        request,
        "show.html",
        title="Show more pictures",
        principal=asker,
        section="projects",
        projects=[await shown(uses, one) for one in projects],
        chosen="".join(chosen),
        may_show=asker.everywhere is Role.ADMIN,
    )


async def project(request: Request) -> Response:
    """A project is its root folder."""
    asker, uses = await signed_in(request), services(request)
    found = await uses.projects.get(asker, request.path_params["project"])
    return see_other(request, f"/folders/{found.project.root}")


async def folder(request: Request) -> Response:
    """The grid or list of a folder."""
    asker, uses = await signed_in(request), services(request)
    found, above = await uses.browsing.folder(asker, FolderId(whole_id(request.path_params["folder"])))
    of = await uses.projects.get(asker, str(found.project))
    status = None if found.mirror is None else await uses.mirroring.status(asker, MirrorId(found.mirror))
    mirror = None if status is None else status.mirror
    may_show = asker.everywhere is Role.ADMIN
    return await page(
        request,
        "folder.html",
        title=of.project.name if found.parent is None else escape(found.name),
        principal=asker,
        section="projects",
        project=await shown(uses, of) | {"cover": []},
        folder=render.folder(found),
        crumbs=crumbs(of.project.name, above),
        query=_query(request),
        mirror=None if status is None else render.mirror(status),
        strip=await strip_of(uses, asker, found.id),
        jobs=[shown_job(uses, job) for job in await _jobs(request, asker, found, mirror)],
        may_edit=(asker.role_on(found.project) or 0) >= Role.EDITOR,
        may_manage=(asker.role_on(found.project) or 0) >= Role.MANAGER,
        shut_by=await _shut_by(request, mirror, of.project),
        attached=mirror is None or mirror.state is not MirrorState.DETACHED,
        told=_told(found, status),
        broken=await uses.facts.read(lambda tx: tx.links.broken_count(of.project.id)) if found.parent is None else 0,
        show_at=f"{'/show' if may_show else '/mirrors/new'}?project={of.project.id}",
        show_word="Show a bucket or directory" if may_show else "Mirror a bucket",
    )


async def item(request: Request) -> Response:
    """One item, large, with what is known of it."""
    asker, uses = await signed_in(request), services(request)
    found = await uses.browsing.item(asker, ItemId(whole_id(request.path_params["item"])))
    _, above = await uses.browsing.folder(asker, found.folder)
    of = await uses.projects.get(asker, str(found.project))
    (one,) = await rendered(uses, [found])
    response = await page(
        request,
        "item.html",
        title=escape(found.name) or "unnamed",
        principal=asker,
        section="projects",
        project=await shown(uses, of) | {"cover": []},
        crumbs=crumbs(of.project.name, above),
        item=one,
        store=one["store"],
        gone_for_good=gone_for_good(found),
        elsewhere=lines_of(found, uses.public_url),
        lives=lives(uses.settings.signed_url_life),
        zooms=found.media_type not in WHOLE,
        may_edit=(asker.role_on(found.project) or 0) >= Role.EDITOR,
    )
    if origin := await origin_of(uses, await uses.locator.locate(found.id)):
        response.headers["content-security-policy"] = policy_showing(origin)
    return response


def gone_for_good(item: Item) -> str | None:
    """When a tombstone's row goes; None for live items and for hidden ones, which stay as long as their mirror."""
    return iso(item.gone_ms + TRASH_MS) if item.gone_ms and item.gone is not Gone.HIDDEN else None


def crumbs(project_name: str, above: list[Folder]) -> list[dict[str, str]]:
    """The way from the project's root down to a folder."""
    return [{"id": str(one.id), "name": project_name if one.parent is None else escape(one.name)} for one in above]


def _query(request: Request) -> dict[str, str]:
    asked = request.query_params
    chosen = {name: asked[name] if asked.get(name) in choices else choices[0] for name, choices in _CHOICES.items()}
    return chosen | {"prefix": asked.get("prefix", "")}


async def _cover(request: Request, root: FolderId) -> list[str]:
    """The first pictures of a project, without looking far."""

    def read(tx: Transaction) -> list[str]:
        found = []
        folder_ = tx.folders.get(root)
        for _ in range(3):
            listed = tx.items.page(folder_.id, ItemQuery(), limit=24).rows
            found += [str(one.id) for one in listed if one.kind is not Kind.FILE]
            below = tx.folders.children(folder_.id, limit=1).rows
            if len(found) >= COVERS or not below:
                break
            folder_ = below[0]
        return found[:COVERS]

    return await services(request).facts.read(read)


async def _shut_by(request: Request, mirror: Mirror | None, of: Project) -> str:
    """The store that keeps new files out of a folder; empty where they may come."""
    place = of.default_store if mirror is None else mirror.store
    if place is None:
        return ""
    store = await services(request).facts.read(lambda tx: tx.stores.get(place))
    detached = mirror is not None and mirror.state is MirrorState.DETACHED
    return store.name if store.read_only or detached else ""


def _told(found: Folder, status: MirrorStatus | None) -> str:
    """What the last look at the store said, where it found nothing at all."""
    if status is None or status.job is None or found.counts.items or found.counts.folders:
        return ""
    return status.job.message


async def _jobs(request: Request, asker: Principal, found: Folder, mirror: Mirror | None) -> list[Job]:
    uses = services(request)
    jobs: list[Any] = await uses.jobs.all(asker, states=OPEN, project=found.project, limit=20)
    if mirror is None:
        return [job for job in jobs if job.folder == found.id]
    return [job for job in jobs if job.kind == "scan" and job.subject == mirror.id]
