"""``/projects/{project}/links`` and ``/imports``: import lists of addresses, and check what was linked."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Scope

from moorage.edge.times import iso
from moorage.linking import Wanted, harmless
from moorage.model.access import Principal
from moorage.model.address import address_in
from moorage.model.catalogue import ProjectId
from moorage.model.errors import BodyBroken, Invalid
from moorage.model.jobs import Job
from moorage.model.keys import key_bytes
from moorage.model.links import Directories, ImportId, LineVerdict, LinkImport, Verdict
from moorage.web.api.asking import Asker, Uses, answer, asker_of
from moorage.web.api.bodies import whole_id
from moorage.web.api.jobs import shown_job
from moorage.web.api.projects import stores_of
from moorage.web.api.render import Json, keys
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import BrokenList, ImportLines, ImportShape, Problem, StartedImport, StartedJob

router = APIRouter(tags=["links"])
once = APIRouter(route_class=OnceRoute, tags=["links"])
TABLE: Final = "text/csv"
COLUMNS: Final = ("line", "verdict", "address", "reason")
_PAGE: Final = 1000
_LIST: Final = {
    "requestBody": {
        "required": True,
        "description": "One address a line, or a table with a column 'address' and, if wished, 'name' and 'folder'; "
        "other columns are kept with the item.",
        "content": {
            "text/plain": {"schema": {"type": "string"}, "example": "s3://reef-2021/2021/frame_0001.jpg\n"},
            TABLE: {"schema": {"type": "string"}, "example": "address,name\ns3://reef-2021/a.jpg,first.jpg\n"},
        },
    }
}


def longest(uses: Uses, others: Callable[[Scope], int]) -> Callable[[Scope], int]:
    """How long the body of a request may be: a list of links may be longer than other bodies."""

    def most_bytes(scope: Scope) -> int:
        listed = scope["method"] == "POST" and scope["path"].endswith("/links")
        return uses.settings.link_list_size + 1 if listed else others(scope)

    return most_bytes


@router.post(
    "/projects/{project}/links",
    status_code=202,
    responses={202: {"model": StartedImport}, 413: {"model": Problem}, 422: {"model": Problem}},
    openapi_extra=_LIST,
)
async def add(
    uses: Uses,
    asker: Asker,
    request: Request,
    project: str,
    dry_run: bool = False,
    folder: str = "",
    probe: bool = False,
    keep_directories: Directories = Directories.NONE,
    name: Annotated[str, Query(max_length=200, description="What people call the list.")] = "",
) -> Response:
    """Link objects where they lie. The body is the list; it is taken in whole before the answer comes.

    ``folder``: an id, or names below the project's root. ``dry_run`` links nothing and tells what would become of each
    line. ``probe`` asks the stores for sizes and leaves out what is not there. A list that is sent twice adds nothing
    the second time: what the project shows already is passed over.
    """
    found = await uses.projects.get(asker, project)
    wanted = Wanted(folder, name, dry_run, probe, keep_directories)
    table = request.headers.get("content-type", "").partition(";")[0].strip().lower() == TABLE
    begun = await uses.linking.begin(
        asker, ProjectId(found.project.id), _blocks(request), wanted, csv=True if table else None
    )
    return answer({"id": str(begun.id), "job": str(begun.job)}, 202)


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for block in request.stream():
            if block:
                yield block
    except ClientDisconnect as exc:
        raise BodyBroken("The sender left before the end of the list. Nothing was linked.", "Send it again.") from exc


@once.post("/projects/{project}/links/check", status_code=202, responses={202: {"model": StartedJob}})
async def check(uses: Uses, asker: Asker, project: str) -> Response:
    """Look whether the project's links resolve; the answer names the job."""
    found = await uses.projects.get(asker, project)
    job = await uses.linking.check(asker, ProjectId(found.project.id))
    uses.locator.refusals.forget()
    return answer({"id": str(found.project.id), "job": str(job.id)}, 202)


@router.get("/projects/{project}/links/broken", responses={200: {"model": BrokenList}})
async def broken(uses: Uses, asker: Asker, project: str, after: int = 0, limit: int = 100) -> Response:
    """Links that did not resolve when they were last checked: why, and since when."""
    found = await uses.projects.get(asker, project)
    return answer(await shown_broken(uses, asker, ProjectId(found.project.id), after=after, limit=limit))


