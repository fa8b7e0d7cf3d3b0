"""``/mirrors``: make, list, re-index, pause, remove."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from moorage.model.mirror import MirrorId
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import endpoint_of, whole_id
from moorage.web.api.mirror_bodies import MirrorBody, MirrorPatch, SuggestBody
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import MirrorList, MirrorShape, Problem, StartedJob, StartedMirror, SuggestionShape

router = APIRouter(route_class=OnceRoute, prefix="/mirrors", tags=["mirrors"])


@router.post("", status_code=202, responses={202: {"model": StartedMirror}, 422: {"model": Problem}})
async def add(uses: Uses, asker: Asker, body: MirrorBody) -> Response:
    """Show a place, or a prefix of a store, as a folder; the answer names the job of the first scan.

    A store and a project that are missing are made with it: all of it, or, where anything fails, nothing.
    """
    made = await uses.showing.show(asker, await body.wish(asker))
    shown = {
        "id": str(made.mirror.id),
        "job": str(made.job.id),
        "folder": str(made.mirror.folder),
        "project": str(made.project.id),
        "project_name": made.project.name,
        "store": made.store,
        "made": list(made.made),
        "note": made.note,
    }
    return answer(shown, 202)


@router.post("/suggest", responses={200: {"model": SuggestionShape}})
async def suggest(uses: Uses, asker: Asker, body: SuggestBody) -> Response:
    """What showing a place would use and make, under which names. No request is made to any store."""
    found = await uses.showing.suggest(
        asker, body.key(body.address), endpoint=endpoint_of(body.endpoint), region=body.region
    )
    return answer(render.suggestion(found))


@router.get("", responses={200: {"model": MirrorList}})
async def all_mirrors(uses: Uses, asker: Asker, project: str = "") -> Response:
    """Mirrors that the caller may see."""
    one = (await uses.projects.get(asker, project)).project.id if project else None
    found = await uses.mirroring.all(asker, one)
    return answer({"mirrors": [render.mirror(status) for status in found], "next": None})


@router.get("/{mirror}", responses={200: {"model": MirrorShape}})
async def one(uses: Uses, asker: Asker, mirror: str) -> Response:
    """One mirror, with the question that its job asks, if any."""
    return await _shown(uses, asker, mirror)


@router.patch("/{mirror}", responses={200: {"model": MirrorShape}})
async def change(uses: Uses, asker: Asker, mirror: str, body: MirrorPatch) -> Response:
    """Change globs or what becomes of vanished objects; it counts from the next re-index."""
    await uses.mirroring.change(
        asker,
        MirrorId(whole_id(mirror)),
        include=body.include,
        exclude=body.exclude,
        on_vanished=body.on_vanished,
    )
    return await _shown(uses, asker, mirror)


@router.post("/{mirror}/reindex", status_code=202, responses={202: {"model": StartedJob}})
async def reindex(uses: Uses, asker: Asker, mirror: str, dry_run: bool = False) -> Response:
    """Compare the mirror with its bucket again; ``dry_run`` only counts what would change."""
    job = await uses.mirroring.reindex(asker, MirrorId(whole_id(mirror)), dry_run=dry_run)
    uses.locator.refusals.forget()
    return answer({"id": mirror, "job": str(job.id)}, 202)


@router.post("/{mirror}/pause", responses={200: {"model": MirrorShape}})
async def pause(uses: Uses, asker: Asker, mirror: str) -> Response:
    """No more scans until it is resumed; its items stay."""
    await uses.mirroring.pause(asker, MirrorId(whole_id(mirror)))
    return await _shown(uses, asker, mirror)


@router.post("/{mirror}/resume", responses={200: {"model": MirrorShape}})
async def resume(uses: Uses, asker: Asker, mirror: str) -> Response:
    """Let it be scanned again."""
    await uses.mirroring.resume(asker, MirrorId(whole_id(mirror)))
    return await _shown(uses, asker, mirror)


@router.delete("/{mirror}", status_code=204)
async def remove(uses: Uses, asker: Asker, mirror: str, with_items: bool = False) -> Response:
    """Remove a mirror and keep its items as links, or remove them too. No object is touched."""
    await uses.mirroring.remove(asker, MirrorId(whole_id(mirror)), with_items=with_items)
    uses.locator.forget()
    uses.wake_purge()
    return Response(status_code=204)


async def _shown(uses: Uses, asker: Asker, mirror: str) -> Response:
    return answer(render.mirror(await uses.mirroring.status(asker, MirrorId(whole_id(mirror)))))
