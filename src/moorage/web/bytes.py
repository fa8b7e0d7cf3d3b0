"""The byte routes: content, preview and poster of an item, and objects of a store, as one raw ASGI application.

No middleware and no framework stand before them: admit -> locate -> conditions -> cache or store -> send.
"""

from __future__ import annotations

import re
import time
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.ranges import decide
from moorage.edge.security import PREFLIGHT
from moorage.model.errors import Invalid, NotFound, SignInNeeded, WrongMethod
from moorage.model.keys import ESCAPED, Key, escape, unescape
from moorage.model.variant import Recipe
from moorage.reading.content import readable
from moorage.reading.locate import Located
from moorage.web.api.signing import SIGNATURE, loan_holds
from moorage.web.api.stores import visible
from moorage.web.authorized import authorize
from moorage.web.recipes import CACHE, ROUTE, variant, variant_headers, wanted_of
from moorage.web.redirecting import address_of, is_elsewhere
from moorage.web.sending import Answer, known, send_content, send_empty, send_small
from moorage.web.sources import ItemBytes, ObjectBytes
from moorage.web.viewing import Asked, query_of, viewed

AUTHORIZED: Final = re.compile("/api/v1/authorized")
OBJECT: Final = re.compile(r"/api/v1/stores/([^/]+)/content")


class ByteRoutes:
    """Serves the byte routes and passes everything else on to ``inner``."""

    def __init__(self, uses: Face, inner: ASGIApp) -> None:
        self._uses = uses
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        match = ROUTE.fullmatch(path) or OBJECT.fullmatch(path) or AUTHORIZED.fullmatch(path)
        if match is None:
            await self._inner(scope, receive, send)
            return
        query = query_of(scope["query_string"])
        answer = Answer(scope["method"], headers_of(scope), query.get("disposition", ""), receive, send)
        if scope["method"] == "OPTIONS" and SIGNATURE in query:
            await send_empty(answer, 204, list(PREFLIGHT))
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise WrongMethod(f"{scope['method']} does not work here.", "Use GET or HEAD.", allowed="GET, HEAD")
        if match.re is AUTHORIZED:
            await authorize(self._uses, answer)
            return
        if match.re is OBJECT:
            found = await self._object(answer, match[1], query)
            answer.store, answer.meter = found.store.id, self._uses.costs.tally
            await send_content(answer, found)
            return
        item, route = int(match[1]), match[2]
        _, recipe, bound = wanted_of(route, query, answer.headers.get("accept", ""))
        asked = Asked(scope["method"], answer.headers, query, item, bound)
        answer.shared = asked.signed
        located = await viewed(self._uses, asked)
        located = await self._uses.content.seen(located)
        answer.store, answer.meter = located.store.id, self._uses.costs.tally
        if recipe is None:
            await self._content(located, answer, query)
        else:
            await self._variant(located, recipe, answer, query)

    async def _content(self, located: Located, answer: Answer, query: dict[str, str]) -> None:
        """The bytes; or where the store has them, where it is served so and the asker has not got them already."""
        source = ItemBytes(self._uses.content, located)
        if answer.method == "GET" and is_elsewhere(located.store, query):
            readable(located.item)
            asked_anew = decide("GET", answer.headers, known(source)).status in (200, 206)
            there = await address_of(self._uses, located, query) if asked_anew else None
            if there is not None:
                await send_empty(answer, 307, [("location", there), ("cache-control", CACHE)], length=0)
                return
        await send_content(answer, source)

    async def _object(self, answer: Answer, name: str, query: dict[str, str]) -> ObjectBytes:
        """An object of a store that the asker may use; never one outside of the prefix that is registered."""
        text = query.get("key", "")
        key = unescape(text) if query.get("key_encoding") == ESCAPED else Key(text)
        if SIGNATURE in query:
            answer.shared = True
            store = await self._uses.facts.read(lambda tx: tx.stores.named(name))
            if not loan_holds(self._uses, store, key, query, time.time()):
                raise SignInNeeded("This signed address has expired, or is not one of ours.", "Ask for a new one.")
        else:
            principal = await self._uses.admission.principal(answer.method, answer.headers)
            store, _ = await visible(self._uses, principal, name)
        if not key:
            raise Invalid("No key was named.", "Add ?key=KEY, percent-encoded.", field="key")
        if not key.startswith(store.prefix):
            raise NotFound(
                f"The store {name} holds only what lies below {escape(store.prefix)!r}.",
                "Ask for a key that begins with it.",
            )
        return await ObjectBytes.of(self._uses.content, store, key)

    async def _variant(self, located: Located, recipe: Recipe, answer: Answer, query: dict[str, str]) -> None:
        known = variant(located.item, recipe)
        if decide("HEAD", answer.headers, known).status == 304:  # noqa: PLR2004 - RFC 9110
            await send_empty(answer, 304, variant_headers(known, query))
            return
        variants = self._uses.variants
        located, rendered = await variants.settled(located, lambda of: variants.preview(of, recipe))
        headers = variant_headers(variant(located.item, recipe), query, rendered)
        await send_small(answer, rendered.data, rendered.media_type, headers)
