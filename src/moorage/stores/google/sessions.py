"""Resumable uploads: begin -> chunks, one after the other -> the last one makes the object.

Nothing is visible before the last chunk; a session that is left is cancelled, and ends by itself after a week.
Source: Cloud Storage documentation, resumable uploads.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Self

from moorage.model.errors import MoorageError, StoreUnreachable
from moorage.model.keys import Key
from moorage.stores.google.client import Call, Client
from moorage.stores.google.errors import error_of, not_google, problem_in
from moorage.stores.transport import EMPTY, Answer, BytesBody
from moorage.stores.transport.retrying import pause_s

SMALLEST: Final = 256 * 1024
"""Bytes of the smallest chunk that is not the last."""
CHUNK: Final = 32 * SMALLEST
"""Bytes of every chunk but the last; Google takes multiples of 256 KiB."""
_ABORT_S: Final = 20
_GOES_ON: Final = HTTPStatus.PERMANENT_REDIRECT
"""308 means here: the chunk was taken, more are awaited."""
_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_CANCELLED: Final = 499
_HELD: Final = re.compile(r"bytes=0-(\d+)")


@dataclass(slots=True)
class Session:
    """One upload of ``key``. Use as a context manager: left without its last chunk, it is cancelled."""

    client: Client
    key: Key
    description: Mapping[str, Any]
    query: tuple[tuple[str, str], ...] = ()
    """Conditions; they are held when the object is made."""
    sent: int = 0
    """Bytes that the server holds for certain."""
    unsure: bool = False
    """The answer to a last chunk was lost, so that the object may have been made."""
    _url: str = ""
    _done: bool = False
    _digest: Any = field(default_factory=lambda: hashlib.md5(usedforsecurity=False))

    async def __aenter__(self) -> Self:
        beginning = asyncio.ensure_future(self._begin())
        try:
            await asyncio.shield(beginning)
        except asyncio.CancelledError:
            # The server may have begun it by now: learn its address, to cancel it.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(beginning, _ABORT_S)
                await self.cancel()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if not self._done:
            # The first error is the one to tell; what stays ends by itself after a week.
            with contextlib.suppress(MoorageError, TimeoutError):
                await asyncio.shield(asyncio.ensure_future(asyncio.wait_for(self.cancel(), _ABORT_S)))

    @property
    def md5(self) -> bytes:
        """Of all bytes given so far."""
        return bytes(self._digest.digest())

    async def lend(self) -> str:
        """Begin it for somebody else: the address to which the bytes are sent, and which needs no credentials."""
        await self._begin()
        self._done = True
        return self._url

    async def send(self, data: bytes) -> None:
        """Send a chunk that is not the last: a multiple of 256 KiB."""
        await asyncio.to_thread(self._digest.update, data)
        await self._send(data, total=None)

    async def finish(self, data: bytes, admit: frozenset[int]) -> Answer:
        """Send the last chunk; the answer is a success, whose body describes the object, or admitted."""
        await asyncio.to_thread(self._digest.update, data)
        answer = await self._send(data, total=self.sent + len(data), admit=admit)
        assert answer
        self._done = True
        return answer

    async def cancel(self) -> None:
        """Drop the upload; a repeat does nothing."""
        self._done = True
        await self.client.call(self._call("DELETE", admit=frozenset({_CANCELLED, *_GONE})))

    async def held(self, total: int | None = None) -> int | Answer:
        """How many bytes the server holds; or its answer, where the object is made already."""
        call = self._call("PUT", {"Content-Range": f"bytes */{'*' if total is None else total}"})
        call.admit = frozenset({_GOES_ON, *_GONE})
        answer = await self.client.call(call)
        if answer.ok:
            return answer
        self._must_live(answer)
        return self._end_of(answer)

    async def _begin(self) -> None:
        query = (("uploadType", "resumable"), ("name", self.key), *self.query)
        body = BytesBody(json.dumps(self.description).encode())
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        if media_type := self.description.get("contentType"):
            headers["X-Upload-Content-Type"] = media_type
        place = self.client.place
        answer = await self.client.call(Call("multipart", "POST", place.upload(query), self.key, headers, body))
        url = place.here(answer.headers.get("Location", ""))
        if not url:
            raise not_google(self.client.names, "no address of the upload that was begun")
        self._url = url

    async def _send(self, data: bytes, *, total: int | None, admit: frozenset[int] = frozenset()) -> Answer | None:
        """Send until the server holds all of it; None: it waits for more. After a fault it is asked what it holds."""
        start, stop = self.sent, self.sent + len(data)
        stalls = 0
        while True:
            before = self.sent
            try:
                answer = await self.client.call(self._chunk(data[self.sent - start :], total, admit))
            except StoreUnreachable as raised:
                self.unsure = self.unsure or total is not None
                pause = pause_s(self.client.transport.limits, stalls + 1, raised.retry_after_s)
                if pause is None:
                    raise
                await asyncio.sleep(pause)
                held = await self.held(total)
                if isinstance(held, Answer):
                    return held
                self.sent = held
            else:
                if answer.ok or answer.status in admit:
                    return answer
                self._must_live(answer)
                self.sent = self._end_of(answer)
            if not start <= self.sent <= stop:
                raise not_google(self.client.names, f"{self.sent} bytes of an upload held, of {start} to {stop}")
            if self.sent == stop and total is None:
                return None
            stalls = stalls + 1 if self.sent == before else 0
            if stalls >= self.client.transport.limits.tries:
                raise not_google(self.client.names, "an upload that does not go on")

    def _chunk(self, data: bytes, total: int | None, admit: frozenset[int]) -> Call:
        stop = self.sent + len(data)
        whole = "*" if total is None else str(total)
        span = f"{self.sent}-{stop - 1}" if data else "*"
        call = self._call("PUT", {"Content-Range": f"bytes {span}/{whole}"})
        call.body = BytesBody(data)
        call.admit = frozenset({_GOES_ON, *_GONE, *admit})
        call.repeatable = False  # a second sending must begin where the first one ended
        call.long = total is not None
        return call

    def _call(
        self, method: str, headers: Mapping[str, str] | None = None, *, admit: frozenset[int] = frozenset()
    ) -> Call:
        operation = "put" if method == "PUT" else "multipart"
        return Call(operation, method, self._url, self.key, headers or {}, EMPTY, admit=admit)

    def _must_live(self, answer: Answer) -> None:
        if answer.status in _GONE:
            problem = problem_in(answer)
            if problem.says("bucket does not exist"):
                raise error_of("put", self.key, answer, problem, self.client.names)
            raise self.client.names.unreachable(
                f"{self.client.place.endpoint} has forgotten the upload of {self.key!r}. No object was made of it.",
                "Write the object again.",
                "upload lost",
            )

    def _end_of(self, answer: Answer) -> int:
        told = _HELD.fullmatch(answer.headers.get("Range", ""))
        return int(told[1]) + 1 if told else 0
