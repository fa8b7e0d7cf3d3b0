"""``/jobs``: list, watch, cancel, retry, pause, resume, confirm."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from moorage.edge.face import Face
from moorage.model.address import address_in
from moorage.model.errors import Conflict, Invalid, NotFound, Refused
from moorage.model.jobs import OPEN, Job, JobId, JobState
from moorage.model.keys import escape
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer, asker_of, dumped
from moorage.web.api.bodies import ConfirmBody, whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import JobList, JobShape

router = APIRouter(route_class=OnceRoute, prefix="/jobs", tags=["jobs"])
POLL_S: Final = 0.5
LOOK_ALL_S: Final = 1.0
QUIET_S: Final = 15.0
ENDED_LATELY_MS: Final = 10_000
"""A page that was just opened is told of jobs that ended while it was loading."""
EVENTS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("", responses={200: {"model": JobList}})
async def all_jobs(
    uses: Uses, asker: Asker, state: str = "", project: str = "", after: str | None = None, limit: int = 50
) -> Response:
    """Jobs, newest first; ``state`` is one or several states, separated by commas."""
    size = max(1, min(limit, 200))
    found = await uses.jobs.all(
        asker,
        states=_states(state),
        project=(await uses.projects.get(asker, project)).project.id if project else None,
        before=None if after is None else whole_id(after, "after"),
        limit=size,
    )
    following = str(found[-1].id) if len(found) == size else None
    return answer({"jobs": [shown_job(uses, job) for job in found], "next": following})


@router.get("/events")
async def events(uses: Uses, asker: Asker, request: Request) -> Response:
    """Server-sent events of all jobs that the caller may see, at most one a second for each."""
    del asker  # asked for again and again while the stream lasts
    return StreamingResponse(
        _while_admitted(_all_events(uses, request)), media_type="text/event-stream", headers=EVENTS
    )


@router.get("/{job}", responses={200: {"model": JobShape}})
async def one(uses: Uses, asker: Asker, job: str) -> Response:
    """One job as it stands."""
    return answer(shown_job(uses, await uses.jobs.get(asker, JobId(whole_id(job)))))


@router.get("/{job}/events")
async def job_events(uses: Uses, asker: Asker, request: Request, job: str) -> Response:
    """Server-sent events of one job; the stream ends after its final state."""
    found = await uses.jobs.get(asker, JobId(whole_id(job)))
    return StreamingResponse(
        _while_admitted(_job_events(uses, request, found.id)), media_type="text/event-stream", headers=EVENTS
    )


@router.get("/{job}/missing")
async def missing(uses: Uses, asker: Asker, job: str, after: int = 0, limit: int = 100) -> Response:
    """What a guard's question is about: the items whose objects were not found."""
    found = await uses.jobs.get(asker, JobId(whole_id(job)))
    if found.kind != "scan":
        raise Conflict("This job asks about no objects.", "Look at its errors instead.")
    size = max(1, min(limit, 1000))
    rows = await uses.mirroring.missing(asker, found.id, after=after, limit=size)
    items = [
        {
            "id": str(row.item),
            "name": escape(row.name),
            "address": escape(address_in(row.store, row.key)),
        }
        for row in rows
    ]
    return answer({"items": items, "next": str(rows[-1].item) if len(rows) == size else None})


@router.post("/{job}/cancel", responses={200: {"model": JobShape}})
async def cancel(uses: Uses, asker: Asker, job: str) -> Response:
    """Ask the job to stop; what it has committed stays."""
    return _shown(uses, await uses.jobs.cancel(asker, JobId(whole_id(job))))


@router.post("/{job}/pause", responses={200: {"model": JobShape}})
async def pause(uses: Uses, asker: Asker, job: str) -> Response:
    """Ask the job to wait; it goes on where it stopped."""
    return _shown(uses, await uses.jobs.pause(asker, JobId(whole_id(job))))


