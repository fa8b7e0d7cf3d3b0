"""``/api/v1/authorized``: may this request be answered, and what is its answer called?

A proxy that keeps answers asks it before each one that it hands out. It answers 204 with the answer's name, which
holds the version, or 403; what is refused the proxy passes on, and so the refusal is told in full. An answer whose tag
is another than the one that is told is not to be kept: there was another version when it was fetched.
"""

from __future__ import annotations

import hashlib
from typing import Final

from moorage.edge.face import Face
from moorage.model.errors import Forbidden, MoorageError
from moorage.model.media import UNKNOWN
from moorage.web.recipes import ROUTE, negotiates, variant, wanted_of
from moorage.web.redirecting import is_elsewhere
from moorage.web.sending import Answer, known, send_empty
from moorage.web.sources import ItemBytes
from moorage.web.viewing import Asked, query_of, viewed

NAME: Final = "x-answer-name"
TAG: Final = "x-answer-tag"
ORIGINAL: Final = "x-original-uri"


async def authorize(uses: Face, answer: Answer) -> None:
    """Answer 204 with the name. Raises Forbidden for all that is not to be handed out of a cache."""
    try:
        name, tag = await _name(uses, answer.headers)
    except MoorageError as exc:
        raise Forbidden("That is not handed out of a cache.", "Pass the request on: its answer says why.") from exc
    await send_empty(answer, 204, [(NAME, name), (TAG, f'"{tag}"'), ("cache-control", "no-store")])


async def _name(uses: Face, headers: dict[str, str]) -> tuple[str, str]:
    """The answer's name and its entity tag."""
    path, _, raw_query = headers.get(ORIGINAL, "").partition("?")
    match = ROUTE.fullmatch(path.removeprefix(uses.path_prefix))
    if match is None:
        raise Forbidden("Only bytes of items are kept by a proxy.", "Pass the request on.")
    item, route = int(match[1]), match[2]
    fields = query_of(raw_query.encode("latin-1", "replace"))
    query, recipe, bound = wanted_of(route, fields, headers.get("accept", ""))
    asked = Asked("GET", headers, query, item, bound)
    located = await uses.content.nearby(await viewed(uses, asked))
    found = located.item
    if recipe is None and is_elsewhere(located.store, query):
        raise Forbidden("These bytes come from their store.", "Pass the request on.")
    if found.gone is not None or not found.size:
        raise Forbidden("There are no bytes to keep.", "Pass the request on.")
    if recipe is None:
        tag = known(ItemBytes(uses.content, located)).etag
        version = f"{found.version}\0{found.media_type or UNKNOWN}\0{found.name}"
    else:
        tag = variant(found, recipe).etag
        version = f"{tag}\0{negotiates(query)}"
    parts = (found.store, found.key, version, found.id, route, query.get("disposition", ""), asked.signed)
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogateescape")).hexdigest(), tag
