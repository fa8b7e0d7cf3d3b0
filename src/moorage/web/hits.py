"""Hits: byte routes answered from memory and from cached files at once, where nothing has to be waited for.

parse -> who may see it -> conditions -> cache. The same functions decide as on the way that waits; where one of
them refuses, or knows not enough, that way is taken, and tells why.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from moorage.edge.face import Face
from moorage.edge.ranges import Span, decide
from moorage.edge.security import BYTES
from moorage.model.errors import MoorageError
from moorage.model.objects import Piece
from moorage.model.store import StoreId
from moorage.model.variant import Recipe
from moorage.reading.locate import Located
from moorage.web.recipes import ROUTE, Wanted, variant, variant_headers, wanted_of
from moorage.web.redirecting import is_elsewhere
from moorage.web.sending import known, told_of
from moorage.web.sources import ItemBytes
from moorage.web.viewing import Asked, query_of, viewed_now

MOST_BYTES: Final = 4 << 20
"""What is longer is sent block by block, with an eye on whether its reader is still there."""
_LONGEST: Final = 2048
"""Characters of a query that is remembered, with the Accept header that came along; no browser sends so many."""
_NOT_MODIFIED: Final = 304
_OF_BODIES: Final = (b"content-length", b"transfer-encoding")
_HEARD: Final = {
    name.encode(): name
    for name in (
        *("authorization", "cookie", "accept", "range", "if-range", "if-match", "if-none-match"),
        *("if-modified-since", "if-unmodified-since"),
    )
}
"""The headers that an answer depends on."""
Headers = list[tuple[str, str]]
RawHeaders = Iterable[tuple[bytes, bytes]]


class Hit(NamedTuple):
    """An answer that is at hand. ``general``: headers that all answers of its kind have."""

    status: int
    headers: Headers
    general: tuple[tuple[str, str], ...]
    store: StoreId
    path: str
    query: bytes
    shared: bool
    body: bytes | bytearray = b""
    pieces: tuple[Piece, ...] = ()
    """The body in files, in place of ``body``; whoever has the hit closes them."""


class _Found(NamedTuple):
    status: int
    headers: Headers
    general: tuple[tuple[str, str], ...] = ()
    body: bytes | bytearray = b""
    pieces: tuple[Piece, ...] = ()


class Hits:
    """Answers GETs of byte routes that need no waiting."""

    def __init__(self, uses: Face) -> None:
        self._uses = uses
        self._prefix = uses.path_prefix

    def __call__(self, url: bytes, raw_headers: RawHeaders) -> Hit | None:
        """The answer; None for what another way has to answer. ``raw_headers`` have lower-case names."""
        path, _, query = url.partition(b"?")
        match = ROUTE.fullmatch(path.decode("latin-1").removeprefix(self._prefix))
        if match is None:
            return None
        headers: dict[str, str] = {}
        for raw_name, value in raw_headers:
            name = _HEARD.get(raw_name)
            if name is None:
                if raw_name in _OF_BODIES:
                    return None
            elif name in headers:
                return None
            else:
                headers[name] = value.decode("latin-1")
        try:
            return self._hit(match[0], query, int(match[1]), match[2], headers)
        except MoorageError:
            return None

    def _hit(self, path: str, raw_query: bytes, item: int, route: str, headers: dict[str, str]) -> Hit | None:
        accept = headers.get("accept", "")
        if len(raw_query) + len(accept) > _LONGEST:
            return None
        query = _wanted_of(route, raw_query, accept)
        asked = Asked("GET", headers, query.fields, item, query.variant)
        located = viewed_now(self._uses, asked)
        if located is None or located.item.unseen or located.item.gone is not None:
            return None
        if query.recipe is None:
            found = self._content(located, query.fields, headers)
        else:
            found = self._variant(located, query.recipe, query.fields, headers)
        if found is None:
            return None
        store = located.store.id
        return Hit(found.status, found.headers, found.general, store, path, raw_query, asked.signed, *found[3:])

    def _variant(
        self, located: Located, recipe: Recipe, fields: dict[str, str], headers: dict[str, str]
    ) -> _Found | None:
        wanted = variant(located.item, recipe)
        if decide("HEAD", headers, wanted).status == _NOT_MODIFIED:
            return _Found(_NOT_MODIFIED, variant_headers(wanted, fields))
        rendered = self._uses.variants.preview_now(located, wanted.etag)
        if rendered is None:
            return None
        told = variant_headers(wanted, fields, rendered)
        told += [("content-type", rendered.media_type), ("content-length", str(len(rendered.data)))]
        return _Found(200, told, BYTES, rendered.data)

    def _content(self, located: Located, fields: dict[str, str], headers: dict[str, str]) -> _Found | None:
        """All of it where it is small, or one range that is not large."""
        source = ItemBytes(self._uses.content, located)
        decision = decide("GET", headers, known(source))
        told = told_of(source, fields.get("disposition", ""))
        if decision.status == _NOT_MODIFIED:
            return _Found(_NOT_MODIFIED, told, BYTES)
        spans = decision.spans or (Span(0, source.size),)
        (start, stop), size = (spans[0].start, spans[0].stop), source.size
        if is_elsewhere(located.store, fields):
            return None
        if decision.status not in (200, 206) or len(spans) > 1 or not 0 < stop - start <= MOST_BYTES:
            return None
        found = self._uses.content.now(located, start, stop)
        if found is None:
            return None
        if decision.spans:
            told.append(("content-range", f"bytes {start}-{stop - 1}/{size}"))
        told.append(("content-length", str(stop - start)))
        body, pieces = (b"", tuple(found)) if isinstance(found, list) else (found, ())
        return _Found(decision.status, told, BYTES, body, pieces)


@lru_cache(4096)
def _wanted_of(route: str, raw_query: bytes, accept: str) -> Wanted:
    """A query, read once: a page asks for hundreds of previews by one. Raises Invalid."""
    return wanted_of(route, query_of(raw_query), accept)
