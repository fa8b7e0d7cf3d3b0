"""``/mirrors``: make, list, re-index, pause, remove."""

from __future__ import annotations

import contextlib

from fastapi import APIRouter
from starlette.responses import Response

from moorage.cataloguing.projects import find
from moorage.edge.face import Face
from moorage.model.access import Principal, Role
from moorage.model.catalogue import FolderId
from moorage.model.errors import AlreadyExists, NotFound
from moorage.model.jobs import OPEN
from moorage.model.keys import Key
from moorage.model.mirror import Mirror, MirrorId, MirrorState
from moorage.model.transaction import Transaction
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import MirrorBody, MirrorPatch, whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import MirrorList, MirrorShape, StartedJob, StartedMirror
from moorage.web.api.stores import visible

router = APIRouter(route_class=OnceRoute, prefix="/mirrors", tags=["mirrors"])


@router.post("", status_code=202, responses={202: {"model": StartedMirror}})
async def add(uses: Uses, asker: Asker, body: MirrorBody) -> Response:
    """Show a prefix of a store below a folder; the answer names the job of the first scan."""
    await visible(uses, asker, body.store)  # before anything is made for it
    if body.create_project:
        await _ensure_project(uses, asker, body.project)
    project = await uses.projects.get(asker, body.project)
    parent, name = await _home(uses, asker, project.project.root, body.key(body.folder).strip("/"))
    mirror, job = await uses.mirroring.add(
        asker,
        store=body.store,
        project=project.project.id,
        prefix=body.key(body.prefix),
        folder=parent,
        name=name,
        include=tuple(body.include),
        exclude=tuple(body.exclude),
        on_vanished=body.on_vanished,
    )
    shown = {"id": str(mirror.id), "job": str(job.id), "folder": str(mirror.folder), "project": str(mirror.project)}
    return answer(shown, 202)


@router.get("", responses={200: {"model": MirrorList}})
async def all_mirrors(uses: Uses, asker: Asker, project: str = "") -> Response:
    """Mirrors that the caller may see."""
    found = await visible_mirrors(uses, asker, project)
    return answer({"mirrors": [await shown_mirror(uses, one) for one in found], "next": None})


@router.get("/{mirror}", responses={200: {"model": MirrorShape}})
async def one(uses: Uses, asker: Asker, mirror: str) -> Response:
    """One mirror, with the question that its job asks, if any."""
    return answer(await shown_mirror(uses, await mirror_for(uses, asker, mirror, Role.VIEWER)))


@router.patch("/{mirror}", responses={200: {"model": MirrorShape}})
async def change(uses: Uses, asker: Asker, mirror: str, body: MirrorPatch) -> Response:
    """Change globs or what becomes of vanished objects; it counts from the next re-index."""
    changed = await uses.mirroring.change(
        asker,
        MirrorId(whole_id(mirror)),
        include=body.include,
        exclude=body.exclude,
        on_vanished=body.on_vanished,
    )
    return answer(await shown_mirror(uses, changed))


@router.post("/{mirror}/reindex", status_code=202, responses={202: {"model": StartedJob}})
async def reindex(uses: Uses, asker: Asker, mirror: str, dry_run: bool = False) -> Response:
    """Compare the mirror with its bucket again; ``dry_run`` only counts what would change."""
    job = await uses.mirroring.reindex(asker, MirrorId(whole_id(mirror)), dry_run=dry_run)
    return answer({"id": mirror, "job": str(job.id)}, 202)


@router.post("/{mirror}/pause", responses={200: {"model": MirrorShape}})
async def pause(uses: Uses, asker: Asker, mirror: str) -> Response:
    """No more scans until it is resumed; its items stay."""
    return answer(await shown_mirror(uses, await uses.mirroring.pause(asker, MirrorId(whole_id(mirror)))))


@router.post("/{mirror}/resume", responses={200: {"model": MirrorShape}})
async def resume(uses: Uses, asker: Asker, mirror: str) -> Response:
    """Let it be scanned again."""
    return answer(await shown_mirror(uses, await uses.mirroring.resume(asker, MirrorId(whole_id(mirror)))))


@router.delete("/{mirror}", status_code=204)
async def remove(uses: Uses, asker: Asker, mirror: str, with_items: bool = False) -> Response:
    """Remove a mirror and keep its items as links, or remove them too. No object is touched."""
    await uses.mirroring.remove(asker, MirrorId(whole_id(mirror)), with_items=with_items)
    uses.locator.forget()
    uses.wake_purge()
    return Response(status_code=204)


async def visible_mirrors(uses: Face, asker: Principal, project: str = "") -> list[Mirror]:
    """Mirrors that the asker may see and that were not removed."""

    def read(tx: Transaction) -> list[Mirror]:
        found = tx.mirrors.all(find(tx, asker, project).id if project else None)
        return [one for one in found if asker.role_on(one.project) and one.state is not MirrorState.DETACHED]

    return await uses.facts.read(read)


async def mirror_for(uses: Face, asker: Principal, text: str, role: Role) -> Mirror:
    """The mirror, if the asker has the role on its project."""
    mirror = await uses.facts.read(lambda tx: tx.mirrors.get(MirrorId(whole_id(text))))
    asker.need(role, mirror.project)
    return mirror


async def shown_mirror(uses: Face, mirror: Mirror) -> render.Json:
    """A mirror with the names around it, and its open job."""

    def read(tx: Transaction) -> render.Json:
        jobs = tx.jobs.all(states=OPEN, kind="scan", subject=mirror.id, limit=1)
        way = [one.name for one in tx.folders.ancestors(mirror.folder)[1:]]
        project = tx.projects.get(mirror.project).name
        return render.mirror(mirror, tx.stores.get(mirror.store), project, way, jobs[0] if jobs else None)

    return await uses.facts.read(read)


async def _home(uses: Face, asker: Principal, root: FolderId, path: str) -> tuple[FolderId, Key]:
    """The folder that shall hold the mount, made where it is missing, and the mount's name."""
    *parents, name = path.split("/")
    folder = root
    for one in parents:
        below = await uses.facts.read(lambda tx, here=folder, one=one: tx.folders.child(here, one))  # type: ignore[misc]
        folder = (below or await uses.changing.add_folder(asker, folder, Key(one))).id
    return folder, Key(name)


async def _ensure_project(uses: Face, asker: Principal, name: str) -> None:
    try:
        await uses.projects.get(asker, name)
    except NotFound:
        with contextlib.suppress(AlreadyExists):  # made by somebody else meanwhile
            await uses.projects.add(asker, name)
