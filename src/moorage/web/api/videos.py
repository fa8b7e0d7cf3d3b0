"""``/items/{item}/video`` and what is made of one: contact strip, table of frames, an mp4 that browsers play."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from moorage.converting import Conversions
from moorage.converting.verbs import none_yet
from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.ranges import Representation, decide
from moorage.edge.security import BYTES
from moorage.model.video import FrameTable, Made, Plays, Strip, playing
from moorage.reading.locate import Located
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body, whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import ConversionShape, FrameTableShape, Problem, VideoShape
from moorage.web.films import FilmBytes, FilmResponse
from moorage.web.recipes import CACHE
from moorage.web.viewing import Asked, query_of, viewed

router = APIRouter(route_class=OnceRoute, prefix="/items", tags=["videos"])
TIMES: Final = "moorage-times"
"""The header with the times of a strip's frames, in seconds."""
_PLAYS: Final[dict[Plays, bool | str]] = {"yes": True, "no": False, "after conversion": "after conversion"}
_PAGE: Final = 10_000
_IMAGE: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_FAILS: Final[dict[int | str, dict[str, Any]]] = {404: {"model": Problem}, 422: {"model": Problem}}


class ConversionBody(Body):
    """A conversion to make."""

    kind: Literal["remux", "transcode", "frames"]


@router.get("/{item}/video", responses={200: {"model": VideoShape}, **_FAILS})
async def video(uses: Uses, asker: Asker, request: Request, item: str) -> Response:
    """What a video tells of itself, by few ranged reads; kept for the next time."""
    located = await _seen(uses, request, item, "video")
    facts = await uses.conversions.look(located)
    told, film = playing(facts), await uses.conversions.film(located)
    if film is not None:
        await film.aclose()
    job = await uses.conversions.under_way(asker, located.item)
    shown = {name: value for name, value in asdict(facts).items() if name != "ordered"}
    found = {"plays": _PLAYS[told.plays], "why": told.why, "conversion": told.conversion, "converted": film is not None}
    return answer(shown | found | {"job": None if job is None else str(job.id)})


@router.get("/{item}/strip", responses={200: {"content": {"image/webp": _IMAGE}}, **_FAILS})
async def strip(uses: Uses, request: Request, item: str) -> Response:
    """The contact strip: small frames side by side, their times in the header ``moorage-times``."""
    located = await _seen(uses, request, item, "strip")
    known = Representation(0, Strip().name(located.item.version), located.item.modified_ms)
    headers = dict(BYTES) | {"etag": f'"{known.etag}"', "cache-control": CACHE}
    if decide("HEAD", headers_of(request.scope), known).status == 304:  # noqa: PLR2004 - RFC 9110
        return Response(None, 304, headers)
    located, made = await uses.variants.settled(located, uses.conversions.strip)
    headers["etag"] = f'"{Strip().name(located.item.version)}"'
    uses.costs.tally.served(located.store.id, len(made.image))
    headers[TIMES] = ",".join(f"{time:.3f}" for time in made.times)
    return Response(made.image, 200, headers, "image/webp")


@router.get("/{item}/strip.vtt", responses={200: {"content": {"text/vtt": {}}}, **_FAILS})
async def strip_times(uses: Uses, request: Request, item: str) -> Response:
    """The times of the contact strip as WebVTT, as players take them for their timeline."""
    made = await uses.conversions.strip(await _seen(uses, request, item, "strip"))
    return Response(made.vtt("strip"), 200, {"cache-control": CACHE}, "text/vtt")


@router.get("/{item}/frames", responses={200: {"model": FrameTableShape, "content": {"text/csv": {}}}, **_FAILS})
async def frames(
    uses: Uses,
    request: Request,
    item: str,
    after: Annotated[int, Query(ge=0, description="Frames to leave out at the beginning.")] = 0,
    limit: Annotated[int, Query(ge=1, le=100_000, description="Frames in one answer.")] = _PAGE,
) -> Response:
    """When each frame is shown; with ``Accept: text/csv`` all of them as a table.

    Of an mp4 its index tells at once. Of others a job reads all of the file: ask for it under ``/conversions``.
    """
    located = await _seen(uses, request, item, "frames")
    table = await uses.conversions.frames(located)
    if table is None:
        raise none_yet(located.item, Made.FRAMES)
    if "text/csv" in request.headers.get("accept", ""):
        return StreamingResponse(_lines(table), media_type="text/csv", headers={"cache-control": CACHE})
    constant = await asyncio.to_thread(lambda: table.constant)  # of a million frames it takes a third of a second
    count, times = len(table.times), list(table.times[after : after + limit])
    shown = {"count": count, "fps": table.fps, "constant": constant, "counted": table.counted}
    following = after + limit if after + limit < count else None
    return answer(shown | {"first": after, "times": times, "next": following})


@router.post(
    "/{item}/conversions",
    status_code=202,
    responses={200: {"model": ConversionShape}, 202: {"model": ConversionShape}, **_FAILS},
)
async def convert(uses: Uses, asker: Asker, request: Request, item: str, body: ConversionBody) -> Response:
    """Make something of a video, once: 202 with its job, 200 with its address once it is there."""
    located = await _seen(uses, request, item, "conversions")
    made = Made(body.kind)
    job = await uses.conversions.begin(asker, located, made)
    if job is not None:
        return answer({"kind": made, "job": str(job.id), "url": None}, 202)
    name = "frames" if made is Made.FRAMES else "converted"
    return answer({"kind": made, "job": None, "url": f"{uses.public_url}/api/v1/items/{item}/{name}"})


@router.get(
    "/{item}/converted",
    responses={200: {"content": {"video/mp4": _IMAGE}}, 206: {"content": {"video/mp4": _IMAGE}}, **_FAILS},
)
async def converted(uses: Uses, request: Request, item: str) -> Response:
    """The mp4 that was made of it, by ranges."""
    located = await _seen(uses, request, item, "converted")
    source = await _film(uses.conversions, located)
    return FilmResponse(source, uses.costs.tally)


async def _film(conversions: Conversions, located: Located) -> FilmBytes:
    found = await conversions.film(located)
    if found is None:
        raise none_yet(located.item, Made.REMUX)
    async with found:
        return FilmBytes(conversions, located, found.info.size, found.info.etag)


async def _seen(uses: Face, request: Request, item: str, variant: str) -> Located:
    """The item where the asker may see its bytes, looked at where nobody has looked at it yet."""
    headers, query = headers_of(request.scope), query_of(request.scope["query_string"])
    located = await viewed(uses, Asked(request.method, headers, query, whole_id(item), variant))
    return await uses.content.seen(located)


def _lines(table: FrameTable) -> Iterator[str]:
    yield "frame,seconds\r\n"
    for start in range(0, len(table.times), _PAGE):
        times = table.times[start : start + _PAGE]
        yield "".join(f"{start + number},{time:.6f}\r\n" for number, time in enumerate(times))
