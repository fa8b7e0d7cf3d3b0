"""Hits: byte routes answered from memory and from cached files at once, where nothing has to be waited for.

parse -> who may see it -> conditions -> cache. The same functions decide as on the way that waits; where one of
them refuses, or knows not enough, that way is taken, and tells why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from moorage.edge.face import Face
from moorage.edge.journal import redacted
from moorage.edge.ranges import WHOLE, Representation, Span, decide
from moorage.model.errors import MoorageError
from moorage.model.objects import Piece
from moorage.model.store import StoreId
from moorage.model.variant import Recipe
from moorage.reading.locate import Located
from moorage.web.askers import Asker
from moorage.web.headlines import GENERAL, head_of_known, head_of_preview, lines_of
from moorage.web.recipes import ROUTE, negotiates, wanted_of
from moorage.web.redirecting import is_elsewhere
from moorage.web.sending import known, told_of
from moorage.web.sources import ItemBytes
from moorage.web.viewing import Asked, query_of, viewed_now

MOST_BYTES: Final = 4 << 20
"""What is longer is sent block by block, with an eye on whether its reader is still there."""
_LONGEST: Final = 1024
"""Characters of an address that is remembered, with the Accept header that came along; no browser sends so many."""
_MOST_FIELDS: Final = 16
_MOST_TARGETS: Final = 4096
_MOST_CONTENTS: Final = 512
_NOT_MODIFIED: Final = 304
K = TypeVar("K")
V = TypeVar("V")


class Hit(NamedTuple):
    """An answer that is at hand. ``head``: its headers as lines, but for those that only this answer has."""

    status: int
    head: bytes
    store: StoreId
    path: str
    query: str
    """As the journal shows it."""
    body: bytes | memoryview = b""
    pieces: tuple[Piece, ...] = ()
    """The body in files, in place of ``body``; whoever has the hit closes them."""


class _Found(NamedTuple):
    status: int
    told: bytes | None
    of_bytes: bool = True
    body: bytes | memoryview = b""
    pieces: tuple[Piece, ...] = ()


class _Content(NamedTuple):
    """What is told of the bytes of one version of an item."""

    known: Representation
    told: bytes | None


class _Target(NamedTuple):
    """What an address asks for. ``recipe`` is None for the content itself."""

    path: str
    query: str
    asked: Asked
    recipe: Recipe | None


class Hits:
    """Answers GETs of byte routes that need no waiting."""

    def __init__(self, uses: Face) -> None:
        self._uses = uses
        self._targets: dict[tuple[bytes, str], _Target] = {}
        """Of those whom something was shown: nobody else has anything remembered."""
        self._names: dict[tuple[str, str], str] = {}
        self._contents: dict[tuple[object, ...], _Content] = {}

    def __call__(self, url: bytes, asker: Asker) -> Hit | None:
        """The answer; None for what another way has to answer."""
        accept = asker.headers.get("accept", "")
        if len(url) + len(accept) > _LONGEST or url.count(b"&") > _MOST_FIELDS:
            return None
        name = url, accept
        known = self._targets.get(name)
        try:
            target = _target(self._uses.path_prefix, url, accept) if known is None else known
            located = None if target is None else viewed_now(self._uses, target.asked, asker.name)
            if target is None or located is None:
                return None
            if known is None:
                _remember(self._targets, name, target, _MOST_TARGETS)
            return self._hit(located, target, asker)
        except MoorageError:
            return None

    def _hit(self, located: Located, target: _Target, asker: Asker) -> Hit | None:
        if located.item.unseen or located.item.gone is not None:
            return None
        if target.recipe is None:
            found = self._content(located, target.asked.query, asker)
        else:
            found = self._variant(located, target.recipe, target.asked, asker)
        if found is None or found.told is None:
            return None
        head = found.told + GENERAL[found.of_bytes, target.asked.signed]
        return Hit(found.status, head, located.store.id, target.path, target.query, found.body, found.pieces)

    def _variant(self, located: Located, recipe: Recipe, asked: Asked, asker: Asker) -> _Found | None:
        etag = self._name(recipe, asked.variant, located.item.version)
        negotiated = negotiates(asked.query)
        if asker.conditional:
            known = Representation(0, etag, located.item.modified_ms)
            if decide("HEAD", asker.headers, known).status == _NOT_MODIFIED:
                return _Found(_NOT_MODIFIED, head_of_known(etag, negotiated=negotiated), of_bytes=False)
        rendered = self._uses.variants.preview_now(located, etag)
        if rendered is None:
            return None
        length = len(rendered.data)
        told = head_of_preview(etag, rendered.pages, rendered.media_type, length, negotiated=negotiated)
        return _Found(200, told, body=rendered.data)

    def _name(self, recipe: Recipe, words: str, version: str) -> str:
        """The name of a preview; ``words`` say all of the recipe."""
        name = self._names.get((words, version))
        if name is None:
            name = recipe.name(version)
            _remember(self._names, (words, version), name, _MOST_TARGETS)
        return name

    def _content(self, located: Located, fields: Mapping[str, str], asker: Asker) -> _Found | None:
        """All of it where it is small, or one range that is not large."""
        known, told = self._content_of(located, fields.get("disposition", ""))
        decision = decide("GET", asker.headers, known) if asker.conditional else WHOLE
        if told is None:
            return None
        if decision.status == _NOT_MODIFIED:
            return _Found(_NOT_MODIFIED, told)
        spans = decision.spans or (Span(0, known.size),)
        start, stop = spans[0].start, spans[0].stop
        if is_elsewhere(located.store, fields):
            return None
        if decision.status not in (200, 206) or len(spans) > 1 or not 0 < stop - start <= MOST_BYTES:
            return None
        found = self._uses.content.now(located, start, stop)
        if found is None:
            return None
        if decision.spans:
            told += b"content-range: bytes %d-%d/%d\r\n" % (start, stop - 1, known.size)
        told += b"content-length: %d\r\n" % (stop - start)
        if isinstance(found, list):
            return _Found(decision.status, told, pieces=tuple(found))
        return _Found(decision.status, told, body=found)

    def _content_of(self, located: Located, disposition: str) -> _Content:
        """What is told of an item's bytes: a player asks for one range after the other."""
        item = located.item
        name = item.id, item.version, item.size, item.modified_ms, item.name, item.media_type, disposition
        found = self._contents.get(name)
        if found is None:
            source = ItemBytes(self._uses.content, located)
            found = _Content(known(source), lines_of(told_of(source, disposition)))
            _remember(self._contents, name, found, _MOST_CONTENTS)
        return found


def _remember(kept: dict[K, V], name: K, found: V, most: int) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[name] = found


def _target(prefix: str, url: bytes, accept: str) -> _Target | None:
    """What an address asks for; None where it is no byte route of an item. Raises Invalid."""
    path, _, query = url.partition(b"?")
    if b"#" in query:
        return None
    match = ROUTE.fullmatch(path.decode("latin-1").removeprefix(prefix))
    if match is None:
        return None
    fields, recipe, variant = wanted_of(match[2], query_of(query), accept)
    return _Target(
        match[0], redacted(query.decode("latin-1")), Asked("GET", {}, fields, int(match[1]), variant), recipe
    )
