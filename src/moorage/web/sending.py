"""Sending bytes: whole, one range or several, with backpressure, until the reader leaves.

A reader that pauses, such as a player, keeps no connection of the store: the object is opened again at the
place that was reached once the reader goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import uuid
from dataclasses import dataclass
from typing import Any, Final

from moorage.edge.names import disposition as written_disposition
from moorage.edge.ranges import Decision, Representation, Span, decide
from moorage.edge.security import BYTES, INLINE_TYPES, SHARED
from moorage.edge.times import http_date
from moorage.model.costs import UNMETERED, Meter
from moorage.model.errors import Changed, RangeUnsatisfiable, TryAgain
from moorage.model.keys import escape
from moorage.model.media import UNKNOWN
from moorage.model.objects import ByteRange, FileBody, ObjectBody
from moorage.model.store import StoreId
from moorage.web.sources import Source

Headers = list[tuple[str, str]]
PAUSE_S: Final = 10.0
"""A reader that takes nothing for so long pauses."""
LONGEST_PAUSE_S: Final = 600.0
"""Then its connection is cut; players and downloads go on by a range."""
_LOOKS: Final = 3
"""How often a read begins anew because the object changed between look and read."""
_NO_TAG: Final = re.compile(r"[^\x21\x23-\x7e]")
"""What no entity tag holds. Source: RFC 9110, section 8.8.3."""


@dataclass
class Answer:
    """One answer under way."""

    method: str
    headers: dict[str, str]
    disposition: str
    receive: Any
    send: Any
    shared: bool = False
    """Asked for by a signed URL, from whatever page."""
    begun: bool = False
    store: StoreId = StoreId(0)
    """Where the bytes come from, or those that they were made of."""
    meter: Meter = UNMETERED
    """Is told of the bytes that were sent."""

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.begun = True
        if self.shared:
            headers = [*(dict(headers) | dict(SHARED)).items()]
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def send_spans(self, source: Source, decision: Decision, headers: Headers) -> None:
        """Send all of the object, one span, or several as ``multipart/byteranges``."""
        if len(decision.spans) > 1:
            await self._send_parts(source, decision.spans, headers)
            return
        span = decision.spans[0] if decision.spans else Span(0, source.size)
        wanted = ByteRange(span.start, span.stop - span.start) if decision.spans else None
        async with await source.open(wanted) as body:
            if decision.spans:
                headers = [*headers, ("content-range", f"bytes {span.start}-{span.stop - 1}/{source.size}")]
            headers = [*headers, ("content-length", str(span.stop - span.start))]
            await self.start(decision.status, headers)
            await self._stream(source, span, body)
            await self.send({"type": "http.response.body", "body": b""})

    async def _send_parts(self, source: Source, spans: tuple[Span, ...], headers: Headers) -> None:
        """Source: RFC 9110, section 14.6."""
        boundary = uuid.uuid4().hex
        kind = dict(headers)["content-type"]
        heads = [
            f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
            f"Content-Range: bytes {span.start}-{span.stop - 1}/{source.size}\r\n\r\n".encode("latin-1")
            for span in spans
        ]
        tail = f"\r\n--{boundary}--\r\n".encode()
        length = sum(len(head) + span.stop - span.start for head, span in zip(heads, spans, strict=True)) + len(tail)
        kept = [(name, value) for name, value in headers if name != "content-type"]
        first = await source.open(_range(spans[0].start, spans[0]))
        async with first:
            multipart = ("content-type", f"multipart/byteranges; boundary={boundary}")
            await self.start(206, [*kept, multipart, ("content-length", str(length))])
            for number, (head, span) in enumerate(zip(heads, spans, strict=True)):
                body = await source.open(_range(span.start, span)) if number else first
                await self.send({"type": "http.response.body", "body": head, "more_body": True})
                await self._stream(source, span, body)
            await self.send({"type": "http.response.body", "body": tail})

    async def _stream(self, source: Source, span: Span, body: ObjectBody) -> None:
        """Send a span and close its body, however this ends."""
        watch = asyncio.ensure_future(self._until_left())
        reached = span.start
        try:
            while True:
                reached = await self._forward(body, reached, watch)
                if reached >= span.stop or watch.done():
                    return
                body = await source.open(_range(reached, span))
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch

    async def _forward(self, body: ObjectBody, reached: int, watch: asyncio.Future[None]) -> int:
        """Send a body until it ends or the reader pauses; the index up to which bytes were sent."""
        patience_s = LONGEST_PAUSE_S if isinstance(body, FileBody) else PAUSE_S
        held = b""
        async with body:
            async for block in body:
                if watch.done():
                    return reached
                try:
                    await self._send_block(block, patience_s)
                except TimeoutError:
                    held = block
                    break
                reached += len(block)
        if held:
            try:
                await self._send_block(held, LONGEST_PAUSE_S)
            except TimeoutError as exc:
                raise TryAgain(f"The reader took nothing for {LONGEST_PAUSE_S:.0f} s.", "Go on by a range.") from exc
        return reached + len(held)

    async def _send_block(self, block: bytes, patience_s: float) -> None:
        """Send a block; TimeoutError, with nothing of it sent, when the reader takes none for so long."""
        async with asyncio.timeout(patience_s):
            await self.send({"type": "http.response.body", "body": block, "more_body": True})
        self.meter.served(self.store, len(block))

    async def _until_left(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _range(start: int, span: Span) -> ByteRange:
    return ByteRange(start, span.stop - start)


async def send_content(answer: Answer, source: Source) -> None:
    """Answer with the bytes, or with what their conditions and ranges say; always those of one version."""
    for look in range(_LOOKS):
        decision = decide(answer.method, answer.headers, known(source))
        headers = content_headers(source, answer.disposition)
        if decision.status == 304:  # noqa: PLR2004 - RFC 9110
            await send_empty(answer, 304, headers)
            return
        if answer.method == "HEAD" or decision.status in (412, 416):
            now = await source.confirmed()
            if now is not source:
                source = now
                continue
            if decision.status == 416:  # noqa: PLR2004 - RFC 9110
                raise source.unsatisfiable()
            await send_empty(answer, decision.status, headers, length=source.size if decision.status == 200 else 0)  # noqa: PLR2004
            return
        try:
            await answer.send_spans(source, decision, headers)
        except (Changed, RangeUnsatisfiable):
            if answer.begun or look == _LOOKS - 1:
                raise
            source = await source.renewed()
        else:
            return
    raise Changed(f"{escape(source.name)!r} changes faster than it can be read.", "Try again.")


async def send_empty(answer: Answer, status: int, headers: Headers, length: int | None = None) -> None:
    """An answer without a body; ``length`` is what a GET would send."""
    extra = [] if length is None else [("content-length", str(length))]
    await answer.start(status, [*headers, *extra])
    await answer.send({"type": "http.response.body", "body": b""})


async def send_small(answer: Answer, data: bytes, media_type: str, headers: Headers) -> None:
    """A body that is at hand."""
    whole = [*headers, *BYTES, ("content-type", media_type), ("content-length", str(len(data)))]
    await answer.start(200, whole)
    body = b"" if answer.method == "HEAD" else data
    await answer.send({"type": "http.response.body", "body": body})
    answer.meter.served(answer.store, len(body))


def known(source: Source) -> Representation:
    """What conditions and ranges are decided by."""
    return Representation(source.size, _NO_TAG.sub("_", source.version), source.modified_ms)


def content_headers(source: Source, disposition: str) -> Headers:
    """Headers of the bytes."""
    return [*BYTES, *told_of(source, disposition)]


def told_of(source: Source, disposition: str) -> Headers:
    """Headers that tell of the bytes. What a browser could run in our name is saved, not shown."""
    media_type = source.media_type or UNKNOWN
    kind = "inline" if media_type in INLINE_TYPES and disposition != "attachment" else "attachment"
    headers = [
        ("content-type", media_type),
        ("content-disposition", written_disposition(kind, source.name or "unnamed")),
        ("accept-ranges", "bytes"),
        ("etag", f'"{known(source).etag}"'),
        ("cache-control", "private, no-cache"),
    ]
    if source.modified_ms:
        headers.append(("last-modified", http_date(source.modified_ms)))
    return headers
