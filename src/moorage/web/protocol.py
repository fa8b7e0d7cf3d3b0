"""uvicorn's HTTP protocol, which answers hits in place of starting an application for them.

A task, two awaits and a dozen checked headers cost more than a cached preview itself.
"""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache
from typing import Any, Final

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from moorage.edge.face import Face
from moorage.edge.front import new_request
from moorage.edge.journal import Line
from moorage.edge.security import PAGES, SHARED
from moorage.reading.originals import close_pieces
from moorage.web.hits import Hit, Hits
from moorage.web.pieces import PieceSender, in_memory

AT_ONCE: Final = Counter("moorage_requests_at_once", "Requests for bytes answered without waiting for anything.")


class _Exchange:
    """What uvicorn looks at of an exchange, in place of its own."""

    def __init__(self, *, complete: bool) -> None:
        self.response_complete = complete
        self.disconnected = False
        self.keep_alive = True
        self.more_body = False
        self.message_event = asyncio.Event()


class QuickProtocol(HttpToolsProtocol):
    """Answers hits at once, and has uvicorn do the rest."""

    def __init__(self, uses: Face, hits: Hits, **uvicorn: Any) -> None:
        super().__init__(**uvicorn)
        self._uses = uses
        self._hits = hits
        self._over = _Exchange(complete=True)
        self._sender: PieceSender | None = None

    def on_headers_complete(self) -> None:
        """Answer, or begin what uvicorn begins."""
        began = time.perf_counter()
        hit = self._hits(self.url, self.headers) if self._is_free() else None
        if hit is None or not self._answer(hit, began):
            super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what is being sent."""
        if self._sender is not None:
            self._sender.stop()
        super().connection_lost(exc)

    def _is_free(self) -> bool:
        """Whether nothing stands before this request, and nothing after its headers."""
        return (
            self.parser.get_method() == b"GET"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and self.parser.get_http_version() == "1.1"
        )

    def _answer(self, hit: Hit, began: float) -> bool:
        """Send it. False where it has to be sent in another way; nothing was sent then."""
        request = new_request()
        head = self._head(hit, request)
        if head is None or (hit.pieces and not (self._is_silent() and in_memory(hit.pieces))):
            close_pieces(hit.pieces)
            return False
        first_s = time.perf_counter() - began

        def done(sent: int) -> None:
            AT_ONCE.inc()
            tally = self._uses.costs.tally
            tally.served(hit.store, sent)
            if hit.pieces:
                tally.handed(hit.store, sent)
                tally.hit(hit.store)
            line = Line(time.time(), request, "GET", hit.path, hit.query, hit.status, first_s, sent, "bytes")
            self._uses.journal.note(line)

        if hit.pieces:
            return self._send_pieces(hit, head, done)
        self.cycle = self._over  # type: ignore[assignment]  # uvicorn reads what is there
        self.transport.writelines((head, hit.body))
        done(len(hit.body))
        self.on_response_complete()
        return True

    def _is_silent(self) -> bool:
        """Whether the socket may be written to past its transport."""
        return self.scheme == "http" and self.transport.get_write_buffer_size() == 0

    def _send_pieces(self, hit: Hit, head: bytes, note: Any) -> bool:
        exchange = _Exchange(complete=False)

        def done(sent: int, whole: bool) -> None:  # noqa: FBT001 - a callback
            self._sender = None
            note(sent)
            exchange.response_complete = True
            if not whole:
                self.transport.abort()
                return
            if not exchange.keep_alive:
                self.transport.close()
            self.on_response_complete()

        try:
            sender = PieceSender(self.transport.get_extra_info("socket").fileno(), head, hit.pieces, done)
        except OSError:  # too many open files: the other way needs fewer
            return False
        self.cycle = exchange  # type: ignore[assignment]  # likewise
        self._sender = sender
        sender.start()
        return True

    def _head(self, hit: Hit, request: str) -> bytes | None:
        """Status and headers; None where a value is none for a header."""
        told = "".join([f"{name}: {value}\r\n" for name, value in hit.headers]).encode("latin-1", "replace")
        if told.count(b"\n") != len(hit.headers) or told.count(b"\r") != len(hit.headers) or b"\0" in told:
            return None
        general = _general(hit.general, shared=hit.shared)
        dated = b"".join([b"%s: %s\r\n" % one for one in self.server_state.default_headers])
        return b"%s%s%s%sx-request-id: %s\r\n\r\n" % (STATUS_LINE[hit.status], dated, told, general, request.encode())


@lru_cache(64)
def _general(headers: tuple[tuple[str, str], ...], *, shared: bool) -> bytes:
    """Headers of a kind of answers, with those that every answer has."""
    told = dict(PAGES) | dict(headers) | (dict(SHARED) if shared else {})
    return "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()
