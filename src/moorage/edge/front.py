"""The front: what every request passes first, and every answer last.

path prefix -> request id -> the application -> security headers, log line, counters; an error that nobody
caught becomes a problem document here.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from moorage.edge import problems
from moorage.edge.journal import Journal, Line, face_of, redacted, shown_path
from moorage.edge.security import PAGES
from moorage.model.errors import MoorageError, TooLarge

log: Final = structlog.get_logger("moorage.edge")
_PROCESS: Final = secrets.token_hex(4)
_NUMBERS: Final = itertools.count(secrets.randbits(24))
MAX_BODY: Final = 1 << 20
"""Bytes of a request's body; forms and JSON are small."""


def new_request() -> str:
    """A name for a request: 16 hex digits, of which the first eight are those of this process."""
    return f"{_PROCESS}{next(_NUMBERS):08x}"


class Front:
    """An ASGI application around another. ``most_bytes``: how long the body of a request may be."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        prefix: str,
        journal: Journal,
        most_bytes: Callable[[Scope], int] = lambda _: MAX_BODY,
    ) -> None:
        self._app = app
        self._journal = journal
        self._prefix = prefix
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(_without_prefix(scope, self._prefix), send, self._journal)
        with structlog.contextvars.bound_contextvars(request=answer.request):
            try:
                await self._app(answer.scope, _bounded(receive, self._most_bytes(answer.scope)), answer.send)
            except MoorageError as exc:
                await answer.fail(exc)
            except Exception:
                log.exception("A request failed for a reason of ours.", path=shown_path(answer.scope["path"]))
                await answer.fail(fault(answer.request))
            finally:
                answer.record()


class _Answer:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send, journal: Journal) -> None:
        self.scope = scope
        self.request = new_request()
        self._journal = journal
        self._send = send
        self._began = time.perf_counter()
        self._first_s = 0.0
        self._status = 0
        self._complete = False
        self._bytes = 0
        scope["moorage.request"] = self.request

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers that every answer carries."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._first_s = time.perf_counter() - self._began
            present = {name for name, _ in message.get("headers", ())}
            message["headers"] = [
                *message.get("headers", ()),
                (b"x-request-id", self.request.encode()),
                *((name.encode(), value.encode()) for name, value in PAGES if name.encode() not in present),
            ]
            await self._send(message)
            return
        self._complete = not message.get("more_body", False)
        await self._send(message)
        self._bytes += len(message.get("body", b""))

    async def fail(self, error: MoorageError) -> None:
        """Answer with a problem. When the answer has begun it stays half, and the server cuts the connection."""
        if self._complete:
            return
        if self._status:
            log.warning("An answer was cut short.", error=type(error).__name__, path=shown_path(self.scope["path"]))
            return
        await send_problem(self.send, error, head=self.scope["method"] == "HEAD")

    def record(self) -> None:
        """Have the journal note it."""
        path, query = self.scope["path"], redacted(self.scope["query_string"].decode("latin-1"))
        asked = self.scope["method"], shown_path(path), query
        self._journal.note(
            Line(time.time(), self.request, *asked, self._status, self._first_s, self._bytes, face_of(path))
        )


def fault(request: str) -> MoorageError:
    """What is told of a fault of ours."""
    return MoorageError("Something went wrong here, and not by your doing.", f"Tell an admin the request id {request}.")


async def send_problem(
    send: Send, error: MoorageError, *, head: bool = False, last: bool = False, more: bool = False
) -> None:
    """Send the problem document of an error. ``last``: no request may follow; ``more``: the caller ends the answer."""
    body = problems.body(error)
    headers = [
        ("content-type", problems.MEDIA_TYPE),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        *([("connection", "close")] if last else []),
        *problems.headers(error),
    ]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": problems.status_of(error), "headers": raw})
    await send({"type": "http.response.body", "body": b"" if head else body, "more_body": more})


def _bounded(receive: Receive, most_bytes: int) -> Receive:
    """Refuse bodies that no such request needs."""
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise TooLarge("The request's body is too large. Nothing was changed.", f"Send at most {most_bytes} bytes.")
        return message

    return bounded


def _without_prefix(scope: Scope, prefix: str) -> Scope:
    """The scope as if the application lay at the root; a proxy may have taken the prefix off already."""
    path = scope["path"]
    if not prefix or not (path == prefix or path.startswith(prefix + "/")):
        return scope
    inner = dict(scope, path=path[len(prefix) :] or "/")
    with contextlib.suppress(KeyError):
        inner["raw_path"] = scope["raw_path"][len(prefix) :] or b"/"
    return inner