async def shown_broken(uses: Uses, asker: Principal, project: ProjectId, *, after: int = 0, limit: int = 100) -> Json:
    """A page of broken links."""
    size = max(1, min(limit, _PAGE))
    rows, total = await uses.linking.broken(asker, project, after=after, limit=size)
    stores = await stores_of(uses, {row.item.store for row in rows})
    items = [
        keys(
            {
                "item": str(row.item.id),
                "name": row.item.name,
                "folder": str(row.item.folder),
                "address": address_in(stores[row.item.store], row.item.key),
                "reason": row.reason,
                "since": iso(row.since_ms),
                "checked": iso(row.checked_ms),
            },
            "name",
            "address",
        )
        for row in rows
    ]
    return {"items": items, "total": total, "next": str(rows[-1].item.id) if len(rows) == size else None}


@router.get("/imports/{id}", responses={200: {"model": ImportShape}})
async def one(uses: Uses, asker: Asker, id: str) -> Response:
    """An import as it stands."""
    return answer(shown_import(uses, *await uses.linking.get(asker, ImportId(whole_id(id)))))


@once.post("/imports/{id}/apply", status_code=202, responses={202: {"model": StartedImport}})
async def apply(uses: Uses, asker: Asker, id: str) -> Response:
    """Carry a dry run out, without the list being sent again. A repeat names the same import."""
    begun = await uses.linking.apply(asker, ImportId(whole_id(id)))
    return answer({"id": str(begun.id), "job": str(begun.job)}, 202)


@router.get("/imports/{id}/lines", responses={200: {"model": ImportLines, "content": {TABLE: {}}}})
async def lines(
    uses: Uses,
    asker: Asker,
    request: Request,
    id: str,
    verdict: str = "",
    after: int = 0,
    limit: int = 100,
    format: str = "",
) -> Response:
    """What became of lines; ``verdict`` is one or several, separated by commas.

    With ``Accept: text/csv`` or ``format=csv`` all of them as a table, which can be mended and sent again: what the
    rows of a table said beside the address comes with it.
    """
    import_, wanted = ImportId(whole_id(id)), _verdicts(verdict)
    if format == "csv" or TABLE in request.headers.get("accept", ""):
        await uses.linking.get(asker, import_)
        headers = {"content-disposition": f'attachment; filename="import-{import_}.csv"'}
        stream = _table(uses, request, import_, wanted, after)
        return StreamingResponse(stream, media_type=f"{TABLE}; charset=utf-8", headers=headers)
    size = max(1, min(limit, _PAGE))
    found = await uses.linking.lines(asker, import_, verdicts=wanted, after=after, limit=size)
    following = str(found[-1].line) if len(found) == size else None
    return answer({"lines": [shown_line(line) for line in found], "next": following})


async def _table(
    uses: Uses, request: Request, import_: ImportId, verdicts: tuple[Verdict, ...], after: int
) -> AsyncIterator[bytes]:
    async with uses.linking.sent(await asker_of(request), import_) as sent:
        yield _rows([(*COLUMNS, *map(harmless, sent.columns))])
        while found := await uses.linking.lines(
            await asker_of(request), import_, verdicts=verdicts, after=after, limit=_PAGE
        ):
            others = await sent.cells([line.line for line in found])
            yield _rows(
                (line.line, line.verdict.value, harmless(line.address), line.reason, *map(harmless, more))
                for line, more in zip(found, others, strict=True)
            )
            after = found[-1].line


def _rows(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return key_bytes(text.getvalue())


def shown_line(line: LineVerdict) -> Json:
    """One line."""
    shown = {"line": line.line, "verdict": line.verdict.value, "address": line.address, "reason": line.reason}
    return keys(shown, "address")


def shown_import(uses: Uses, of: LinkImport, job: Job | None) -> Json:
    """An import with its job's state."""
    shown = None if job is None else shown_job(uses, job)
    return {
        "id": str(of.id),
        "job": str(of.job),
        "project": str(of.project),
        "folder": str(of.folder),
        "name": of.name,
        "dry_run": of.dry_run,
        "probe": of.probe,
        "keep_directories": of.directories.value,
        "state": "" if shown is None else shown["state"],
        "created": iso(of.created_ms),
        "size": of.size,
        "lines": of.lines,
        "read": 0 if job is None else job.done,
        "counts": {verdict.value: count for verdict, count in of.counts.items()},
        "applied": None if of.applied is None else str(of.applied),
        "message": "" if shown is None else shown["message"],
    }


def _verdicts(text: str) -> tuple[Verdict, ...]:
    try:
        return tuple(Verdict(word) for word in text.split(",") if word)
    except ValueError as exc:
        raise Invalid(f"{text!r} is no verdict.", f"Use {', '.join(Verdict)}.", field="verdict") from exc
