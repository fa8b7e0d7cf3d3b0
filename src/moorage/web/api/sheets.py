"""``/items/{item}/sheet`` and ``/folders/{folder}/sheet``: many small pictures as one."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.ranges import Representation, decide
from moorage.edge.security import BYTES
from moorage.model.catalogue import FolderId, Kind
from moorage.model.errors import MoorageError
from moorage.model.sheet import Sheet
from moorage.model.transaction import ItemQuery
from moorage.reading import sheets
from moorage.reading.locate import Located
from moorage.web import counting
from moorage.web.api.asking import Asker, Uses
from moorage.web.api.bodies import whole_id
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import Problem
from moorage.web.formats import negotiated
from moorage.web.recipes import CACHE
from moorage.web.viewing import Asked, query_of, viewed

router = APIRouter(route_class=OnceRoute, tags=["bytes"])
PAGES: Final = "moorage-pages"
"""The header with the number of pages or frames that the item has."""
NEXT: Final = "moorage-next"
"""The header with what to send as ``after`` for the next sheet of a folder."""
_IMAGE: Final[dict[str, Any]] = {"content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {200: _IMAGE, 404: {"model": Problem}, 422: {"model": Problem}}
_Columns = Annotated[int, Query(ge=1, description="Pictures side by side.")]
_Rows = Annotated[int, Query(ge=1, description="Pictures one below the other, at most.")]
_Cell = Annotated[int, Query(ge=1, description="Pixels of the square for one; snapped like those of a preview.")]
_Format = Annotated[str, Query(description="auto, webp, avif, jpeg or png.")]


@router.get("/items/{item}/sheet", responses=_ANSWERS)
async def of_item(
    uses: Uses, request: Request, item: str, columns: _Columns = 4, rows: _Rows = 4, cell: _Cell = 256,
    format: _Format = "auto",
) -> Response:  # fmt: skip
    """The pages of a document or the frames of an animation, small, side by side.

    Where there are more than fit, some are left out at even distances. At most 144 pictures and 4,096 pixels a side.
    """
    located = await _viewed(uses, request, whole_id(item))
    located = await uses.content.seen(located)
    sheet, headers = _asked(request, columns, rows, cell, format)
    known = Representation(0, sheet.name(located.item.version), located.item.modified_ms)
    headers["etag"] = f'"{known.etag}"'
    if decide("HEAD", headers_of(request.scope), known).status == 304:  # noqa: PLR2004 - RFC 9110
        return Response(None, 304, headers)
    located, made = await uses.variants.settled(located, lambda of: sheets.of_item(uses.variants, of, sheet))
    headers["etag"] = f'"{sheet.name(located.item.version)}"'
    uses.costs.tally.served(located.store.id, len(made.data))
    return Response(made.data, 200, headers | {PAGES: str(made.pages or 1)}, made.media_type)


@router.get("/folders/{folder}/sheet", responses=_ANSWERS)
async def of_folder(
    uses: Uses, asker: Asker, request: Request, folder: str, columns: _Columns = 4, rows: _Rows = 4,
    cell: _Cell = 256, format: _Format = "auto", after: str | None = None,
) -> Response:  # fmt: skip
    """The images of a folder, small, side by side, by name; the header ``moorage-next`` leads to the next sheet.

    The place of an image without a preview stays empty.
    """
    sheet, headers = _asked(request, columns, rows, cell, format)
    query = ItemQuery(kind=Kind.IMAGE)
    page = await uses.browsing.children(asker, FolderId(whole_id(folder)), query, after=after, limit=sheet.count)
    shown = [await _open(uses, request, item.id) for item in page.items]
    made = await sheets.of_items(uses.variants, shown, sheet)
    counting.served(uses.costs.tally, [one.store.id for one in shown if one is not None], len(made.data))
    if page.next is not None:
        headers[NEXT] = page.next
    return Response(made.data, 200, headers, made.media_type)


def _asked(request: Request, columns: int, rows: int, cell: int, form: str) -> tuple[Sheet, dict[str, str]]:
    """The sheet, and the headers of its answer."""
    headers = dict(BYTES) | {"cache-control": CACHE}
    if form == "auto":
        form, headers["vary"] = negotiated(request.headers.get("accept", "")), "Accept"
    return Sheet.asked(columns, rows, cell, form), headers


async def _open(uses: Face, request: Request, item: int) -> Located | None:
    """The item, or None where its bytes are not for the asker."""
    try:
        return await _viewed(uses, request, item)
    except MoorageError:
        return None


async def _viewed(uses: Face, request: Request, item: int) -> Located:
    headers, query = headers_of(request.scope), query_of(request.scope["query_string"])
    return await viewed(uses, Asked(request.method, headers, query, item, "sheet"))
