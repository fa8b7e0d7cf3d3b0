"""Calls of one container: let in, sent, tried again where the clock or the token was at fault, translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from moorage.model.errors import StoreUnreachable
from moorage.model.store import Store
from moorage.stores.azure.access import Access, ByKey, BySas, ByToken, access_of
from moorage.stores.azure.errors import Names, Problem, error_of, problem_in
from moorage.stores.azure.place import place_of
from moorage.stores.transport import EMPTY, Answer, Body, BytesBody, Purpose, Request, Transport
from moorage.stores.transport.digests import md5_of

VERSION: Final = "2023-11-03"
"""Of the Blob service's REST API; what it says of names, SAS and copies is what this adapter follows."""
SMALL: Final = 1024 * 1024
"""Bytes of an answer that is a short document."""
_SKEWED_S: Final = 60
_USER_AGENT: Final = "moorage"
_CAUSE_OF_NAME: Final = "dns"


@dataclass(slots=True)
class Call:
    """One operation on the container, on an object where ``key`` is given, on the account where ``service``."""

    operation: str
    method: str
    key: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = EMPTY
    collect_bytes: int | None = SMALL
    """None: the caller reads the body as it comes."""
    long: bool = False
    """The server works before it answers."""
    admit: frozenset[int] = frozenset()
    """Statuses of errors that the caller judges itself."""
    version: str = VERSION
    service: bool = False


class Client:
    """Speaks to the Blob service for one store and one purpose; views for other purposes share all but the pool."""

    def __init__(self, store: Store, transport: Transport, purpose: Purpose) -> None:
        """Raises Invalid for credentials or an endpoint that no request could be made with."""
        self.place, account = place_of(store)
        self.transport = transport
        self.purpose = purpose
        self.access: Access = access_of(account, transport.limits, transport.counters, transport.guard)
        self.names = Names(store.name, store.bucket, self.place.endpoint, _way(self.access))

    def view(self, purpose: Purpose) -> Client:
        """The same client on the connections of another purpose."""
        other = object.__new__(Client)
        other.__dict__.update(self.__dict__, purpose=purpose)
        return other

    async def call(self, call: Call) -> Answer:
        """The answer where it is a success or admitted. Raises the errors of ``moorage.model.errors``."""
        headers = {**call.headers, "x-ms-version": call.version, "User-Agent": _USER_AGENT}
        if isinstance(call.body, BytesBody) and call.body.length and call.method == "PUT":
            headers["Content-MD5"] = await md5_of(call.body.data)
        renewed = corrected = False
        while True:
            answer = await self._send(call, headers)
            if answer.ok:
                return answer
            problem = problem_in(answer)
            if call.body.rewindable and not renewed and answer.status in {401, 403} and _unauthentic(problem):
                renewed = True
                if self.access.renew():
                    continue
            if call.body.rewindable and not corrected and _unauthentic(problem) and self._clock_is_wrong(answer):
                self.transport.clock.correct()
                corrected = True
                continue
            if answer.status in call.admit:
                return answer
            raise error_of(call.operation, call.key or "", answer, problem, self.names)

    async def _send(self, call: Call, headers: dict[str, str]) -> Answer:
        clock = self.transport.clock
        try:
            await self.access.ready(clock.now())
            return await self.transport.send(
                lambda: self._request(call, headers), purpose=self.purpose, collect_bytes=call.collect_bytes
            )
        except StoreUnreachable as fault:
            fault.store, fault.bucket, fault.key = self.names.store, self.names.bucket, call.key or ""
            if fault.cause == _CAUSE_OF_NAME:
                fault.advice = "Check the spelling of the account and of the endpoint: each account has its own name."
            raise

    def _request(self, call: Call, headers: dict[str, str]) -> Request:
        place = self.place
        plain = place.service_url(call.query) if call.service else place.url(call.key, call.query)
        now_s = self.transport.clock.now()
        url, signed = self.access.applied(call.method, plain, headers, call.body.length, now_s)
        first_byte_s = self.transport.limits.long_answer_s if call.long else None
        return Request(call.operation, call.method, url, signed, call.body, first_byte_s)

    def _clock_is_wrong(self, answer: Answer) -> bool:
        clock = self.transport.clock
        clock.observe(answer.headers.get("Date"), at_once=True)
        return isinstance(self.access, ByKey) and abs(clock.offset_s) >= _SKEWED_S


def _unauthentic(problem: Problem) -> bool:
    return problem.code in {"AuthenticationFailed", "InvalidAuthenticationInfo"}


def _way(access: Access) -> str:
    match access:
        case ByKey():
            return "key"
        case BySas():
            return "sas"
        case ByToken():
            return "token"
        case _:
            return "nobody"
