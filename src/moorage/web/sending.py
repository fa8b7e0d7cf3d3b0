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
from moorage.edge.ranges import Decision, Representation, Span
from moorage.edge.security import BYTES, INLINE_TYPES, SHARED
from moorage.edge.times import http_date
from moorage.model.catalogue import Item
from moorage.model.errors import TryAgain
from moorage.model.media import UNKNOWN
from moorage.model.objects import ByteRange, FileBody, ObjectBody
from moorage.reading.content import Content
from moorage.reading.locate import Located

Headers = list[tuple[str, str]]
PAUSE_S: Final = 10.0
"""A reader that takes nothing for so long pauses."""
LONGEST_PAUSE_S: Final = 600.0
"""Then its connection is cut; players and downloads go on by a range."""
_NO_TAG: Final = re.compile(r"[^\x21\x23-\x7e]")


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

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.begun = True
        if self.shared:
            headers = [*(dict(headers) | dict(SHARED)).items()]
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers]
        await self.send({"type": "http.response.start", "status": status, "headers": raw})

    async def send_spans(
        self, content: Content, located: Located, known: Representation, decision: Decision, headers: Headers
    ) -> None:
        """Send all of the object, one span, or several as ``multipart/byteranges``."""
        if len(decision.spans) > 1:
            await self._send_parts(content, located, decision.spans, headers)
            return
        span = decision.spans[0] if decision.spans else Span(0, known.size)
        wanted = ByteRange(span.start, span.stop - span.start) if decision.spans else None
        async with await content.exactly(located, wanted) as body:
            if decision.spans:
                headers = [*headers, ("content-range", f"bytes {span.start}-{span.stop - 1}/{known.size}")]
            headers = [*headers, ("content-length", str(span.stop - span.start))]
            await self.start(decision.status, headers)
            await self._stream(content, located, span, body)
            await self.send({"type": "http.response.body", "body": b""})

    async def _send_parts(self, content: Content, located: Located, spans: tuple[Span, ...], headers: Headers) -> None:
        """Source: RFC 9110, section 14.6."""
        boundary = uuid.uuid4().hex
        kind = dict(headers)["content-type"]
        heads = [
            f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
            f"Content-Range: bytes {span.start}-{span.stop - 1}/{located.item.size}\r\n\r\n".encode("latin-1")
            for span in spans
        ]
        tail = f"\r\n--{boundary}--\r\n".encode()
        length = sum(len(head) + span.stop - span.start for head, span in zip(heads, spans, strict=True)) + len(tail)
        kept = [(name, value) for name, value in headers if name != "content-type"]
        first = await content.exactly(located, _range(spans[0].start, spans[0]))
        async with first:
            multipart = ("content-type", f"multipart/byteranges; boundary={boundary}")
            await self.start(206, [*kept, multipart, ("content-length", str(length))])
            for number, (head, span) in enumerate(zip(heads, spans, strict=True)):
                body = await content.exactly(located, _range(span.start, span)) if number else first
                await self.send({"type": "http.response.body", "body": head, "more_body": True})
                await self._stream(content, located, span, body)
            await self.send({"type": "http.response.body", "body": tail})

    async def _stream(self, content: Content, located: Located, span: Span, body: ObjectBody) -> None:
        """Send a span and close its body, however this ends."""
        watch = asyncio.ensure_future(self._until_left())
        reached = span.start
        try:
            while True:
                reached = await self._forward(body, reached, watch)
                if reached >= span.stop or watch.done():
                    return
                body = await content.exactly(located, _range(reached, span))
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

    async def _until_left(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _range(start: int, span: Span) -> ByteRange:
    return ByteRange(start, span.stop - start)


async def send_empty(answer: Answer, status: int, headers: Headers, length: int | None = None) -> None:
    """An answer without a body; ``length`` is what a GET would send."""
    extra = [] if length is None else [("content-length", str(length))]
    await answer.start(status, [*headers, *extra])
    await answer.send({"type": "http.response.body", "body": b""})


async def send_small(answer: Answer, data: bytes, media_type: str, headers: Headers) -> None:
    """A body that is at hand."""
    whole = [*headers, *BYTES, ("content-type", media_type), ("content-length", str(len(data)))]
    await answer.start(200, whole)
    await answer.send({"type": "http.response.body", "body": b"" if answer.method == "HEAD" else data})


def entity_tag(version: str) -> str:
    """A version as an entity tag: only characters that RFC 9110, section 8.8.3 allows."""
    return _NO_TAG.sub("_", version)


def content_headers(item: Item, known: Representation, disposition: str) -> Headers:
    """Headers of an item's bytes. What a browser could run in our name is saved, not shown."""
    media_type = item.media_type or UNKNOWN
    kind = "inline" if media_type in INLINE_TYPES and disposition != "attachment" else "attachment"
    headers = [
        *BYTES,
        ("content-type", media_type),
        ("content-disposition", written_disposition(kind, item.name or "unnamed")),
        ("accept-ranges", "bytes"),
        ("etag", f'"{known.etag}"'),
        ("cache-control", "private, no-cache"),
    ]
    if known.modified_ms:
        headers.append(("last-modified", http_date(known.modified_ms)))
    return headers
