"""Hits: byte routes answered from memory and from cached files at once, where nothing has to be waited for.

parse -> who may see it -> conditions -> cache. The same functions decide as on the way that waits; where one of
them refuses, or knows not enough, that way is taken, and tells why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from moorage.edge.face import Face
from moorage.edge.journal import redacted
from moorage.edge.ranges import WHOLE, Representation, decide
from moorage.model.access import Principal
from moorage.model.catalogue import ItemId
from moorage.model.errors import MoorageError
from moorage.model.objects import Piece
from moorage.model.store import StoreId
from moorage.model.variant import Recipe
from moorage.reading.locate import Located
from moorage.web.askers import Asker
from moorage.web.headlines import GENERAL, lines_of
from moorage.web.recipes import ROUTE, variant, variant_headers, wanted_of
from moorage.web.redirecting import is_elsewhere
from moorage.web.sending import known, told_of
from moorage.web.sources import ItemBytes
from moorage.web.viewing import Asked, asker_now, need_view, query_of

MOST_BYTES: Final = 4 << 20
"""What is longer is sent block by block, with an eye on whether its reader is still there."""
_LONGEST: Final = 1024
"""Characters of an address that is remembered, with the Accept header that came along; no browser sends so many."""
_MOST_FIELDS: Final = 16
_MOST_TARGETS: Final = 4096
_NOT_MODIFIED: Final = 304
_EARLIER: Final = frozenset({"if-match", "if-unmodified-since"})
"""Conditions that are decided before ``If-None-Match``."""
_NO_TAG: Final = "\n"
"""Of what has no tag: no header's value."""


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


class _Shown(NamedTuple):
    """An item that somebody may see, and what is told of it at an address for as long as its place is this one."""

    located: Located
    principal: Principal | None
    known: Representation
    told: bytes
    """Lines of headers: of the content, or of a preview that the asker has already."""
    same: Hit
    """The answer to whoever has it already."""
    tag: str
    """What they send of it."""


@dataclass(slots=True)
class _Target:
    """What an address asks for. ``recipe`` is None for the content itself."""

    path: str
    query: str
    """As the journal shows it."""
    asked: Asked
    recipe: Recipe | None
    shown: _Shown | None = None
    """To whom it was shown last. Neither a place nor a principal changes: what changed is another one."""


class Hits:
    """Answers GETs of byte routes that need no waiting."""

    def __init__(self, uses: Face) -> None:
        self._uses = uses
        self._targets: dict[tuple[bytes, str], _Target] = {}
        """Of those whom something was shown: nobody else has anything remembered."""

    def __call__(self, url: bytes, asker: Asker) -> Hit | None:
        """The answer; None for what another way has to answer."""
        headers = asker.headers
        accept = headers.get("accept", "")
        if len(url) + len(accept) > _LONGEST or url.count(b"&") > _MOST_FIELDS:
            return None
        name = url, accept
        known = self._targets.get(name)
        try:
            target = _target(self._uses.path_prefix, url, accept) if known is None else known
            if target is None:
                return None
            shown = self._shown(target, asker.name)
            if shown is None:
                return None
            if known is None:
                self._remember(name, target)
            if asker.conditional and headers.get("if-none-match") == shown.tag and _EARLIER.isdisjoint(headers):
                return shown.same
            return (self._content if target.recipe is None else self._variant)(target, shown, asker)
        except MoorageError:
            return None

    def _remember(self, name: tuple[bytes, str], target: _Target) -> None:
        if len(self._targets) >= _MOST_TARGETS:
            self._targets.clear()
        self._targets[name] = target

    def _shown(self, target: _Target, asker: bytes) -> _Shown | None:
        """The item for whoever asks; None where it must be looked up. Raises as ``viewing.viewed`` does."""
        principal = asker_now(self._uses, target.asked, asker)
        located = self._uses.locator.known(ItemId(target.asked.item))
        if located is None or located.item.unseen or located.item.gone is not None:
            return None
        shown = target.shown
        if shown is None or shown.located is not located:
            need_view(located, principal)
            target.shown = shown = self._told(target, located, principal)
        elif shown.principal is not principal:
            need_view(located, principal)
            target.shown = shown = shown._replace(principal=principal)
        return shown

    def _told(self, target: _Target, located: Located, principal: Principal | None) -> _Shown | None:
        """What is told of it, but for what only one answer has."""
        signed = target.asked.signed
        if target.recipe is None:
            source = ItemBytes(self._uses.content, located)
            of_it = known(source)
            told = lines_of(told_of(source, target.asked.query.get("disposition", "")))
        else:
            of_it = variant(located.item, target.recipe)
            told = lines_of(variant_headers(of_it, target.asked.query))
        if told is None:
            return None
        head = told + GENERAL[target.recipe is None, signed]
        same = Hit(_NOT_MODIFIED, head, located.store.id, target.path, target.query)
        return _Shown(located, principal, of_it, told, same, f'"{of_it.etag}"' if of_it.etag else _NO_TAG)

    def _variant(self, target: _Target, shown: _Shown, asker: Asker) -> Hit | None:
        if asker.conditional and decide("HEAD", asker.headers, shown.known).status == _NOT_MODIFIED:
            return shown.same
        rendered = self._uses.variants.preview_now(shown.located, shown.known.etag)
        if rendered is None:
            return None
        told = shown.told if rendered.pages is None else shown.told + b"moorage-pages: %d\r\n" % rendered.pages
        told += b"content-type: %s\r\n" % rendered.media_type.encode()
        return _hit(200, told, target, shown, body=rendered.data)

    def _content(self, target: _Target, shown: _Shown, asker: Asker) -> Hit | None:
        """All of it where it is small, or one range that is not large."""
        size = shown.known.size
        decision = decide("GET", asker.headers, shown.known) if asker.conditional else WHOLE
        if decision.status == _NOT_MODIFIED:
            return shown.same
        start, stop = decision.spans[0] if decision.spans else (0, size)
        if is_elsewhere(shown.located.store, target.asked.query):
            return None
        if decision.status not in (200, 206) or len(decision.spans) > 1 or not 0 < stop - start <= MOST_BYTES:
            return None
        found = self._uses.content.now(shown.located, start, stop)
        if found is None:
            return None
        told = shown.told
        if decision.spans:
            told += b"content-range: bytes %d-%d/%d\r\n" % (start, stop - 1, size)
        if isinstance(found, list):
            return _hit(decision.status, told, target, shown, pieces=tuple(found), length=stop - start)
        return _hit(decision.status, told, target, shown, body=found)


def _hit(
    status: int,
    told: bytes,
    target: _Target,
    shown: _Shown,
    body: bytes | memoryview = b"",
    pieces: tuple[Piece, ...] = (),
    length: int = 0,
) -> Hit:
    """With bytes."""
    head = b"%scontent-length: %d\r\n%s" % (told, length or len(body), GENERAL[True, target.asked.signed])
    return Hit(status, head, shown.located.store.id, target.path, target.query, body, pieces)


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
