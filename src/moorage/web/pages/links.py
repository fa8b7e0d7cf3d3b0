"""The form that imports links, an import, and links that no longer resolve."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from moorage.model.access import Role
from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.keys import escape
from moorage.model.links import BAD, GOOD, ImportId, Verdict
from moorage.web.api.bodies import whole_id
from moorage.web.api.jobs import shown_job
from moorage.web.api.links import shown_broken, shown_import
from moorage.web.api.projects import shown
from moorage.web.pages.browse import crumbs
from moorage.web.pages.rendering import page, services, signed_in

SHOWN: Final = 200
_TOLD: Final = {
    Verdict.RESOLVABLE: ("can be linked", "ok"),
    Verdict.LINKED: ("linked", "ok"),
    Verdict.RENAMED: ("linked under another name", "ok"),
    Verdict.WOULD_MAKE: ("would make a store", "ok"),
    Verdict.OFFERED: ("URL into a store", "ok"),
    Verdict.DUPLICATE: ("duplicate", ""),
    Verdict.UNKNOWN: ("unknown store", "bad"),
    Verdict.MISSING: ("not found", "bad"),
    Verdict.REFUSED: ("refused", "bad"),
}
"""How a verdict is called, and the look of its tag."""


async def links(request: Request) -> Response:
    """The form for a list, and what a check found last."""
    asker, uses = await signed_in(request), services(request)
    found = await uses.projects.get(asker, request.path_params["project"])
    project = ProjectId(found.project.id)
    asked = request.query_params.get("folder", "")
    folder, above = await uses.browsing.folder(asker, FolderId(whole_id(asked)) if asked else found.project.root)
    if folder.project != project:
        folder, above = await uses.browsing.folder(asker, found.project.root)
    return await page(
        request,
        "links.html",
        title=f"Links of {found.project.name}",
        principal=asker,
        section="projects",
        project=await shown(uses, found) | {"cover": []},
        folder={"id": str(folder.id), "path": escape(folder.path).rstrip("/")},
        crumbs=crumbs(found.project.name, above),
        broken=await shown_broken(uses, asker, project, limit=SHOWN),
        may_edit=(asker.role_on(project) or 0) >= Role.EDITOR,
    )


async def link_import(request: Request) -> Response:
    """One import: its job, its figures, and the lines of which something is to be told."""
    asker, uses = await signed_in(request), services(request)
    id_ = ImportId(whole_id(request.path_params["id"]))
    of, job = await uses.linking.get(asker, id_)
    project = await uses.projects.get(asker, str(of.project))
    _, above = await uses.browsing.folder(asker, of.folder)
    chosen = request.query_params.get("verdict", "")
    wanted = [Verdict(chosen)] if chosen in set(Verdict) else [one for one in Verdict if one is not Verdict.RESOLVABLE]
    lines = await uses.linking.lines(asker, id_, verdicts=wanted, limit=SHOWN)
    good, bad = (sum(of.counts.get(one, 0) for one in kinds) for kinds in (GOOD, BAD))
    told = [one for one in Verdict if of.counts.get(one)]
    return await page(
        request,
        "links_import.html",
        title=f"Import {of.id}",
        principal=asker,
        section="projects",
        project=await shown(uses, project) | {"cover": []},
        crumbs=crumbs(project.project.name, above),
        of=shown_import(uses, of, job),
        job=None if job is None else shown_job(uses, job),
        figures=[(one.value, *_TOLD[one], of.counts[one]) for one in told],
        lines=[
            {"line": line.line, "address": escape(line.address), "reason": line.reason, "tag": _TOLD[line.verdict]}
            for line in lines
        ],
        chosen=chosen if chosen in set(Verdict) else "",
        full=len(lines) == SHOWN,
        good=good,
        bad=bad,
        may_edit=(asker.role_on(of.project) or 0) >= Role.EDITOR,
    )