@router.post("/{job}/resume", responses={200: {"model": JobShape}})
async def resume(uses: Uses, asker: Asker, job: str) -> Response:
    """Let a paused job go on."""
    return _shown(uses, await uses.jobs.resume(asker, JobId(whole_id(job))))


@router.post("/{job}/retry", responses={200: {"model": JobShape}})
async def retry(uses: Uses, asker: Asker, job: str) -> Response:
    """Run what is left of a job that failed or was cancelled, from where it stopped."""
    return _shown(uses, await uses.jobs.retry(asker, JobId(whole_id(job))))


@router.post("/{job}/confirm", responses={200: {"model": JobShape}})
async def confirm(uses: Uses, asker: Asker, job: str, body: ConfirmBody) -> Response:
    """Answer a job's question; 409 when its figures no longer hold."""
    return _shown(uses, await uses.jobs.confirm(asker, JobId(whole_id(job)), choice=body.choice, figures=body.figures))


def shown_job(uses: Face, job: Job) -> render.Json:
    """A job as it stands, with whether anybody takes it."""
    return render.job(job, no_worker=uses.jobs.lacks_worker(job, uses.workers()))


def _shown(uses: Face, job: Job) -> Response:
    return answer(shown_job(uses, job))


def _states(text: str) -> tuple[JobState, ...]:
    try:
        return tuple(JobState(word) for word in text.split(",") if word)
    except ValueError as exc:
        raise Invalid(f"{text!r} is no state of a job.", f"Use {', '.join(JobState)}.", field="state") from exc


async def _while_admitted(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream until its reader may see it no longer, or what it tells of is gone."""
    with contextlib.suppress(Refused, NotFound):
        async for message in stream:
            yield message


async def _job_events(uses: Face, request: Request, job: JobId) -> AsyncIterator[bytes]:
    last = None
    told = time.monotonic()
    while True:
        shown = shown_job(uses, await uses.jobs.get(await asker_of(request), job))
        if shown != last:
            last, told = shown, time.monotonic()
            yield b"data: " + dumped(shown) + b"\n\n"
        elif time.monotonic() - told > QUIET_S:
            told = time.monotonic()
            yield b": \n\n"
        if JobState(shown["state"]).final or uses.stopping.is_set():
            return
        await asyncio.sleep(POLL_S)


async def _all_events(uses: Face, request: Request) -> AsyncIterator[bytes]:
    told = time.monotonic()
    yield b": \n\n"
    asker = await asker_of(request)
    recent = uses.now_ms() - ENDED_LATELY_MS
    ended = await uses.jobs.all(asker, states=[state for state in JobState if state.final], limit=20)
    watched: dict[str, render.Json] = {str(job.id): {"state": ""} for job in ended if (job.ended_ms or 0) > recent}
    newest = max([0, *(job.id for job in await uses.jobs.all(asker, limit=1))])
    while not uses.stopping.is_set():
        asker = await asker_of(request)
        opened = await uses.jobs.all(asker, states=OPEN)
        seen = {str(job.id): shown_job(uses, job) for job in opened}
        for job in await uses.jobs.all(asker, limit=5):  # those too that begin and end between two looks
            if job.id > newest and str(job.id) not in seen:
                seen[str(job.id)] = shown_job(uses, job)
        newest = max([newest, *(int(id) for id in seen)])
        for id in watched.keys() - seen.keys():
            with contextlib.suppress(NotFound):  # removed with its project, or out of sight now
                seen[id] = shown_job(uses, await uses.jobs.get(asker, JobId(int(id))))
        for id, shown in seen.items():
            if shown != watched.get(id):
                told = time.monotonic()
                yield b"data: " + dumped(shown) + b"\n\n"
        watched = {id: shown for id, shown in seen.items() if not JobState(shown["state"]).final}
        if time.monotonic() - told > QUIET_S:
            told = time.monotonic()
            yield b": \n\n"
        await asyncio.sleep(LOOK_ALL_S)
