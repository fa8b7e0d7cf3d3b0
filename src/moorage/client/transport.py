"""One session with one server: URLs, token, time limits, repeats, and answers as JSON, lines or bytes."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from moorage import __version__
from moorage.client.codec import encode
from moorage.client.problems import MEDIA_TYPE as PROBLEM
from moorage.client.problems import error_of
from moorage.client.watching import Watched
from moorage.model.errors import Invalid, MoorageError, TryAgain
from moorage.model.keys import key_bytes

API: Final = "/api/v1"
ANYTHING: Final = "*/*"
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
TRIES: Final = 4
_REPEATABLE: Final = frozenset({502, 503, 504})
_LONGEST_PROBLEM: Final = 1 << 20
Query = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds: to connect, and without a byte in either direction. Nothing limits the whole."""

    connect_s: float = 10
    silence_s: float = 60
    pause_s: float = 0.5
    """The longest pause before the second try; it doubles with each further one."""


class Transport:
    """Speaks HTTP with one server. Made in any thread, used in one event loop.

    GET, PUT and DELETE are repeated after a passing fault; POST too, because each carries an idempotency key
    that stays the same over its repeats; PATCH never.
    """

    def __init__(self, url: str, token: str | None, *, limits: Limits, tls: ssl.SSLContext | None) -> None:
        base = URL(url.rstrip("/"), encoded=True)
        if base.scheme not in ("http", "https") or not base.host:
            raise Invalid(
                f"{url} is no address of a server.", "Write it as https://media.example.org/moorage.", field="url"
            )
        self._base = str(base)
        self._token = token
        self._limits = limits
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return self._base

    def __repr__(self) -> str:
        return f"Transport({self._base!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Closing twice is fine."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, path: str, query: Query | None = None) -> Any:
        """The JSON that the server answers."""
        return await self._json("GET", path, query=query)

    async def post(
        self,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Query | None = None,
        *,
        also: Collection[int] = (),
    ) -> Any:
        """The JSON answer of a POST, made at most once however often it is repeated.

        ``also``: statuses whose JSON is an answer too, unless it is a problem document.
        """
        return await self._json("POST", path, query=query, body=body or {}, also=also)

    async def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """The JSON answer of a PATCH."""
        return await self._json("PATCH", path, body=body)

    async def delete(self, path: str, query: Query | None = None, body: Mapping[str, object] | None = None) -> Any:
        """The JSON answer of a DELETE, None where there is none."""
        return await self._json("DELETE", path, query=query, body=body)

    async def put(
        self,
        path: str,
        body: AsyncIterator[bytes],
        *,
        method: str = "PUT",
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        idle_s: float,
    ) -> Any:
        """The JSON answer to a body that is streamed, sent once: repeating it is the caller's business.

        TryAgain when the server takes no block for ``idle_s`` seconds; the time that the body needs is its own.
        """
        try:
            async with Watched(body, idle_s) as watched:
                response = await self._open().request(
                    method,
                    self._url(path, query),
                    data=watched.blocks(),
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.connect_s, sock_read=idle_s),
                    headers={"Accept": "application/json", **(headers or {})},
                    ssl=self._tls or True,
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise self._silent(exc) from exc
        if response.status >= 300:  # noqa: PLR2004 - no success
            raise await self._problem(response)
        try:
            return await self._document(response)
        finally:
            response.close()

    async def pause(self, attempt: int, error: MoorageError) -> None:
        """Wait before a request is sent for the ``attempt + 1``-th time."""
        await asyncio.sleep(self._pause(attempt, error))

    async def pages(self, path: str, noun: str, query: Query | None = None) -> AsyncGenerator[Any, None]:
        """The rows of all pages of a list, asked for as they are needed."""
        after: str | None = None
        while True:
            page = await self.get(path, {**(query or {}), **({"after": after} if after else {})})
            for row in page[noun]:
                yield row
            after = page.get("next")
            if not after:
                return

    async def lines(
        self, method: str, path: str, *, query: Query | None = None, body: Mapping[str, object] | None = None
    ) -> AsyncGenerator[Any, None]:
        """The documents of an NDJSON answer as they come. Raises: TryAgain when it breaks off."""
        async with self.stream(method, path, query=query, body=body, accept=NDJSON) as response:
            async for line in self.text_lines(response):
                if line:
                    yield json.loads(line)

    async def text_lines(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """The lines of an answer without their ends. TryAgain when it ends in the middle of one."""
        rest = b""
        async for chunk in self._chunks(response):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.removesuffix(b"\r")
        if rest:
            raise TryAgain("The server's answer ended in the middle of a line.", "Ask again.")

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, object] | None = None,
        accept: str = ANYTHING,
        headers: Mapping[str, str] | None = None,
        also: Collection[int] = (),
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer whose body is still to be read; errors of the server are raised, passing ones after repeats."""
        sent = {"Accept": accept, **(headers or {})}
        if accept == ANYTHING:
            sent["Accept-Encoding"] = "identity"  # a body that a proxy compressed has no length to verify
        if method == "POST":
            sent["Idempotency-Key"] = uuid.uuid4().hex
        response = await self._answer(method, self._url(path, query), body, sent, also)
        try:
            yield response
        finally:
            response.close()

    async def body(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        """The chunks of an answer. TryAgain when the connection breaks before the end."""
        async for chunk in self._chunks(response):
            yield chunk

    async def _json(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, object] | None = None,
        also: Collection[int] = (),
    ) -> Any:
        async with self.stream(method, path, query=query, body=body, accept=JSON, also=also) as response:
            if response.status == 204:  # noqa: PLR2004 - No Content
                return None
            return await self._document(response)

    async def _document(self, response: aiohttp.ClientResponse) -> Any:
        raw = b"".join([chunk async for chunk in self._chunks(response)])
        try:
            return json.loads(raw)
        except ValueError as exc:
            raise MoorageError(
                "The server answered something that is not JSON.", "Check that MOORAGE_URL names a Moorage server."
            ) from exc

    async def _answer(
        self,
        method: str,
        url: URL,
        body: Mapping[str, object] | None,
        headers: Mapping[str, str],
        also: Collection[int],
    ) -> aiohttp.ClientResponse:
        last = 1 if method == "PATCH" else TRIES
        for attempt in range(1, last + 1):
            try:
                response = await self._open().request(
                    method,
                    url,
                    json=None if body is None else encode(body),
                    headers=headers,
                    ssl=self._tls or True,
                    allow_redirects=False,
                )
                if response.status < 300 or (response.status in also and response.content_type == JSON):  # noqa: PLR2004 - success
                    return response
                error = await self._problem(response)
                if response.status not in _REPEATABLE or attempt == last:
                    raise error
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                error = self._silent(exc)
                if attempt == last:
                    raise error from exc
            await asyncio.sleep(self._pause(attempt, error))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _problem(self, response: aiohttp.ClientResponse) -> MoorageError:
        if 300 <= response.status < 400:  # noqa: PLR2004 - redirects
            response.close()
            return Invalid(
                f"The server redirects to another address ({response.status}).",
                "Set MOORAGE_URL to the address that it answers at.",
                field="url",
            )
        document: object = None
        if response.content_type in (PROBLEM, "application/json"):
            raw = await response.content.read(_LONGEST_PROBLEM)
            try:
                document = json.loads(raw)
            except ValueError:
                document = None
        response.close()
        wait = response.headers.get("Retry-After", "")
        return error_of(response.status, document, retry_after_s=float(wait) if wait.isdigit() else None)

    def _silent(self, exc: Exception) -> TryAgain:
        """Why there was no answer. The exception's own text may hold the URL's query, so only its kind is told."""
        what = "gave no answer in time" if isinstance(exc, TimeoutError) else "cannot be reached"
        return TryAgain(
            f"The server {self._base} {what} ({type(exc).__name__}).",
            "Is it running (`moorage serve`), and is MOORAGE_URL its address?",
        )

    def _pause(self, attempt: int, error: MoorageError) -> float:
        wished = getattr(error, "retry_after_s", None)
        if wished:
            return min(float(wished), 30.0)
        return random.uniform(0, self._limits.pause_s * 2 ** (attempt - 1))  # noqa: S311 - jitter, no secret

    async def _chunks(self, response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise TryAgain(f"The server's answer broke off ({type(exc).__name__}).", "Ask again.") from exc

    def _url(self, path: str, query: Query | None) -> URL:
        given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        text = urlencode({name: key_bytes(value) for name, value in given.items()})
        return URL(f"{self._base}{API}{path}{'?' if text else ''}{text}", encoded=True)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"User-Agent": f"moorage/{__version__}"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            timeout = aiohttp.ClientTimeout(
                total=None, sock_connect=self._limits.connect_s, sock_read=self._limits.silence_s
            )
            self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self._session


def _text(value: str | int | bool) -> str:  # noqa: FBT001 - a query's value
    return str(int(value)) if isinstance(value, bool) else str(value)
