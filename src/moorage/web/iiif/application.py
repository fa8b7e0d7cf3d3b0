"""The routes below ``/iiif`` as one raw ASGI application: images by the Image API 2 and 3, manifests of Presentation 3.

Who may ask is decided as for all bytes of an item, or by a signature in the identifier.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.front import send_problem
from moorage.edge.ranges import Representation, decide
from moorage.edge.security import BYTES
from moorage.model.access import Principal
from moorage.model.catalogue import Item, Kind
from moorage.model.errors import MoorageError, NotFound, WrongMethod
from moorage.model.keys import escape
from moorage.model.region import Looks, Region
from moorage.model.variant import Rendered, wish_name
from moorage.reading.locate import Located
from moorage.reading.regions import Regions
from moorage.web import counting
from moorage.web.api.identifiers import FOLDER, IMAGE, Identifier, named, need_signature
from moorage.web.iiif import manifest
from moorage.web.iiif.foreseen import is_foreseen
from moorage.web.iiif.info import CONTEXTS, PROFILES, REVISION, info
from moorage.web.iiif.parse import canonical, parse
from moorage.web.recipes import CACHE
from moorage.web.viewing import Asked, query_of, viewed

_IMAGE: Final = re.compile(r"/iiif/([23])/([^/]*)(?:/(.*))?")
_MANIFEST: Final = re.compile(r"/iiif/presentation/3/(items|folders)/([^/]*)/manifest\.json")
_OPEN: Final = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "content-length, etag, link"),
)
_PREFLIGHT: Final = (
    *_OPEN,
    ("access-control-allow-methods", "GET, HEAD"),
    ("access-control-allow-headers", "authorization, if-none-match, accept"),
    ("access-control-max-age", "600"),
)
_SAFE: Final = tuple(one for one in BYTES if not one[0].startswith("cross-origin"))
_LD: Final = "application/ld+json"
Headers = list[tuple[str, str]]


class Iiif:
    """Serves what lies below ``/iiif`` and passes everything else on to ``inner``."""

    def __init__(self, uses: Face, inner: ASGIApp) -> None:
        self._uses = uses
        self._inner = inner
        self._regions = Regions(uses.variants)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/iiif/"):
            await self._inner(scope, receive, send)
            return
        answer = _Answer(scope, send)
        try:
            await self._answer(answer, scope["path"])
        except MoorageError as exc:
            await send_problem(answer.send, exc, head=scope["method"] == "HEAD")

    async def _answer(self, answer: _Answer, path: str) -> None:
        if answer.method == "OPTIONS":
            await answer.finish(204, list(_PREFLIGHT))
            return
        if answer.method not in ("GET", "HEAD"):
            raise WrongMethod(f"{answer.method} does not work here.", "Use GET or HEAD.", allowed="GET, HEAD, OPTIONS")
        if match := _MANIFEST.fullmatch(path):
            given = named(match[2])
            await (self._item_manifest if match[1] == "items" else self._folder_manifest)(answer, given)
        elif match := _IMAGE.fullmatch(path):
            await self._image(answer, int(match[1]), named(match[2]), match[3] or "")
        else:
            raise NotFound("There is nothing at this address.", "docs/how-to/iiif.md tells what there is.")

    async def _image(self, answer: _Answer, version: int, given: Identifier, rest: str) -> None:
        address = f"{self._uses.public_url}/iiif/{version}/{given}"
        if not rest:
            await answer.finish(303, [("location", f"{address}/info.json"), ("cache-control", CACHE)])
            return
        parts = rest.split("/")
        if rest != "info.json" and len(parts) != 4:  # noqa: PLR2004 - region, size, rotation, quality.format
            raise NotFound(
                f"Images have no {rest[:60]!r}.", "Ask for info.json, or for region/size/rotation/quality.format."
            )
        asked = None if rest == "info.json" else parse(version, *parts)
        located = await self._located(answer, given)
        if located.item.kind is not Kind.IMAGE:
            what = "a video" if located.item.kind is Kind.VIDEO else "no image"
            raise NotFound(f"{escape(located.item.name)!r} is {what}.", "Only images are served here.")
        if asked is None:
            known = Representation(0, wish_name(located.item.version, address, REVISION), located.item.modified_ms)
            if not await answer.unchanged(known, [("vary", "Accept")]):
                looks = await self._regions.looks(located)
                sent = await _send_document(answer, info(version, address, looks), version, CONTEXTS[version], known)
                self._uses.costs.tally.served(located.store.id, sent)
            return
        looks = await self._regions.looks(located)
        region = asked.resolve(looks.width, looks.height)

        def told(of: Located, looks: Looks, region: Region) -> tuple[Representation, Headers]:
            links = _links(version, f"{address}/{canonical(version, region, looks.width, looks.height)}")
            return Representation(0, region.name(of.item.version), of.item.modified_ms), links

        if await answer.unchanged(*told(located, looks, region)):
            return

        async def cut(of: Located) -> tuple[Looks, Region, Rendered]:
            looks = await self._regions.looks(of)
            region = asked.resolve(looks.width, looks.height)
            made = await self._regions.cut(of, looks, region, kept=is_foreseen(looks, region))
            return looks, region, made

        located, (looks, region, made) = await self._uses.variants.settled(located, cut)
        known, links = told(located, looks, region)
        sent = await answer.finish(200, [*_known(known), *links, ("content-type", made.media_type)], made.data)
        self._uses.costs.tally.served(located.store.id, sent)

    async def _located(self, answer: _Answer, given: Identifier) -> Located:
        answer.shared = given.signed
        asked = Asked(answer.method, answer.headers, given.query, given.id, IMAGE)
        return await self._uses.content.seen(await viewed(self._uses, asked))

    async def _item_manifest(self, answer: _Answer, given: Identifier) -> None:
        located = await self._located(answer, given)
        shown = await manifest.of_item(self._uses, located.item, given, self._measure)
        sent = await _send_document(answer, shown, 3, manifest.CONTEXT, None)
        self._uses.costs.tally.served(located.store.id, sent)

    async def _folder_manifest(self, answer: _Answer, given: Identifier) -> None:
        principal: Principal | None = None
        if given.signed:
            need_signature(self._uses, given, FOLDER)
            answer.shared = True
        else:
            principal = await self._uses.admission.principal(answer.method, answer.headers)
        at = answer.query.get("at")
        shown, stores = await manifest.of_folder(self._uses, principal, given, at, self._measure)
        sent = await _send_document(answer, shown, 3, manifest.CONTEXT, None)
        counting.served(self._uses.costs.tally, stores, sent)

    async def _measure(self, item: Item) -> tuple[int, int]:
        located = await self._uses.content.seen(await self._uses.locator.locate(item.id))
        looks = await self._regions.looks(located)
        return looks.width, looks.height


class _Answer:
    """One answer: any page may read it, as far as who asks may."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.method: str = scope["method"]
        self.headers = headers_of(scope)
        self.query = query_of(scope["query_string"])
        self.shared = False
        """Whether other pages may show it: they may where the address itself admits."""
        self._send = send

    async def send(self, message: Any) -> None:
        """Send a message with the headers that every answer here carries."""
        if message["type"] == "http.response.start":
            site = "cross-origin" if self.shared or "authorization" in self.headers else "same-origin"
            present = {name for name, _ in message["headers"]}
            more = [*_OPEN, ("cross-origin-resource-policy", site)]
            added = [(name.encode(), value.encode()) for name, value in more if name.encode() not in present]
            message["headers"] = [*message["headers"], *added]
        await self._send(message)

    async def unchanged(self, known: Representation, headers: Headers) -> bool:
        """Whether the asker has it already; then that is what was answered."""
        if decide("HEAD", self.headers, known).status != 304:  # noqa: PLR2004 - RFC 9110
            return False
        await self.finish(304, [*_known(known), *headers])
        return True

    async def finish(self, status: int, headers: Headers, body: bytes = b"") -> int:
        """Send all of it; how many bytes of a body that were."""
        length = [] if status == 304 else [("content-length", str(len(body)))]  # noqa: PLR2004 - RFC 9110
        raw = [(name.encode(), value.encode("latin-1")) for name, value in [*headers, *_SAFE, *length]]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        body = b"" if self.method == "HEAD" else body
        await self.send({"type": "http.response.body", "body": body})
        return len(body)


def _known(known: Representation) -> Headers:
    return [("etag", f'"{known.etag}"'), ("cache-control", CACHE)]


def _links(version: int, address: str) -> Headers:
    return [("link", f'<{address}>;rel="canonical", <{PROFILES[version]}>;rel="profile"')]


async def _send_document(
    answer: _Answer, shown: dict[str, Any], version: int, context: str, known: Representation | None
) -> int:
    kept = [("cache-control", CACHE)] if known is None else _known(known)
    kind = _media_type(version, answer.headers.get("accept", ""), context)
    body = json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")
    profile = [("link", f'<{PROFILES[version]}>;rel="profile"')] if known is not None else []
    return await answer.finish(200, [*kept, *profile, ("vary", "Accept"), ("content-type", kind)], body)


def _media_type(version: int, accept: str, context: str) -> str:
    """JSON-LD for who asks for it, and in version 3 for who does not ask for JSON.

    Source: IIIF Image API 2.1.1, section 5; 3.0, section 5.1.
    """
    wants_ld, wants_json = _LD in accept, "application/json" in accept or "text/html" in accept
    if wants_ld or (version == 3 and not wants_json):  # noqa: PLR2004 - the version
        return f'{_LD};profile="{context}"'
    return "application/json"
