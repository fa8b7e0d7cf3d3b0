"""The transport: sends requests of one store, repeats what may be repeated, counts everything."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from typing import Final

import aiohttp
from yarl import URL

from moorage.model.errors import Invalid, StoreUnreachable
from moorage.stores.transport.clock import Clock
from moorage.stores.transport.counters import Counters
from moorage.stores.transport.exchange import Answer, Request
from moorage.stores.transport.faults import LASTING, UNSENT, fault_of
from moorage.stores.transport.guard import Guard, GuardedResolver, barred_by, watched
from moorage.stores.transport.limits import Limits, Purpose
from moorage.stores.transport.retrying import PASSING, Budget, pause_s, retry_after_s
from moorage.stores.transport.upload import Upload

_ERROR_BYTES: Final = 64 * 1024
_READ_BUFFER: Final = 256 * 1024
_NOT_OURS: Final = ("Accept", "Content-Type", "User-Agent")


class Transport:
    """HTTP to one store, with a pool of connections for each purpose.

    Source of the rules: RFC 9110 sections 9.2.2 (repeats) and 10.2.3 (Retry-After), RFC 9112 section 9.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        ca: str = "",
        counters: Counters | None = None,
        guard: Guard | None = None,
    ) -> None:
        """``guard``: connect only where it lets through; every request raises AddressRefused or Invalid elsewhere."""
        self.guard = guard
        self.limits = limits or Limits()
        self.counters = counters or Counters()
        self.clock = Clock()
        self._ca = ca
        if ca:
            _trust(ca)  # refused now, not at the first request
        self._budget = Budget(self.limits.repeat_share)
        self._sessions: dict[Purpose, aiohttp.ClientSession] = {}

    async def send(
        self,
        make: Callable[[], Request],
        *,
        purpose: Purpose,
        repeatable: bool = True,
        collect_bytes: int | None = None,
    ) -> Answer:
        """The answer to the request that ``make`` makes, anew for each try, because signatures age.

        A request that is not ``repeatable``, or whose body cannot be rewound, is repeated only where
        no connection came about. ``collect_bytes``: the body is read within the try, up to that size.
        Error bodies are always at hand, cut at 64 KiB. A passing status (503...) of the last try is
        returned like any other. Raises StoreUnreachable, and whatever the stream of the body raises.
        """
        self._budget.earn()
        failed = unsure = 0
        while True:
            request = make()
            fault: StoreUnreachable | None = None
            answer: Answer | None = None
            try:
                answer = await self._try(request, purpose, unsure, collect_bytes)
            except StoreUnreachable as raised:
                fault = raised
            if answer and answer.status not in PASSING:
                return answer
            failed += 1
            wait_s = self._pause(request, fault, answer, failed, repeatable=repeatable)
            if wait_s is None:
                if answer:
                    return answer
                assert fault
                raise fault
            unsure += fault is not None and fault.cause not in UNSENT
            self.counters.repeats += 1
            await asyncio.sleep(wait_s)

    async def aclose(self) -> None:
        """Close all connections; a repeat does nothing."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            await session.close()

    def _pause(
        self, request: Request, fault: StoreUnreachable | None, answer: Answer | None, failed: int, *, repeatable: bool
    ) -> float | None:
        if fault and fault.cause in LASTING:
            return None
        may = request.body.rewindable and (repeatable or (fault is not None and fault.cause in UNSENT))
        wait_s = pause_s(self.limits, failed, retry_after_s(answer.headers.get("Retry-After")) if answer else None)
        return wait_s if may and wait_s is not None and self._budget.spend() else None

    async def _try(self, request: Request, purpose: Purpose, unsure: int, collect_bytes: int | None) -> Answer:
        self.counters.requests[request.operation] += 1
        try:
            return await self._exchange(request, purpose, unsure, collect_bytes)
        except StoreUnreachable:
            self.counters.faults += 1
            raise

    async def _exchange(self, request: Request, purpose: Purpose, unsure: int, collect_bytes: int | None) -> Answer:
        upload = Upload(request.body, self.limits.idle_s, self.counters)
        response = await self._open(request, purpose, upload)
        answer = Answer(response, upload, unsure)
        self.clock.observe(answer.headers.get("Date"))
        try:
            if not answer.ok:
                await answer.collect(_ERROR_BYTES, cut=True)
            elif collect_bytes is not None:
                await answer.collect(collect_bytes)
        except BaseException:
            answer.close()
            raise
        return answer

    async def _open(self, request: Request, purpose: Purpose, upload: Upload) -> aiohttp.ClientResponse:
        headers = {"Accept-Encoding": "identity", **request.headers}
        if request.body.length or request.method in {"PUT", "POST"}:
            headers["Content-Length"] = str(request.body.length)
        url = URL(request.url, encoded=True)
        session = self._session(purpose)
        try:
            with watched(self.guard, url.raw_host or "", url.port or 0, url.scheme):
                async with upload:
                    return await session.request(
                        request.method,
                        url,
                        headers=headers,
                        data=upload.data(),
                        allow_redirects=False,
                        timeout=self._timeouts(request),
                    )
        except aiohttp.InvalidURL as error:
            raise Invalid("The endpoint is not an address.", "Write https://host or http://host:port.") from error
        except (aiohttp.ClientError, OSError) as error:
            if upload.failure:
                raise upload.failure from error
            if refused := barred_by(error):
                raise refused from error
            raise fault_of(error, url.authority) from error

    def _timeouts(self, request: Request) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=None,
            connect=self.limits.queue_s,
            sock_connect=self.limits.connect_s,
            sock_read=max(self.limits.idle_s, request.first_byte_s or self.limits.first_byte_s),
        )

    def _session(self, purpose: Purpose) -> aiohttp.ClientSession:
        session = self._sessions.get(purpose)
        if session is None:
            session = self._sessions[purpose] = aiohttp.ClientSession(
                connector=self._connector(purpose),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOT_OURS,
                read_bufsize=_READ_BUFFER,
            )
            # aiohttp repeats PUT and DELETE by itself after a dropped connection; only we repeat.
            session._retry_connection = False  # noqa: SLF001 - there is no public switch; a test holds it
        return session

    def _connector(self, purpose: Purpose) -> aiohttp.TCPConnector:
        guard = self.guard
        return aiohttp.TCPConnector(
            limit=self.limits.connections(purpose),
            limit_per_host=self.limits.per_host,
            ssl=_trust(self._ca),
            resolver=GuardedResolver(guard) if guard else None,
            socket_factory=guard.open_socket if guard else None,
        )


@cache
def _trust(ca: str) -> ssl.SSLContext:
    """The TLS settings that trust these authorities (PEM text), or the system's; made once, it takes 20 ms."""
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise Invalid(
            "The authority's certificate is not PEM text.", "Paste the whole file, BEGIN and END lines too.", field="ca"
        ) from error
