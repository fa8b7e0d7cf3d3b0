"""HEAD on the JSON API: as GET, without the body (RFC 9110, section 9.3.2)."""

from __future__ import annotations

import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _HeadersSent(Exception):
    """Nothing more of the answer is wanted: a stream may never end."""


class Heads:
    """Runs the route of GET until the body would begin."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not scope["path"].startswith("/api/"):
            await self._inner(scope, receive, send)
            return

        async def headers_only(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b""})
            raise _HeadersSent

        with contextlib.suppress(_HeadersSent):
            await self._inner(dict(scope, method="GET"), receive, headers_only)
