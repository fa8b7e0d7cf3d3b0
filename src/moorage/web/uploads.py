"""The route that takes files: one request a file, straight into a store, as a raw ASGI application.

admit -> decide -> read the body block by block as the store takes it -> answer. Whoever is refused early is still
sending: the answer goes out first, and some of what comes after it is read and dropped, for a connection that is
cut on unread bytes loses the answer too.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from moorage.edge.admission import headers_of
from moorage.edge.face import Face
from moorage.edge.front import MAX_BODY, send_problem
from moorage.model.catalogue import FolderId
from moorage.model.errors import BodyBroken, Invalid, MoorageError, TooLarge, WrongMethod
from moorage.model.keys import ESCAPED, Key, unescape
from moorage.uploading import IfExists, Wish
from moorage.web.api.asking import answer
from moorage.web.api.projects import rendered

ROUTE: Final = re.compile(r"/api/v1/folders/(\d{1,16})/items")
MOST_BYTES: Final = 5 << 30
SILENCE_S: Final = 300.0
"""A sender that sends nothing for so long is gone."""
DROPPED_BYTES: Final = 64 << 20
DROPPED_S: Final = 10.0
"""After an early answer so much is read, and for so long, before the connection is cut."""


def most_bytes(scope: Scope) -> int:
    """How long the body of a request may be."""
    return MOST_BYTES if scope["method"] == "PUT" and ROUTE.fullmatch(scope["path"]) else MAX_BODY


class UploadRoute:
    """Takes files and passes everything else on to ``inner``."""

    def __init__(self, uses: Face, inner: ASGIApp) -> None:
        self._uses = uses
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = ROUTE.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if match is None:
            await self._inner(scope, receive, send)
            return
        body = Body(receive, headers_of(scope))
        try:
            response = await self._take(scope, body, FolderId(int(match[1])))
        except MoorageError as error:
            await body.refuse(send, error)
        else:
            await response(scope, receive, send)

    async def _take(self, scope: Scope, body: Body, folder: FolderId) -> Response:
        uses, method = self._uses, scope["method"]
        if method != "PUT":
            raise WrongMethod(f"{method} does not work here.", "Use PUT with the file as body.", allowed="PUT")
        principal = await uses.admission.principal(method, body.headers)
        if body.length is not None and body.length > MOST_BYTES:
            raise TooLarge(
                f"The file has {body.length:,} bytes. Nothing was stored.",
                f"One request takes at most 5 GiB ({MOST_BYTES:,} bytes).",
            )
        name, if_exists = _asked(scope["query_string"])
        media_type = body.headers.get("content-type", "")
        wish = Wish(principal, folder, name, body.blocks(), if_exists, body.length, media_type)
        uploaded = await uses.uploads.upload(wish)
        uses.locator.forget(uploaded.item.id)
        return answer((await rendered(uses, [uploaded.item]))[0], 200 if uploaded.replaced else 201)


class Body:
    """The body of one request, as it comes. ``length`` None: the sender does not say."""

    def __init__(self, receive: Receive, headers: dict[str, str]) -> None:
        said = headers.get("content-length", "")
        self.headers = headers
        self.length = int(said) if said.isascii() and said.isdigit() else None
        if not said and "transfer-encoding" not in headers:
            self.length = 0
        self._receive = receive
        self._received = 0
        self._ended = False

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes until the end. BodyBroken when the sender leaves or falls silent before it."""
        while not self._ended:
            try:
                async with asyncio.timeout(SILENCE_S):
                    block = await self._next()
            except TimeoutError as exc:
                raise BodyBroken(
                    f"Nothing came for {SILENCE_S:.0f} s before the end of the file. Nothing was stored.",
                    "Send it again.",
                ) from exc
            if block:
                yield block

    async def refuse(self, send: Send, error: MoorageError) -> None:
        """Answer with a problem, then read and drop what is on its way, up to a limit."""
        if self._ended:
            await send_problem(send, error)
            return
        rest = None if self.length is None else self.length - self._received
        waits = "100-continue" in self.headers.get("expect", "").lower() and not self._received
        await send_problem(send, error, last=waits or rest is None or rest > DROPPED_BYTES, more=True)
        if not waits:
            with contextlib.suppress(MoorageError, TimeoutError):
                async with asyncio.timeout(DROPPED_S):
                    await self._drop()
        await send({"type": "http.response.body", "body": b""})

    async def _drop(self) -> None:
        upto = self._received + DROPPED_BYTES
        while not self._ended and self._received < upto:
            await self._next()

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._ended = True
            raise BodyBroken("The sender left before the end of the file. Nothing was stored.", "Send it again.")
        block: bytes = message.get("body", b"")
        self._received += len(block)
        self._ended = not message.get("more_body", False)
        return block


def _asked(query_string: bytes) -> tuple[Key, IfExists]:
    """Name and wish of the query. Any bytes may stand in the name, percent-encoded or escaped."""
    text = query_string.decode("utf-8", "surrogateescape")
    query = {
        name: values[-1] for name, values in parse_qs(text, keep_blank_values=True, errors="surrogateescape").items()
    }
    if "name" not in query:
        raise Invalid("The file has no name. Nothing was stored.", "Add ?name=NAME, percent-encoded.", field="name")
    try:
        if_exists = IfExists(query.get("if_exists", IfExists.REFUSE))
    except ValueError as exc:
        raise Invalid(
            f"{query['if_exists'][:20]!r} is no answer to a name that is taken. Nothing was stored.",
            "Use refuse, replace or both.",
            field="if_exists",
        ) from exc
    name = query["name"]
    return unescape(name) if query.get("key_encoding") == ESCAPED else Key(name), if_exists
