"""uvicorn's HTTP protocol, which answers hits in place of starting an application for them.

A task, two awaits and a dozen checked headers cost more than a cached preview itself; so does reading the same
headers again with each picture of a page.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from moorage.edge.face import Face
from moorage.edge.front import new_request
from moorage.edge.journal import Line
from moorage.reading.originals import close_pieces
from moorage.web.askers import Asker, Askers
from moorage.web.hits import Hit, Hits
from moorage.web.pieces import PATIENCE_S, PieceSender, in_memory

_NO_LINE: Final = -1


class _Exchange:
    """What uvicorn looks at of an exchange, in place of its own."""

    def __init__(self) -> None:
        self.response_complete = False
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
        self._over = _Exchange()
        self._over.response_complete = True
        self._sender: PieceSender | None = None
        self._side: socket.socket | None = None
        self._askers = Askers()
        self._between = True
        """Whether the parser has read all of the last request, and nothing of the next."""
        self._data: bytes | None = None
        """What is being parsed, where it begins with a request."""
        self._answered_s = 0.0
        self._dated: bytes = b""
        self._dated_by: list[tuple[bytes, bytes]] | None = None
        """uvicorn's headers of each answer, a new list every second, and above as lines."""
        self._line = _NO_LINE
        """The descriptor of a socket that may be written to past its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Learn whether the socket is a plain one."""
        super().connection_made(transport)
        if self.scheme == "http":
            self._line = transport.get_extra_info("socket").fileno()

    def data_received(self, data: bytes) -> None:
        """Answer where the headers are known, and have the rest parsed."""
        began = time.perf_counter()
        self._data = None
        if self._between:
            self._data = data
            known = self._askers.known(data) if self._is_quiet() else None
            hit = None if known is None else self._hits(*known)
            if hit is not None and self._answer(hit, began):
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that a request was begun."""
        self._between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it was read."""
        self._between = True
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Answer, or begin what uvicorn begins."""
        began = time.perf_counter()
        asker = Asker.of(self.headers, self._uses.admission.name_of) if self._is_free() else None
        hit = None if asker is None else self._hits(self.url, asker)
        if asker is None or hit is None or not self._answer(hit, began):
            self._unset_keepalive_if_required()  # of a hit before it in the same data
            super().on_headers_complete()
        elif self._data is not None:
            self._askers.keep(self._data, asker)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what is being sent."""
        if self._sender is not None:
            self._sender.stop()
        if self._side is not None:
            self._side.close()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request; where an answer is under way, it ends there: nothing may stand within its body."""
        if self.cycle is None or self.cycle.response_complete:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless something was answered meanwhile: one timer does for many answers."""
        left_s = self._answered_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left_s, self.timeout_keep_alive_handler)
            return
        if self.transport.get_write_buffer_size():  # for a reader who takes nothing
            self.loop.call_later(PATIENCE_S, self.transport.abort)
        super().timeout_keep_alive_handler()

    def _is_quiet(self) -> bool:
        """Whether no answer stands before the next one."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.flow.write_paused and not self.transport.is_closing()

    def _is_free(self) -> bool:
        """Whether nothing stands before this request, and nothing after its headers."""
        return (
            self.parser.get_method() == b"GET"
            and self._is_quiet()
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and self.parser.get_http_version() == "1.1"
        )

    def _answer(self, hit: Hit, began: float) -> bool:
        """Send it. False where it has to be sent in another way; nothing was sent then."""
        request = new_request()
        if self.server_state.default_headers is not self._dated_by:
            self._dated_by = self.server_state.default_headers
            self._dated = b"".join([b"%s: %s\r\n" % one for one in self._dated_by])
        head = b"%s%s%sx-request-id: %s\r\n\r\n" % (STATUS_LINE[hit.status], self._dated, hit.head, request.encode())
        first_s = time.perf_counter() - began
        if hit.pieces:
            return self._send_pieces(hit, head, request, first_s)
        self._write(head, hit.body)
        self._note(hit, request, first_s, len(hit.body))
        self._answered()
        return True

    def _answered(self) -> None:
        """Wait for the next request; what uvicorn does besides is for requests that wait already."""
        self.cycle = self._over  # type: ignore[assignment]  # uvicorn reads what is there
        self.server_state.total_requests += 1
        self._answered_s = self.loop.time()
        if self.timeout_keep_alive_task is None and not self.transport.is_closing():
            later = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
            self.timeout_keep_alive_task = later

    def _write(self, head: bytes, body: bytes | memoryview) -> None:
        """Send head and body at once where the socket takes them; the transport keeps what it does not take."""
        sent = 0
        if self._line != _NO_LINE and not self.transport.get_write_buffer_size():
            try:
                sent = os.writev(self._line, (head, body))
            except OSError:  # it takes nothing, or the reader left, which the transport tells
                sent = 0
        if sent < len(head) + len(body):
            self.transport.write(head[sent:] + bytes(body[max(sent - len(head), 0) :]))

    def _note(self, hit: Hit, request: str, first_s: float, sent: int) -> None:
        if sent:
            self._uses.costs.tally.served(hit.store, sent)
        line = Line(time.time(), request, "GET", hit.path, hit.query, hit.status, first_s, sent, "bytes", True)
        self._uses.journal.note(line)

    def _send_pieces(self, hit: Hit, head: bytes, request: str, first_s: float) -> bool:
        if self._line == _NO_LINE or self.transport.get_write_buffer_size() or not in_memory(hit.pieces):
            close_pieces(hit.pieces)
            return False
        try:
            sender = PieceSender(self._side_line(), head, hit.pieces)
        except OSError:  # too many open files: the other way needs fewer
            close_pieces(hit.pieces)
            return False
        try:
            whole = sender.send()
        except OSError:
            self._note_pieces(hit, request, first_s, sender.sent)
            self._answered()
            self.transport.abort()
            return True
        if whole:
            self._note_pieces(hit, request, first_s, sender.sent)
            self._answered()
            return True
        exchange = _Exchange()

        def done(sent: int, whole: bool) -> None:  # noqa: FBT001 - a callback
            self._sender = None
            self._note_pieces(hit, request, first_s, sent)
            exchange.response_complete = True
            if not whole:
                self.transport.abort()
                return
            if not exchange.keep_alive:
                self.transport.close()
            self.on_response_complete()

        self._unset_keepalive_if_required()
        self.cycle = exchange  # type: ignore[assignment]  # likewise
        self._sender = sender
        sender.go_on(done)
        return True

    def _note_pieces(self, hit: Hit, request: str, first_s: float, sent: int) -> None:
        tally = self._uses.costs.tally
        tally.handed(hit.store, sent)
        tally.hit(hit.store)
        self._note(hit, request, first_s, sent)

    def _side_line(self) -> socket.socket:
        """The same connection under a descriptor of our own, which the loop lets us wait for. Raises OSError."""
        if self._side is None:
            line = os.dup(self._line)
            try:
                self._side = socket.socket(fileno=line)
            except OSError:
                os.close(line)
                raise
        return self._side
